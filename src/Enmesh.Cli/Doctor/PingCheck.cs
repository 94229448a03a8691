namespace Enmesh.Cli.Doctor;

/// <summary>Does the peer's net_kernel answer?</summary>
internal sealed class PingCheck : IPeerCheck
{
    private const string Step = "ping";

    public async Task RunAsync(Examination examination, ExaminedPeer peer, CancellationToken cancellationToken)
    {
        var time = examination.Around.Time;
        var begun = time.GetTimestamp();
        try
        {
            await examination.Tool!.PingAsync(peer.Name, examination.Timeout, cancellationToken).ConfigureAwait(false);
            peer.Answers = true;
            peer.Good(Step, $"pong after {time.GetElapsedTime(begun).TotalMilliseconds:0.0} ms.");
        }
        catch (TimeoutException)
        {
            peer.Report(Step, Diagnoses.PingSilent, $"{peer.Name} is connected, and its net_kernel has said nothing for {examination.Timeout.TotalSeconds:0.#} s.");
        }
        catch (EnmeshException e)
        {
            peer.Report(Step, Diagnoses.PingFailed, e.Message);
        }
    }
}
