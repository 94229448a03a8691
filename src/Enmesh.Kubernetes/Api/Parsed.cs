namespace Enmesh.Kubernetes.Api;

/// <summary>
/// What is made of a text that may change, made anew only when it has: certificates hold memory that nobody but the finalizer frees, and each handshake
/// wants them.
/// </summary>
internal sealed class Parsed<TText, T>(Func<TText> read, Func<TText, T> parse)
    where TText : notnull
    where T : class
{
    private volatile Tuple<TText, T>? _last;

    /// <summary>Of the text as it is now. It is shared, so nobody disposes of it; the one before may still be in use.</summary>
    internal T Value
    {
        get
        {
            var text = read();
            if (_last is { } last && last.Item1.Equals(text))
                return last.Item2;
            var made = parse(text);
            _last = new(text, made);
            return made;
        }
    }
}
