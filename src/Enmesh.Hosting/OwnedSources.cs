using System.Collections.Concurrent;

namespace Enmesh.Hosting;

/// <summary>Sources of discovery that hold connections, for the container to close at the end: the nodes only use them.</summary>
internal sealed class OwnedSources : IDisposable
{
    private readonly ConcurrentBag<IDisposable> _sources = [];

    internal void Add(IDisposable source) => _sources.Add(source);

    public void Dispose()
    {
        foreach (var source in _sources)
            source.Dispose();
    }
}
