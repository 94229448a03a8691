namespace Enmesh.Cli.Doctor;

/// <summary>Where does the peer listen? As discovery says, as EPMD says, or all nodes have one port.</summary>
internal sealed class EpmdCheck : IPeerCheck
{
    private const string Step = "port";

    public async Task RunAsync(Examination examination, ExaminedPeer peer, CancellationToken cancellationToken)
    {
        var options = examination.Options;
        if (peer.Found.Port is { } port)
        {
            peer.Port = port;
            peer.Good(Step, examination.Port == port ? $"{port}, as it was said." : $"{port}, as discovery says.");
            return;
        }
        // A node whose EPMD is off dials one port, whoever it is; only whoever asks from elsewhere has to find out.
        if (options.Epmd == EpmdMode.Off && examination.HasOwnName)
        {
            peer.Port = options.PeerPort ?? (options.Port is > 0 and var own ? own : ErlangNodeOptions.DefaultPort);
            peer.Good(Step, $"{peer.Port}, which all nodes have: EPMD is off.");
            return;
        }
        try
        {
            var found = await PortLookup.FindAsync(
                peer.Name, null, options.EpmdPort ?? (options.Epmd == EpmdMode.Off ? null : PortLookup.UsualEpmdPort()), cancellationToken).ConfigureAwait(false);
            peer.Port = found.Port;
            if (found.WhyNotEpmd is { } why)
                peer.Report(Step, DiagnosisOf(why, mayDoWithout: true), $"{why.Message} {found.Port} is tried.");
            else
                peer.Good(Step, $"{found.Port}, as EPMD on {peer.Host} says.");
        }
        catch (EpmdException e)
        {
            peer.Report(Step, DiagnosisOf(e, mayDoWithout: false), e.Message);
        }
    }

    private static Diagnosis DiagnosisOf(EpmdException why, bool mayDoWithout) => (why.Failure, mayDoWithout) switch
    {
        (EpmdFailure.UnknownNode, false) => Diagnoses.EpmdUnknownNode,
        (EpmdFailure.UnknownNode, true) => Diagnoses.EpmdUnknownNodeTried,
        (EpmdFailure.Protocol, _) => Diagnoses.EpmdProtocol,
        (_, true) => Diagnoses.EpmdAbsent,
        _ => Diagnoses.EpmdUnreachable,
    };
}
