using Enmesh.Transport;

namespace Enmesh.Epmd;

/// <summary>Asks the EPMD of any host.</summary>
internal sealed class EpmdClient(ITransport transport, TimeProvider time, int port = EpmdSettings.DefaultPort)
{
    // 4 MiB hold 14,000 names of the greatest length.
    private const int MaxAnswerBytes = 4 * 1024 * 1024;
    private const int NamesInMessage = 10;

    /// <summary>How long one question may take in all.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The port that EPMD has, on every host.</summary>
    public int Port => port;

    /// <summary>Asks the EPMD of the node's host where it listens.</summary>
    /// <exception cref="EpmdException">No EPMD answers there, or it does not know the node.</exception>
    public Task<EpmdEntry> LookUpAsync(NodeName node, CancellationToken cancellationToken = default) =>
        LookUpAsync(node, node.Host, cancellationToken);

    /// <summary>Asks the EPMD of a host where a node listens, whatever host stands in its name.</summary>
    /// <exception cref="EpmdException">No EPMD answers there, or it does not know the node.</exception>
    public async Task<EpmdEntry> LookUpAsync(NodeName node, string host, CancellationToken cancellationToken = default)
    {
        var name = EpmdName.Of(node);
        return await AskAsync(host, new EpmdRequest.LookUp(name), EpmdMessages.ReadFound, cancellationToken)
            .ConfigureAwait(false)
            ?? throw await UnknownAsync(host, name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks for all nodes of a host.</summary>
    /// <exception cref="EpmdException">No EPMD answers there.</exception>
    public Task<IReadOnlyList<EpmdListing>> NamesAsync(string host, CancellationToken cancellationToken = default) =>
        AskAsync(host, new EpmdRequest.Names(), EpmdMessages.ReadNames, cancellationToken);

    /// <summary>Registers a node. It stays registered until the connection that comes back is closed.</summary>
    /// <exception cref="EpmdException">No EPMD answers there, or the name is taken.</exception>
    public Task<(TransportConnection Connection, uint Creation)> RegisterAsync(
        string host, EpmdEntry entry, CancellationToken cancellationToken = default) =>
        WithDeadlineAsync(host, token => RegisterWithinAsync(host, entry, token), cancellationToken);

    private async Task<(TransportConnection Connection, uint Creation)> RegisterWithinAsync(
        string host, EpmdEntry entry, CancellationToken cancellationToken)
    {
        var connection = await transport.ConnectAsync(host, port, cancellationToken).ConfigureAwait(false);
        try
        {
            await connection.WriteAsync(EpmdMessages.Write(new EpmdRequest.Register(entry)), cancellationToken)
                .ConfigureAwait(false);
            var answer = new byte[16];
            for (var got = 0; ;)
            {
                var read = await connection.ReadAsync(answer.AsMemory(got), cancellationToken).ConfigureAwait(false);
                if (read == 0)
                    throw Refused(host, entry);
                got += read;
                if (!EpmdMessages.TryReadRegistered(answer.AsSpan(0, got), out var creation))
                    continue;
                return (connection, creation ?? throw Taken(host, entry));
            }
        }
        catch
        {
            // Nobody else knows of this connection.
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private Task<T> AskAsync<T>(
        string host, EpmdRequest request, Func<ReadOnlySpan<byte>, T> read, CancellationToken cancellationToken) =>
        WithDeadlineAsync(
            host,
            async token =>
            {
                var connection = await transport.ConnectAsync(host, port, token).ConfigureAwait(false);
                await using (connection.ConfigureAwait(false))
                {
                    await connection.WriteAsync(EpmdMessages.Write(request), token).ConfigureAwait(false);
                    return read((await ReadToEndAsync(connection, token).ConfigureAwait(false)).Span);
                }
            },
            cancellationToken);

    private static async Task<ReadOnlyMemory<byte>> ReadToEndAsync(
        TransportConnection connection, CancellationToken cancellationToken)
    {
        var answer = new byte[1024];
        for (var got = 0; ;)
        {
            if (got == answer.Length)
            {
                if (got >= MaxAnswerBytes)
                    throw new FormatException($"The answer is longer than {MaxAnswerBytes} bytes.");
                Array.Resize(ref answer, got * 2);
            }

            var read = await connection.ReadAsync(answer.AsMemory(got), cancellationToken).ConfigureAwait(false);
            if (read == 0)
                return answer.AsMemory(0, got);
            got += read;
        }
    }

    // One place where whatever can happen becomes a sentence with the host in it.
    private async Task<T> WithDeadlineAsync<T>(
        string host, Func<CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await ask(either.Token).ConfigureAwait(false);
        }
        catch (PeerUnreachableException e)
        {
            throw new EpmdException(
                EpmdFailure.Unreachable,
                host,
                port,
                $"No EPMD answers on {Where(host)}: {e.Message} A BEAM node starts one unless it was told not to; " +
                "without EPMD every node needs the same distribution port.",
                e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EpmdException(
                EpmdFailure.Unreachable,
                host,
                port,
                $"No EPMD answers on {Where(host)}: the connection is there, but nothing came within {Patience.TotalSeconds} s.",
                e);
        }
        catch (OperationCanceledException e)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
        catch (Exception e) when (e is IOException or FormatException)
        {
            throw new EpmdException(
                EpmdFailure.Protocol, host, port,
                $"What listens on {Where(host)} is no EPMD, or a broken one: {e.Message}", e);
        }
    }

    private async Task<EpmdException> UnknownAsync(string host, string name, CancellationToken cancellationToken)
    {
        string known;
        try
        {
            var names = await NamesAsync(host, cancellationToken).ConfigureAwait(false);
            known = names.Count == 0
                ? "it knows none at all"
                : "it knows: " + string.Join(", ", names.Take(NamesInMessage).Select(n => EpmdName.Readable(n.Name)))
                    + (names.Count > NamesInMessage ? $" and {names.Count - NamesInMessage} more" : "");
        }
        catch (EpmdException)
        {
            // It answered a moment ago; the names would only have been a help.
            known = "which others it knows it does not say";
        }

        return new EpmdException(
            EpmdFailure.UnknownNode,
            host,
            port,
            $"EPMD on {Where(host)} knows no node '{EpmdName.Readable(name)}'; {known}.");
    }

    private EpmdException Taken(string host, EpmdEntry entry) => new(
        EpmdFailure.NameTaken,
        host,
        port,
        $"The name '{EpmdName.Readable(entry.Name)}' is already registered at EPMD on {Where(host)}. " +
        "Stop the node that has it ('epmd -names' lists them), or choose another name.");

    private EpmdException Refused(string host, EpmdEntry entry) => new(
        EpmdFailure.Protocol,
        host,
        port,
        $"EPMD on {Where(host)} closed the connection instead of registering '{EpmdName.Readable(entry.Name)}'. " +
        "It takes registrations from its own host only.");

    private string Where(string host) => EndPointText.HostAndPort(host, port);
}
