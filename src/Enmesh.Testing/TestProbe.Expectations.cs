using System.Globalization;
using System.Runtime.CompilerServices;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Testing;

// What a test expects to find in the mailbox.
public sealed partial class TestProbe
{
    private static readonly Atom ExitTag = new("EXIT");

    /// <summary>What an expectation makes of a message; null when it is not the one.</summary>
    private delegate T? Match<T>(Term message)
        where T : struct;

    /// <summary>Takes the first message that is this term.</summary>
    /// <param name="message">The message.</param>
    /// <param name="within">How far the clock may be moved for it. Default: not at all.</param>
    /// <exception cref="TestFailureException">It does not come.</exception>
    public async Task ExpectAsync(Term message, TimeSpan? within = null) =>
        await TakeAsync<Term>(
            came => came == message ? came : (Term?)null, $"the message {Situation.Print(message)}", within)
            .ConfigureAwait(false);

    /// <summary>Takes the first message that the condition accepts.</summary>
    /// <param name="condition">Which one.</param>
    /// <param name="within">How far the clock may be moved for it. Default: not at all.</param>
    /// <param name="expected">What the message of a failure calls it; the condition's own text when left out.</param>
    /// <returns>The message.</returns>
    /// <exception cref="TestFailureException">None comes.</exception>
    public Task<Term> ExpectAsync(
        Func<Term, bool> condition, TimeSpan? within = null,
        [CallerArgumentExpression(nameof(condition))] string? expected = null)
    {
        ArgumentNullException.ThrowIfNull(condition);
        return TakeAsync<Term>(
            message => condition(message) ? message : (Term?)null, $"a message that fits {expected}", within);
    }

    /// <summary>Takes the next message, whatever it is.</summary>
    /// <param name="within">How far the clock may be moved for it. Default: not at all.</param>
    /// <exception cref="TestFailureException">None comes.</exception>
    public Task<Term> ExpectAnyAsync(TimeSpan? within = null) =>
        TakeAsync<Term>(static message => message, "a message", within);

    /// <summary>Sees that no message is there, and that none comes.</summary>
    /// <param name="during">How far the clock is moved meanwhile. Default: not at all.</param>
    /// <exception cref="TestFailureException">There is one.</exception>
    public async Task ExpectNoMessageAsync(TimeSpan? during = null)
    {
        var time = during ?? TimeSpan.Zero;
        if (await Node.Cluster.AdvanceUntilAsync(time, () => Messages.Count > 0).ConfigureAwait(false))
            throw Failure($"no message{Within(time)}", Messages.Count == 1 ? "one came" : $"{Messages.Count} came");
    }

    /// <summary>Takes the first call, as a server does; <see cref="ProbeCall.ReplyAsync"/> answers it.</summary>
    /// <param name="request">Which request; any when null.</param>
    /// <param name="within">How far the clock may be moved for it. Default: not at all.</param>
    /// <param name="expected">What the message of a failure calls it; the condition's own text when left out.</param>
    /// <exception cref="TestFailureException">None comes.</exception>
    public async Task<ProbeCall> ExpectCallAsync(
        Func<Term, bool>? request = null, TimeSpan? within = null,
        [CallerArgumentExpression(nameof(request))] string? expected = null)
    {
        var call = await TakeAsync<CallRequest>(
            message =>
                CallRequest.TryRead(message, out var call) && request?.Invoke(call.Request) != false ? call : null,
            request is null ? "a call" : $"a call whose request fits {expected}",
            within).ConfigureAwait(false);
        return new(this, call);
    }

    /// <summary>Takes the first cast, as a server does.</summary>
    /// <returns>The request.</returns>
    /// <inheritdoc cref="ExpectCallAsync"/>
    public Task<Term> ExpectCastAsync(
        Func<Term, bool>? request = null, TimeSpan? within = null,
        [CallerArgumentExpression(nameof(request))] string? expected = null) =>
        TakeAsync<Term>(
            message => message.TupleElements is [{ Atom: { } tag }, var cast] && tag == GenAtoms.GenCast
                && request?.Invoke(cast) != false
                    ? cast
                    : (Term?)null,
            request is null ? "a cast" : $"a cast whose request fits {expected}",
            within);

    /// <summary>
    /// Takes the message that a process has ended with which the probe is linked: <c>{'EXIT', Pid, Reason}</c>.
    /// </summary>
    /// <param name="process">The process.</param>
    /// <param name="reason">With which reason it is to have ended; any when null.</param>
    /// <param name="within">How far the clock may be moved for it. Default: not at all.</param>
    /// <returns>The reason.</returns>
    /// <exception cref="TestFailureException">It has not ended, or with another reason.</exception>
    public Task<Term> ExpectExitAsync(Pid process, Term? reason = null, TimeSpan? within = null)
    {
        ArgumentNullException.ThrowIfNull(process);
        return TakeAsync<Term>(
            message => message.TupleElements is [{ Atom: { } tag }, { Pid: { } who }, var why]
                && tag == ExitTag && who == process && (reason is null || why == reason) ? why : (Term?)null,
            $"the exit of {Situation.Print(process)}{With(reason)}",
            within,
            () => Node.Cluster.WhyNoExit(this, process));
    }

    /// <summary>
    /// Takes the message that a process has ended which the probe monitors: <c>{'DOWN', Ref, process, Pid, Reason}</c>.
    /// </summary>
    /// <param name="process">The process, monitored by its pid.</param>
    /// <param name="reason">With which reason it is to have ended; any when null.</param>
    /// <param name="within">How far the clock may be moved for it. Default: not at all.</param>
    /// <returns>The reason.</returns>
    /// <exception cref="TestFailureException">It has not ended, or with another reason.</exception>
    public Task<Term> ExpectDownAsync(Pid process, Term? reason = null, TimeSpan? within = null)
    {
        ArgumentNullException.ThrowIfNull(process);
        return ExpectDownAsync(
            message => message[3].Pid is { } who && who == process, Situation.Print(process), reason, within);
    }

    /// <summary>Takes the message of a monitor: <c>{'DOWN', Ref, process, Who, Reason}</c>.</summary>
    /// <param name="monitor">The monitor.</param>
    /// <param name="reason">With which reason it is to have ended; any when null.</param>
    /// <param name="within">How far the clock may be moved for it. Default: not at all.</param>
    /// <returns>The reason.</returns>
    /// <exception cref="TestFailureException">It has not ended, or with another reason.</exception>
    public Task<Term> ExpectDownAsync(Reference monitor, Term? reason = null, TimeSpan? within = null)
    {
        ArgumentNullException.ThrowIfNull(monitor);
        return ExpectDownAsync(
            message => message[1].Reference is { } which && which == monitor, $"the monitor {Situation.Print(monitor)}",
            reason, within);
    }

    private Task<Term> ExpectDownAsync(
        Func<IReadOnlyList<Term>, bool> isIt, string what, Term? reason, TimeSpan? within) =>
        TakeAsync<Term>(
            message => message.TupleElements is [{ Atom: { } tag }, _, _, _, var why] && tag == GenAtoms.Down
                && isIt(message.TupleElements.ToArray()) && (reason is null || why == reason) ? why : (Term?)null,
            $"a DOWN of {what}{With(reason)}",
            within);

    private async Task<T> TakeAsync<T>(Match<T> match, string expected, TimeSpan? within, Func<string?>? hint = null)
        where T : struct
    {
        var time = within ?? TimeSpan.Zero;
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero, nameof(within));
        T? found = null;
        bool IsThere() => (found = TryTake(match)) is not null;
        if (await Node.Cluster.AdvanceUntilAsync(time, IsThere).ConfigureAwait(false)
            || await ComesLateAsync(IsThere).ConfigureAwait(false))
            return found!.Value;
        throw Failure($"{expected}{Within(time)}", hint?.Invoke() ?? "none came");
    }

    /// <summary>Waits for something that the cluster does not see coming: a process that awaits a file, say.</summary>
    private async Task<bool> ComesLateAsync(Func<bool> isThere)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Task came;
            lock (_messages)
            {
                if (_came.Task.IsCompleted)
                    _came = NewSignal();
                came = _came.Task;
            }
            if (isThere())
                return true;
            var left = Node.Cluster.Options.Patience - TimeProvider.System.GetElapsedTime(begun);
            if (left <= TimeSpan.Zero)
                return false;
            await Task.WhenAny(came, Task.Delay(left)).ConfigureAwait(false);
        }
    }

    private T? TryTake<T>(Match<T> match)
        where T : struct
    {
        lock (_messages)
        {
            for (var i = 0; i < _messages.Count; i++)
            {
                if (match(_messages[i]) is not { } found)
                    continue;
                _messages.RemoveAt(i);
                return found;
            }
            return null;
        }
    }

    private TestFailureException Failure(string expected, string happened) =>
        new(Situation.NotMet(
            this, expected, Node.Node.IsAlive(Self) ? happened : "the probe itself has ended", Messages));

    private static string Within(TimeSpan time) =>
        time == TimeSpan.Zero
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $" within {time.TotalSeconds:0.###} s");

    private static string With(Term? reason) => reason is { } why ? $" with reason {Situation.Print(why)}" : "";
}
