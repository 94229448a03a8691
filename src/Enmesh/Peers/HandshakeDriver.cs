using Enmesh.Handshake;
using Enmesh.Transport;

namespace Enmesh.Peers;

/// <summary>
/// Runs one side of a handshake over a connection: reads its messages, performs its effects, keeps its times.
/// </summary>
/// <param name="connection">The connection; it stays the caller's.</param>
/// <param name="machine">The side to run.</param>
/// <param name="answer">Answers what the machine asks the node.</param>
/// <param name="abandon">Gives up our own attempt to reach a peer whose call goes ahead of it.</param>
/// <param name="limits">How long it may take.</param>
/// <param name="timeProvider">The clock.</param>
internal sealed class HandshakeDriver(
    TransportConnection connection,
    HandshakeMachine machine,
    Func<NodeQuestion, NodeAnswer> answer,
    Action<NodeName> abandon,
    HandshakeLimits limits,
    TimeProvider timeProvider)
{
    private HandshakeResult? _result;
    private IOException? _broken;

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="HandshakeException">It came to nothing.</exception>
    /// <exception cref="TlsException">The peer did not take our certificate.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    internal async Task<HandshakeResult> RunAsync(CancellationToken cancellationToken)
    {
        using var whole = new CancellationTokenSource(limits.Whole, timeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(whole.Token, cancellationToken);
        HandshakeEvent next = new HandshakeEvent.Started();
        if (machine is AcceptorHandshake)
            next = await ReceiveAsync(both.Token).ConfigureAwait(false);
        while (true)
        {
            await PerformAsync(machine.Next(next), both.Token).ConfigureAwait(false);
            if (_result is not null)
                return _result;
            cancellationToken.ThrowIfCancellationRequested();
            next = await ReceiveAsync(both.Token).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task PerformAsync(IReadOnlyList<HandshakeEffect> effects, CancellationToken cancellationToken)
    {
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case HandshakeEffect.Send send:
                    await SendAsync(send.Message, cancellationToken).ConfigureAwait(false);
                    break;
                case HandshakeEffect.Ask ask:
                    await PerformAsync(
                        machine.Next(new HandshakeEvent.Answered(answer(ask.Question))), cancellationToken)
                        .ConfigureAwait(false);
                    break;
                case HandshakeEffect.AbandonOwnAttempt abandoned:
                    abandon(abandoned.Peer);
                    break;
                case HandshakeEffect.Established established:
                    _result = established.Result;
                    break;
                case HandshakeEffect.Failed failed:
                    // That it did not end in order, but was broken off, tells a filter in between from a node.
                    throw _broken is null ? failed.Error : new HandshakeException(failed.Error.Failure, failed.Error.Peer, failed.Error.Message, _broken);
            }
        }
    }

    private async Task SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        try
        {
            await connection.WriteAsync(message, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // What the peer did is told by the read that follows: it closed, or answered before it did.
        }
    }

    private async Task<HandshakeEvent> ReceiveAsync(CancellationToken cancellationToken)
    {
        // Each step has its own time, as on the BEAM; the whole has one as well, or a byte every 6 s would hold it for
        // hours.
        using var step = new CancellationTokenSource(limits.Step, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(step.Token, cancellationToken);
        try
        {
            var prefix = new byte[connection.HandshakePrefixBytes];
            if (!await FillAsync(prefix, either.Token).ConfigureAwait(false))
                return new HandshakeEvent.Closed();
            var body = new byte[HandshakeFraming.ReadLength(prefix, machine.Peer)];
            return await FillAsync(body, either.Token).ConfigureAwait(false)
                ? new HandshakeEvent.Received(body)
                : new HandshakeEvent.Closed();
        }
        catch (OperationCanceledException)
        {
            return new HandshakeEvent.TimedOut(step.IsCancellationRequested ? limits.Step : limits.Whole);
        }
        catch (IOException e) when (e.InnerException is TlsException refused)
        {
            throw new TlsException(refused.Failure, refused.Message, e); // TLS 1.3: what it thinks of our certificate it says when we believe to be done
        }
        catch (IOException e)
        {
            _broken = e;
            return new HandshakeEvent.Closed(); // a reset is as good as an end: the machine says what it means at this step
        }
    }

    private async Task<bool> FillAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        while (!destination.IsEmpty)
        {
            var read = await connection.ReadAsync(destination, cancellationToken).ConfigureAwait(false);
            if (read == 0)
                return false;
            destination = destination[read..];
        }
        return true;
    }
}

/// <summary>How long a handshake may take.</summary>
/// <param name="Step">The longest silence between two of its messages; the BEAM's net_setuptime.</param>
/// <param name="Whole">From the connection to the last message.</param>
internal sealed record HandshakeLimits(TimeSpan Step, TimeSpan Whole)
{
    internal static HandshakeLimits Default { get; } = new(TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(30));
}
