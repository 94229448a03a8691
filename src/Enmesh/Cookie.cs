namespace Enmesh;

/// <summary>
/// No usable cookie could be had. The message says from where, why, and what to do, and never the cookie.
/// </summary>
public sealed class CookieException : EnmeshException
{
    /// <summary>Makes the exception.</summary>
    public CookieException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>The secret that the nodes of a cluster share. It is never shown: not as text, not in a log.</summary>
public sealed class Cookie
{
    /// <summary>The fewest characters of a cookie that is not called weak, as many as Erlang's own have.</summary>
    public const int MinCharacters = 20;

    /// <summary>The most characters: a cookie is an atom.</summary>
    public const int MaxCharacters = 255;

    private const int MinDistinctCharacters = 6;

    // What guides, examples and images ship with. Only what is long enough not to be refused for its length is listed.
    private static readonly string[] WellKnown =
    [
        "changeme-changeme-changeme", "my-super-secret-cookie", "my_super_secret_cookie", "super-secret-erlang-cookie",
        "super_secret_erlang_cookie", "this-is-a-secret-cookie", "secret-cookie-change-me", "secretcookiesecretcookie",
        "replace-with-your-cookie", "rabbitmq-erlang-cookie", "rabbitmq_erlang_cookie", "your-secret-cookie-here",
        "emqxsecretcookie-change", "please-change-this-cookie", "insecure-default-cookie",
    ];

    private Cookie(string value) => Value = value;

    /// <summary>The secret itself.</summary>
    internal string Value { get; }

    /// <summary>Takes a cookie.</summary>
    /// <param name="text">The secret: 20 to 255 printable ASCII characters, as random as can be.</param>
    /// <param name="insecure">Whether short and well-known ones are taken as well.</param>
    /// <exception cref="CookieException">It is none, or a weak one.</exception>
    public static Cookie Create(string text, bool insecure = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Problem(text, insecure) is { } problem
            ? throw new CookieException($"The cookie {problem}.")
            : new Cookie(text);
    }

    /// <summary>Not the secret.</summary>
    public override string ToString() => "(cookie)";

    /// <summary>What is wrong with it, to be put behind "the cookie"; null when it is good.</summary>
    internal static string? Problem(string text, bool insecure)
    {
        const string Remedy =
            "Make a random one ('openssl rand -hex 32'), or allow weak ones where nothing is at stake ('insecure')";
        if (text.Length == 0)
            return "is empty";
        if (text.Length > MaxCharacters)
            return $"has {text.Length} characters; {MaxCharacters} are the most that Erlang takes";
        if (text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            return "has a character that is not printable ASCII, which no node takes";
        if (insecure)
            return null;
        if (text.Length < MinCharacters)
            return $"has fewer than {MinCharacters} characters, so it can be guessed. {Remedy}";
        if (text.Distinct().Count() < MinDistinctCharacters)
            return $"is nearly the same character over and over, so it can be guessed. {Remedy}";
        return WellKnown.Contains(text.Trim(), StringComparer.OrdinalIgnoreCase)
            ? $"is a well-known one from a guide or an example. {Remedy}"
            : null;
    }
}
