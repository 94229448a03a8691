using System.Globalization;
using Enmesh.Terms;

namespace Enmesh.Cli.Doctor;

/// <summary>Asks a peer that answers pings what it runs, what time it is there, and whom it sees.</summary>
internal sealed class PeerQuestions : IPeerCheck
{
    private const string Step = "node";

    // Of the year 9999.
    private const long LastMillisecond = 253_402_300_799_999;

    // Gossip, certificates and leases live by clocks that agree; a second is no matter to them.
    private static readonly TimeSpan NotableSkew = TimeSpan.FromSeconds(2);

    public async Task RunAsync(Examination examination, ExaminedPeer peer, CancellationToken cancellationToken)
    {
        if (!peer.Answers)
            return;
        try
        {
            peer.Machine = TextOf(await AskAsync("system_info", new Atom("machine")).ConfigureAwait(false)) ?? "?";
            peer.Release = int.TryParse(
                TextOf(await AskAsync("system_info", new Atom("otp_release")).ConfigureAwait(false)), NumberStyles.None, CultureInfo.InvariantCulture, out var release) ? release : null;
            peer.HasPg = (await AskAsync("whereis", new Atom("pg")).ConfigureAwait(false)).Pid is not null;
            peer.Sees = NamesIn(await AskAsync("nodes").ConfigureAwait(false));
            peer.Good(Step, $"{(peer.Machine == "BEAM" ? $"Erlang/OTP {peer.Release}" : peer.Machine)}, sees {(peer.Sees.Count == 0 ? "nobody" : string.Join(", ", peer.Sees.Order()))}.");
            await ClockAsync().ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            peer.Report(Step, Diagnoses.HostStarved, $"{peer.Name} answers pings, and no question that takes a process there, for {examination.Timeout.TotalSeconds:0.#} s.");
        }
        catch (EnmeshException e)
        {
            // A C node has no such functions.
            peer.Skip(Step, $"it does not tell about itself: {e.Message}");
        }

        Task<Term> AskAsync(string function, params Term[] arguments) =>
            examination.Tool!.RpcAsync(peer.Name, "erlang", function, arguments, examination.Timeout, cancellationToken);

        async Task ClockAsync()
        {
            var time = examination.Around.Time;
            var asked = time.GetUtcNow();
            var theirs = await AskAsync("system_time", new Atom("millisecond")).ConfigureAwait(false);
            var answered = time.GetUtcNow();
            if (theirs.Int64 is not (>= 0 and <= LastMillisecond and var milliseconds))
            {
                peer.Skip("clock", "it says no time.");
                return;
            }
            // It was read at some moment between the two.
            var there = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
            var skew = there < asked ? there - asked : there > answered ? there - answered : TimeSpan.Zero;
            if (skew.Duration() > NotableSkew)
                peer.Report("clock", Diagnoses.ClockSkew, FormattableString.Invariant($"the clock there is {skew.Duration().TotalSeconds:0.0} s {(skew > TimeSpan.Zero ? "ahead of" : "behind")} the one here."));
        }
    }

    private static string? TextOf(Term term) => term.AsList is { } list && list.TryGetText(out var text) ? text : null;

    /// <summary>The nodes in a list of atoms.</summary>
    internal static List<NodeName> NamesIn(Term list)
    {
        var names = new List<NodeName>();
        foreach (var node in list.AsList ?? default)
        {
            if (NodeName.TryParse(node.Atom?.Text, out var name))
                names.Add(name);
        }
        return names;
    }
}
