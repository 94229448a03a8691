using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Enmesh.Hosting.Ssh;

/// <summary>
/// Tells messages of sshd apart. It writes what strangers say into its log as it is, line feeds included, and before they have shown any key: the text of a
/// disconnect is enough. What looks like a line of its own is then theirs.
/// </summary>
/// <remarks>
/// A message is written in one piece, so what is read from the pipe begins with one. It ends with its line where sshd has made all of that line by itself; behind
/// any other line nobody knows whose the next one is, and all of it is one message.
/// </remarks>
internal static partial class SshLogText
{
    private const int MatchMilliseconds = 1_000;

    /// <summary>The messages in what was read, each on one line.</summary>
    /// <param name="read">As much as the pipe held.</param>
    /// <param name="beginsWithMessage">False when what was read before may have ended within a message.</param>
    internal static IEnumerable<string> Messages(string read, bool beginsWithMessage)
    {
        var rest = read;
        while (beginsWithMessage && rest.IndexOf('\n', StringComparison.Ordinal) is >= 0 and var end && rest[..end].TrimEnd('\r') is var line && OwnLine().IsMatch(line))
        {
            yield return line;
            rest = rest[(end + 1)..];
        }
        if (rest.Length > 0)
            yield return OneLine(rest.TrimEnd('\n', '\r'));
    }

    /// <summary>Text of others on one line of a log: what is no letter, digit or sign is shown and not done.</summary>
    internal static string OneLine(string text)
    {
        if (!text.Any(char.IsControl))
            return text;
        var line = new StringBuilder(text.Length + 16);
        foreach (var c in text)
        {
            _ = c switch
            {
                '\n' => line.Append(@"\n"),
                '\r' => line.Append(@"\r"),
                _ when char.IsControl(c) => line.Append(CultureInfo.InvariantCulture, $"\\x{{{(int)c:X}}}"),
                _ => line.Append(c),
            };
        }
        return line.ToString();
    }

    // Of a user's name in these sshd has made sure that there is such a user; a name that is none may have line feeds in it, but no colon.
    [GeneratedRegex(
        """
        ^(Server\ listening\ on\ \S+\ port\ \d+\.
        |Connection\ from\ \S+\ port\ \d+\ on\ \S+\ port\ \d+(\ rdomain\ "[^"]*")?
        |Accepted\ key\ \S+\ SHA256:\S+\ found\ at\ .+:\d+
        |Accepted\ certificate\ ID\ "[^"]*"\ \(serial\ \d+\)\ signed\ by\ \S+\ CA\ SHA256:\S+\ via\ .+
        |Postponed\ publickey\ for\ \S+\ from\ \S+\ port\ \d+\ ssh2(\ \[preauth\])?
        |(Accepted|Failed)\ publickey\ for\ \S+\ from\ \S+\ port\ \d+\ ssh2:\ \S+\ SHA256:\S+(\ ID\ .*\ \(serial\ \d+\)\ CA\ \S+\ SHA256:\S+)?
        |User\ child\ is\ on\ pid\ \d+
        )$
        """,
        RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace, MatchMilliseconds)]
    private static partial Regex OwnLine();
}
