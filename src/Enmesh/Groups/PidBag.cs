using System.Runtime.InteropServices;
using Enmesh.Terms;

namespace Enmesh.Groups;

/// <summary>Pids, each as often as it was put in: a process may be in a group several times.</summary>
internal sealed class PidBag
{
    private readonly Dictionary<Pid, int> _times = [];

    /// <summary>How many there are, each counted as often as it is in.</summary>
    internal int Count { get; private set; }

    internal void Add(Pid pid)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(_times, pid, out _)++;
        Count++;
    }

    /// <summary>Takes a pid out once.</summary>
    /// <returns>False when it is not in.</returns>
    internal bool Remove(Pid pid)
    {
        ref var times = ref CollectionsMarshal.GetValueRefOrNullRef(_times, pid);
        if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref times))
            return false;
        if (--times == 0)
            _times.Remove(pid);
        Count--;
        return true;
    }

    /// <summary>Each pid as often as it is in, in no order.</summary>
    internal void CopyTo(List<Pid> all)
    {
        foreach (var (pid, times) in _times)
        {
            for (var time = 0; time < times; time++)
                all.Add(pid);
        }
    }

    internal List<Pid> ToList()
    {
        var all = new List<Pid>(Count);
        CopyTo(all);
        return all;
    }

    /// <summary>What of the other one is not in this one.</summary>
    internal List<Pid> Missing(PidBag other)
    {
        var missing = new List<Pid>();
        foreach (var (pid, times) in other._times)
        {
            for (var time = _times.GetValueOrDefault(pid); time < times; time++)
                missing.Add(pid);
        }
        return missing;
    }
}
