using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms;
using Xunit;

namespace Enmesh.Tests.Behaviours;

// The servers that the tests start.
public sealed partial class GenServerTests
{
    private sealed class Table : IProcessRegistry
    {
        private readonly Dictionary<Term, Pid> _names = [];

        public Pid? WhereIs(Term name) => _names.GetValueOrDefault(name);

        public ValueTask<bool> RegisterAsync(Term name, Pid process, CancellationToken cancellationToken = default) => new(_names.TryAdd(name, process));

        public ValueTask UnregisterAsync(Term name, Pid process, CancellationToken cancellationToken = default)
        {
            Assert.Equal(process, _names[name]);
            _names.Remove(name);
            return default;
        }
    }

    private sealed class Bare : GenServer;

    private sealed class Counter : GenServer, IAsyncDisposable
    {
        private int _count;
        private CallRequest? _later;

        public Func<InitResult>? OnInit { get; init; }

        public Func<ProcessContext, Task>? Beginning { get; init; }

        public bool Traps { get; init; }

        public Term? TerminatedWith { get; private set; }

        public TaskCompletionSource<bool> Disposed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource TimedOut { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask DisposeAsync()
        {
            Disposed.TrySetResult(true);
            return default;
        }

        protected override async ValueTask<InitResult> InitAsync()
        {
            Context.TrapExit = Traps;
            if (Beginning is not null)
                await Beginning(Context);
            return OnInit?.Invoke() ?? InitResult.Ok();
        }

        protected override ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call)
        {
            switch (request.AtomText)
            {
                case "next":
                    return Reply(++_count);
                case "later":
                    _later = call;
                    return NoReply();
                case "stop":
                    return Stop(ExitReason.Normal, new Atom("stopped"));
                case "crash":
                    throw new InvalidOperationException("as told");
                default:
                    Refuse(call, $"{request} is no request");
                    return NoReply();
            }
        }

        protected override ValueTask<ServerResult> HandleCastAsync(Term request)
        {
            switch (request)
            {
                case { TupleElements: [{ AtomText: "add" }, { Int32: { } step }] }:
                    _count += step;
                    return NoReply();
                case { TupleElements: [{ AtomText: "wait" }, { Int32: { } milliseconds }] }:
                    return NoReply().AndTimeout(TimeSpan.FromMilliseconds(milliseconds));
                default:
                    throw new InvalidOperationException("as told");
            }
        }

        protected override ValueTask<ServerResult> HandleInfoAsync(Term message)
        {
            if (message.IsAtom(new Atom("timeout")))
                TimedOut.SetResult();
            else if (_later is { } call)
                Context.Reply(call, _count);
            return NoReply();
        }

        protected override ValueTask<ServerResult> HandleContinueAsync(Term argument)
        {
            _count += argument.Int32!.Value;
            return NoReply();
        }

        protected override ValueTask TerminateAsync(Term reason)
        {
            TerminatedWith = reason;
            return default;
        }
    }
}
