using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Terms.Serialization;

namespace Enmesh.Behaviours;

/// <summary>What a process does with servers.</summary>
public static class ServerExtensions
{
    /// <summary>
    /// Starts a server that is linked to this process: <c>gen_server:start_link</c>. It has begun when this completes.
    /// </summary>
    /// <param name="parent">The process that starts it.</param>
    /// <param name="make">Makes the object for the process.</param>
    /// <param name="options">Its name and more.</param>
    /// <param name="cancellationToken">Gives up, and ends it.</param>
    /// <exception cref="ServerStartException">
    /// It did not start; unless this process traps exits, it ends too, being linked.
    /// </exception>
    /// <exception cref="TimeoutException">It did not start in time, and was ended.</exception>
    public static ValueTask<Pid> StartServerAsync(
        this ProcessContext parent, Func<GenServer> make, ServerOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(parent);
        return ServerStart.StartAsync(parent.Runtime, parent, make, options, cancellationToken);
    }

    /// <summary>
    /// Starts a supervisor that is linked to this process: <c>supervisor:start_link</c>. Its children have begun when
    /// this completes.
    /// </summary>
    /// <param name="parent">The process that starts it.</param>
    /// <param name="options">Its children and more.</param>
    /// <param name="cancellationToken">Gives up, and ends it.</param>
    /// <exception cref="ArgumentException">The children do not go together; the message says which.</exception>
    /// <exception cref="ServerStartException">
    /// A child did not start; unless this process traps exits, it ends too, being linked.
    /// </exception>
    public static async ValueTask<Supervisor> StartSupervisorAsync(
        this ProcessContext parent, SupervisorOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(parent);
        var process = await ServerStart.StartSupervisorAsync(
            parent.Runtime, parent, SupervisorOptions.Validated(options), cancellationToken).ConfigureAwait(false);
        return new(parent.Runtime, process);
    }

    /// <summary>Calls with C# types, turned into terms and back by the serializer.</summary>
    /// <inheritdoc cref="ProcessContext.CallAsync"/>
    /// <exception cref="TermSerializationException">The reply is not of that type.</exception>
    public static ValueTask<TReply> CallAsync<TRequest, TReply>(
        this ProcessContext caller, ProcessAddress to, TRequest request, TermTypeInfo<TRequest> requests,
        TermTypeInfo<TReply> replies,
        TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return GenCalls.CallAsync(caller.Runtime, caller, to, request, requests, replies, timeout, cancellationToken);
    }

    /// <summary>Casts a C# type.</summary>
    /// <inheritdoc cref="ProcessContext.CastAsync"/>
    public static ValueTask CastAsync<TRequest>(
        this ProcessContext caller, ProcessAddress to, TRequest request, TermTypeInfo<TRequest> requests,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(caller);
        return caller.CastAsync(to, TermSerializer.ToTerm(request, requests), cancellationToken);
    }
}
