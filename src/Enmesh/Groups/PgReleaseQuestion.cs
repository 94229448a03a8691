using System.Globalization;
using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;

namespace Enmesh.Groups;

/// <summary>Asks a node which OTP release it is: <c>erlang:system_info(otp_release)</c>, by <c>rpc</c>.</summary>
internal static class PgReleaseQuestion
{
    private static readonly Atom Erlang = new("erlang");
    private static readonly Atom SystemInfo = new("system_info");
    private static readonly Term OtpRelease = new Atom("otp_release");

    /// <returns>Null when the node does not say.</returns>
    internal static async Task<int?> AskAsync(
        ProcessRuntime runtime, NodeName node, CancellationToken cancellationToken)
    {
        try
        {
            var asking = RpcClient.CallThroughRexAsync(
                runtime, node, Erlang, SystemInfo, [OtpRelease], null, cancellationToken);
            var answer = await asking.ConfigureAwait(false);
            return answer.AsList is { } text && text.TryGetText(out var release)
                && int.TryParse(release, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : null;
        }
        catch (Exception e) when (e is EnmeshException or TimeoutException)
        {
            return null; // it has gone, or answers no such question; nothing depends on it
        }
    }
}
