namespace Enmesh.Hosting;

/// <summary>
/// What a program does when its host is told to stop, while its nodes are still members of their clusters and its services still run: finish what was
/// begun, hand over what others should go on with.
/// </summary>
/// <remarks>See <see cref="ErlangNodeBuilder.AddDrainHook{T}"/> for when.</remarks>
public interface IDrainHook
{
    /// <summary>Does it.</summary>
    /// <param name="cancellationToken">Cancelled when there is no time left, or a second signal has come: what is not done by then is left.</param>
    Task DrainAsync(CancellationToken cancellationToken);
}

/// <summary>A hook as it was added.</summary>
/// <param name="Name">What it is called in the log and on the status page.</param>
/// <param name="RunAsync">What it does, with services of a scope of its own.</param>
internal sealed record DrainHook(string Name, Func<IServiceProvider, CancellationToken, Task> RunAsync);
