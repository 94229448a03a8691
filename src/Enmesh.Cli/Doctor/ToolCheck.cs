namespace Enmesh.Cli.Doctor;

/// <summary>Starts the node that dials: hidden, listening nowhere, with the TLS and the cookie of this host's own.</summary>
internal static class ToolCheck
{
    internal static async Task StartAsync(Examination examination, CancellationToken cancellationToken)
    {
        if (examination.Peers.Count == 0 || examination.MaxPeers == 0)
            return;
        var settings = examination.Options;
        var isLong = examination.Peers.All(peer => peer.Name.IsLong);
        // Of the host of the node here, where that is known: what peers say to its certificate they say to the node's own calls.
        var options = ToolNode.Dialling(
            isLong, settings.Tls, examination.Timeout, examination.Self is { } self && self.IsLong == isLong ? self.Host : null);
        options.CookieFile = settings.CookieFile;
        options.Insecure = settings.Insecure;
        try
        {
            examination.Tool = await ErlangNode.StartAsync(
                options, timeProvider: examination.Around.Time, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is EnmeshException or ArgumentException)
        {
            // What is wrong with the cookie or the certificates is told by the steps before.
            examination.Skip("dial", $"nobody is dialled: {e.Message}");
        }
    }
}
