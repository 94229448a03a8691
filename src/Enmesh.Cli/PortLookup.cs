using Enmesh.Epmd;
using Enmesh.Transport;

namespace Enmesh.Cli;

/// <summary>Where a node listens: what EPMD on its host says, since a BEAM has one unless told otherwise, else the fixed port.</summary>
/// <param name="Port">The port.</param>
/// <param name="WhyNotEpmd">What became of the question to EPMD; null when it has answered, or was not asked.</param>
internal sealed record PortLookup(int Port, EpmdException? WhyNotEpmd)
{
    /// <summary>Finds it out.</summary>
    /// <param name="node">The node.</param>
    /// <param name="given">The port when somebody has said it: then nobody is asked.</param>
    /// <param name="epmdPort">The port of EPMD when somebody has said it: then it must answer.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="EpmdException">The EPMD that somebody has named does not answer, or does not know the node.</exception>
    internal static async Task<PortLookup> FindAsync(NodeName node, int? given, int? epmdPort, CancellationToken cancellationToken)
    {
        if (given is { } port)
            return new(port, null);
        try
        {
            var client = new EpmdClient(new TcpTransport(), TimeProvider.System, epmdPort ?? UsualEpmdPort());
            return new((await client.LookUpAsync(node, cancellationToken).ConfigureAwait(false)).Port, null);
        }
        catch (EpmdException e) when (epmdPort is null)
        {
            return new(ErlangNodeOptions.DefaultPort, e);
        }
    }

    /// <summary>The port that EPMD has on every host.</summary>
    internal static int UsualEpmdPort() => EpmdSettings.FromEnvironment(Environment.GetEnvironmentVariable).Port;
}
