using System.Collections.Concurrent;
using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms;
using Xunit;

namespace Enmesh.Tests.Behaviours;

/// <summary>After any sequence of crashes, failing starts and calls a supervisor has done what OTP's rules say, in that order.</summary>
[Trait("Ring", "loopback")]
public sealed class SupervisorProperties : IAsyncLifetime
{
    private const int Steps = 30;
    private static readonly string[] Ids = ["a", "b", "c", "d", "e"];
    private SupervisedNode _test = null!;

    private static int Seeds => Environment.GetEnvironmentVariable("ENMESH_LONG") == "1" ? 5_000 : 100;

    public async ValueTask InitializeAsync() => _test = await SupervisedNode.StartAsync();

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Theory]
    [InlineData(SupervisorStrategy.OneForOne)]
    [InlineData(SupervisorStrategy.OneForAll)]
    [InlineData(SupervisorStrategy.RestForOne)]
    public async Task Any_history_ends_as_the_rules_say(SupervisorStrategy strategy)
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            try
            {
                await new History(_test, strategy, seed).RunAsync();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"Seed {seed}: {e.Message}", e);
            }
        }
    }

    private sealed class History
    {
        private readonly SupervisedNode _test;
        private readonly Random _random;
        private readonly SupervisorStrategy _strategy;
        private readonly int _intensity;
        private readonly TimeSpan _period;
        private readonly SupervisorModel _model;
        private readonly ConcurrentQueue<string> _events = [];
        private readonly ConcurrentDictionary<Pid, TaskCompletionSource> _ends = [];
        private readonly Dictionary<string, int> _failures = [];
        private readonly List<string> _steps = [];
        private Supervisor _supervisor = null!;

        internal History(SupervisedNode test, SupervisorStrategy strategy, int seed)
        {
            _test = test;
            _random = new Random(seed);
            _strategy = strategy;
            _intensity = _random.Next(0, 6);
            _period = TimeSpan.FromSeconds(_random.Next(1, 5));
            _model = new(strategy, _intensity, _period);
        }

        internal async Task RunAsync()
        {
            var children = Ids.Take(_random.Next(0, 5)).Select(id => (id, Restart: (ChildRestart)_random.Next(3))).ToList();
            if (_random.Next(4) == 0)
                Fail(Ids[_random.Next(5)], 1);
            var options = new SupervisorOptions
            {
                Strategy = _strategy,
                Intensity = _intensity,
                Period = _period,
                Children = [.. children.Select(child => Child(child.id, child.Restart))],
            };
            if (!_model.Begin(children))
            {
                await Assert.ThrowsAsync<ServerStartException>(() => _test.Node.StartSupervisorAsync(options).AsTask());
                Compare();
                return;
            }
            _supervisor = await _test.Node.StartSupervisorAsync(options);
            var ended = await _test.WatchAsync(_supervisor.Pid!);
            for (var step = 0; step < Steps && !_model.HasEnded; step++)
            {
                await StepAsync();
                if (_model.HasEnded)
                    Assert.Equal("shutdown", (await ended).AtomText);
                else
                    await SettleAsync();
                Compare();
            }
            if (!_model.HasEnded)
                await _supervisor.StopAsync();
        }

        private async Task StepAsync()
        {
            var id = Ids[_random.Next(5)];
            switch (_random.Next(9))
            {
                case 0:
                    await AskAsync($"terminate {id}", () => _supervisor.TerminateChildAsync(id).AsTask(), _model.Terminate(id));
                    break;
                case 1:
                    await AskAsync($"restart {id}", () => _supervisor.RestartChildAsync(id).AsTask(), _model.Restart(id));
                    break;
                case 2:
                    await AskAsync($"delete {id}", () => _supervisor.DeleteChildAsync(id).AsTask(), _model.Delete(id));
                    break;
                case 3:
                    var restart = (ChildRestart)_random.Next(3);
                    await AskAsync($"add {restart} {id}", () => _supervisor.StartChildAsync(Child(id, restart)).AsTask(), _model.Add(id, restart));
                    break;
                case 4:
                    var time = TimeSpan.FromSeconds(_random.Next(1, 4));
                    _steps.Add($"after {time.TotalSeconds} s");
                    _model.Now += time;
                    _test.Time.Advance(time);
                    break;
                case 5:
                    Fail(id, _random.Next(1, 3));
                    break;
                default:
                    await CrashAsync();
                    break;
            }
        }

        private async Task CrashAsync()
        {
            if (_model.Running is not { Count: > 0 } running)
                return;
            var id = running[_random.Next(running.Count)];
            var reason = new[] { ExitReason.Normal, ExitReason.Shutdown, Term.Tuple(ExitReason.Shutdown, 1), new Atom("boom") }[_random.Next(4)];
            _steps.Add($"{id} ends with {reason}");
            var pid = await SupervisedNode.PidOf(_supervisor, id);
            _model.Crash(id, !reason.IsAtom("boom"));
            await _test.Node.SendAsync(pid, reason);
            await _ends[pid].Task.WaitAsync(SupervisedNode.Patience);
        }

        private async Task AskAsync(string what, Func<Task> request, string expected)
        {
            _steps.Add(what);
            var actual = "ok";
            try
            {
                await request();
            }
            catch (SupervisorException e)
            {
                actual = e.Reason.AtomText ?? e.Reason.TupleElements[0].AtomText!;
            }
            Assert.True(expected == actual, $"{actual} instead of {expected} after {string.Join(", ", _steps)}");
        }

        private void Fail(string id, int times)
        {
            _steps.Add($"{id} fails {times} times");
            _model.Failures[id] = times;
            lock (_failures)
                _failures[id] = times;
        }

        private async Task SettleAsync()
        {
            while ((await _supervisor.WhichChildrenAsync()).Any(child => child.IsRestarting))
                await Task.Yield();
            Assert.True(
                _model.Which == await SupervisedNode.Which(_supervisor),
                $"{await SupervisedNode.Which(_supervisor)} instead of {_model.Which} after {string.Join(", ", _steps)}");
        }

        private void Compare() => Assert.True(
            _model.Events.SequenceEqual(_events),
            $"{_strategy}, {_intensity} within {_period}: {string.Join(' ', _events)} instead of {string.Join(' ', _model.Events)} after {string.Join(", ", _steps)}");

        private ChildSpec Child(string id, ChildRestart restart) => ChildSpec.From(id, async (context, _) =>
        {
            lock (_failures)
            {
                if (_failures.GetValueOrDefault(id) > 0)
                {
                    _failures[id]--;
                    return Term.Tuple(Atoms.Error, new Atom("no_disk"));
                }
            }
            var (begun, ended) = (new TaskCompletionSource(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            var pid = context.SpawnLink(
                async child =>
                {
                    begun.SetResult();
                    try
                    {
                        throw new ProcessExitException(await child.ReceiveAsync());
                    }
                    finally
                    {
                        _events.Enqueue($"-{id}");
                    }
                },
                new() { Ended = _ => ended.SetResult() });
            _ends[pid] = ended;
            await begun.Task;
            _events.Enqueue($"+{id}");
            return Term.Tuple(Atoms.Ok, pid);
        }) with
        { Restart = restart };
    }
}
