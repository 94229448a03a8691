using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using Xunit;

namespace Enmesh.TestSupport;

/// <summary>
/// The Erlang releases tests run against: Debian roots made once by <c>scripts/otp-root</c>, entered with chroot, so
/// that every program keeps the host's network and its own process id.
/// </summary>
internal static class Otp
{
    private static readonly ConcurrentDictionary<int, Lazy<Task<string>>> Roots = new();

    /// <summary>Every release to test, for <c>[MemberData]</c>; <c>ENMESH_OTP=25,27</c> narrows them down.</summary>
    public static TheoryData<int> Releases { get; } = new(Selected());

    /// <summary>The newest of <see cref="Releases"/>, for a test that needs a BEAM but not every one.</summary>
    internal static int Newest { get; } = Selected().Max();

    /// <summary>The directory of the root that holds a release; made now if it is missing (about a minute).</summary>
    internal static Task<string> RootAsync(int release) =>
        Roots.GetOrAdd(release, static key => new(() => MakeRootAsync(key))).Value;

    /// <summary>
    /// Runs a program of a release's root (<c>erl_call</c>, <c>epmd</c>, <c>elixir</c>…) to its end, at home in
    /// a private directory with the cookie in <c>.erlang.cookie</c>.
    /// </summary>
    internal static async Task<CommandResult> RunAsync(
        int release, IReadOnlyList<string> command, string? cookie = null, int? epmdPort = null, string input = "",
        IReadOnlyList<string>? through = null)
    {
        using var home = BeamHome.Create(await RootAsync(release), cookie ?? NewCookie());
        return await ChildProcess.RunAsync(
            [.. through ?? [], .. home.Enter, .. command], home.Environment(epmdPort), input);
    }

    internal static string NewCookie() => RandomNumberGenerator.GetHexString(32);

    /// <summary>A name no other test uses, at loopback.</summary>
    internal static string NewName(string prefix = "beam") =>
        $"{prefix}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}@127.0.0.1";

    private static int[] Selected()
    {
        var wanted = Environment.GetEnvironmentVariable("ENMESH_OTP");
        return string.IsNullOrWhiteSpace(wanted)
            ? [23, 25, 27, 29]
            : [.. wanted.Split(',').Select(release => int.Parse(release, CultureInfo.InvariantCulture))];
    }

    private static async Task<string> MakeRootAsync(int release)
    {
        var script = Repository.PathTo("scripts", "otp-root");
        var made = await ChildProcess.RunAsync(
            [script, release.ToString(CultureInfo.InvariantCulture)], timeout: TimeSpan.FromMinutes(15));
        return made.Successful.Trim();
    }
}
