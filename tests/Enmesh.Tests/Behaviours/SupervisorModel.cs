using Enmesh.Behaviours;

namespace Enmesh.Tests.Behaviours;

/// <summary>OTP's rules of restarting, written down once more and as plainly as can be: what children there are, and what happened to them in which order.</summary>
internal sealed class SupervisorModel(SupervisorStrategy strategy, int intensity, TimeSpan period)
{
    private readonly List<Child> _children = [];
    private readonly List<TimeSpan> _restarts = [];

    internal List<string> Events { get; } = [];

    /// <summary>How many starts of a child fail from now on.</summary>
    internal Dictionary<string, int> Failures { get; } = [];

    internal TimeSpan Now { get; set; }

    internal bool HasEnded { get; private set; }

    internal string Which => string.Join(' ', _children.Select(child => $"{child.Id}:{(child.Runs ? "runs" : "stopped")}"));

    internal IReadOnlyList<string> Running => [.. _children.Where(child => child.Runs).Select(child => child.Id)];

    /// <returns>Whether all have started.</returns>
    internal bool Begin(IEnumerable<(string Id, ChildRestart Restart)> children)
    {
        _children.AddRange(children.Select(child => new Child(child.Id, child.Restart)));
        if (StartAll(_children) is null)
            return true;
        StopAll(_children);
        HasEnded = true;
        return false;
    }

    internal void Crash(string id, bool isInOrder)
    {
        var child = Find(id)!;
        child.Runs = false;
        Events.Add($"-{id}");
        if (child.Restart == ChildRestart.Temporary)
            _children.Remove(child);
        else if (child.Restart == ChildRestart.Permanent || !isInOrder)
            RestartUntilItWorks(child);
    }

    internal string Terminate(string id)
    {
        if (Find(id) is not { } child)
            return "not_found";
        Stop(child);
        return "ok";
    }

    internal string Restart(string id)
    {
        if (Find(id) is not { } child)
            return "not_found";
        if (child.Runs)
            return "running";
        return TryStart(child) ? "ok" : "no_disk";
    }

    internal string Delete(string id)
    {
        if (Find(id) is not { } child)
            return "not_found";
        if (child.Runs)
            return "running";
        _children.Remove(child);
        return "ok";
    }

    internal string Add(string id, ChildRestart restart)
    {
        if (Find(id) is { } present)
            return present.Runs ? "already_started" : "already_present";
        var child = new Child(id, restart);
        if (!TryStart(child))
            return "no_disk";
        _children.Add(child);
        return "ok";
    }

    private Child? Find(string id) => _children.Find(child => child.Id == id);

    private void RestartUntilItWorks(Child? child)
    {
        while (child is not null)
        {
            _restarts.RemoveAll(time => Now - time > period);
            _restarts.Add(Now);
            if (_restarts.Count > intensity)
            {
                StopAll(_children);
                HasEnded = true;
                return;
            }
            var affected = strategy switch
            {
                SupervisorStrategy.OneForAll => _children.ToList(),
                SupervisorStrategy.RestForOne => _children.Skip(_children.IndexOf(child)).ToList(),
                _ => [child],
            };
            StopAll(affected);
            child = StartAll(affected.Where(_children.Contains));
        }
    }

    private void StopAll(IEnumerable<Child> children)
    {
        foreach (var child in children.Reverse().ToList())
            Stop(child);
    }

    private void Stop(Child child)
    {
        if (child.Runs)
            Events.Add($"-{child.Id}");
        child.Runs = false;
        if (child.Restart == ChildRestart.Temporary)
            _children.Remove(child);
    }

    /// <returns>The one that did not start.</returns>
    private Child? StartAll(IEnumerable<Child> children) => children.ToList().Find(child => !TryStart(child));

    private bool TryStart(Child child)
    {
        if (Failures.GetValueOrDefault(child.Id) > 0)
        {
            Failures[child.Id]--;
            return false;
        }
        child.Runs = true;
        Events.Add($"+{child.Id}");
        return true;
    }

    private sealed class Child(string id, ChildRestart restart)
    {
        internal string Id => id;

        internal ChildRestart Restart => restart;

        internal bool Runs { get; set; }
    }
}
