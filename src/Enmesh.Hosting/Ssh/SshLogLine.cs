using System.Text.RegularExpressions;

namespace Enmesh.Hosting.Ssh;

/// <summary>A line that sshd has logged.</summary>
internal abstract partial record SshLogLine
{
    private const int MatchMilliseconds = 1_000;

    /// <summary>It listens.</summary>
    internal sealed record Listening : SshLogLine;

    /// <summary>Somebody has shown that a key is his, and may come in.</summary>
    internal sealed record Accepted(string User, string Address, string Key, string Fingerprint, string Certificate) : SshLogLine;

    /// <summary>Somebody has not.</summary>
    internal sealed record Refused(string Line) : SshLogLine;

    /// <summary>Something is not as it should be.</summary>
    internal sealed record Complaint(string Line) : SshLogLine;

    /// <summary>Anything else.</summary>
    internal sealed record Other(string Line) : SshLogLine;

    /// <summary>Reads a message, as <see cref="SshLogText"/> has told it apart.</summary>
    internal static SshLogLine Parse(string line)
    {
        if (AcceptedLine().Match(line) is { Success: true } match)
            return new Accepted(Part("user"), Part("address"), Part("key"), Part("fingerprint"), Part("id"));
        if (line.StartsWith("Server listening on ", StringComparison.Ordinal))
            return new Listening();
        if (RefusedLine().IsMatch(line))
            return new Refused(line);
        // What only looks like one of several messages may be somebody's trick, and may be a login that came at the same moment: either is worth a look.
        return ComplaintLine().IsMatch(line) || HiddenLine().IsMatch(line) ? new Complaint(line) : new Other(line);

        string Part(string name) => match.Groups[name].Value;
    }

    [GeneratedRegex(
        @"^Accepted publickey for (?<user>\S+) from (?<address>\S+) port \d+ ssh2: (?<key>\S+) (?<fingerprint>SHA256:\S+)(?: ID (?<id>.*) \(serial \d+\) CA .*)?$",
        RegexOptions.ExplicitCapture, MatchMilliseconds)]
    private static partial Regex AcceptedLine();

    [GeneratedRegex(
        @"^(Failed \S+ for |Invalid user |User \S+ .*not allowed because |Authentication key .* revoked|error: Authentication key .* revoked|error: maximum authentication attempts)",
        RegexOptions.ExplicitCapture, MatchMilliseconds)]
    private static partial Regex RefusedLine();

    [GeneratedRegex(@"^(error|fatal|Authentication refused)\b", RegexOptions.ExplicitCapture, MatchMilliseconds)]
    private static partial Regex ComplaintLine();

    [GeneratedRegex(@"(\\n|\\r)(Accepted|Failed|error:|fatal:|Authentication|Invalid user)\b", RegexOptions.ExplicitCapture, MatchMilliseconds)]
    private static partial Regex HiddenLine();
}
