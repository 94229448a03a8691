using System.Collections.Concurrent;
using System.Diagnostics;
using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Behaviours;

/// <summary>The spans of calls, while somebody listens.</summary>
[Trait("Ring", "loopback")]
public sealed class TraceTests : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = [];
    private readonly ActivityListener _listener;

    public TraceTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Enmesh",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task A_trace_goes_with_calls_from_node_to_node_and_within_one()
    {
        await using var cluster = new LoopbackCluster();
        var (front, back) = (await cluster.StartAsync("front@127.0.0.1"), await cluster.StartAsync("back@127.0.0.1"));
        await back.StartServerAsync(() => new Asking(null), new() { Name = "last" });
        await back.StartServerAsync(() => new Asking("last"), new() { Name = "middle" });
        await front.StartServerAsync(() => new Asking(("middle", back.Name)), new() { Name = "first" });

        using var request = new Activity("request").SetIdFormat(ActivityIdFormat.W3C).Start();
        var answer = await front.CallAsync("first", 1);
        Assert.Same(request, Activity.Current);
        request.Stop();

        var ids = answer.AsList!.Value.Select(id => id.AtomText).ToArray();
        Assert.Equal(Enumerable.Repeat(request.TraceId.ToHexString(), 3), ids);
        var spans = _ended.Where(span => span.TraceId == request.TraceId).ToArray();
        Assert.Equal(3, spans.Count(span => span is { Kind: ActivityKind.Client, Status: ActivityStatusCode.Unset }));
        Assert.Equal(3, spans.Count(span => span is { Kind: ActivityKind.Server, DisplayName: "handle Asking" }));
        Assert.All(spans, span => Assert.True(span.ParentSpanId == request.SpanId || spans.Any(parent => parent.SpanId == span.ParentSpanId)));
    }

    [Fact]
    public async Task A_call_that_fails_says_so_in_its_span()
    {
        await using var cluster = new LoopbackCluster();
        var node = await cluster.StartAsync("front@127.0.0.1");
        using var request = new Activity("request").SetIdFormat(ActivityIdFormat.W3C).Start();
        await Assert.ThrowsAsync<CallExitException>(() => node.CallAsync("nobody", 1).AsTask());
        var span = Assert.Single(_ended, span => span.TraceId == request.TraceId);
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.Equal("call nobody", span.DisplayName);
        Assert.Contains("noproc", span.StatusDescription, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_trace_goes_with_casts_and_calls_of_functions_to_another_node_and_within_one(bool within)
    {
        await using var cluster = new LoopbackCluster();
        var front = await cluster.StartAsync("front@127.0.0.1");
        var back = within ? front : await cluster.StartAsync("back@127.0.0.1");
        var seen = new ConcurrentQueue<(string What, Activity? Span)>();
        using var told = new SemaphoreSlim(0);
        void Tell(string what)
        {
            seen.Enqueue((what, Activity.Current));
            told.Release();
        }
        await back.StartServerAsync(() => new Listening(Tell), new() { Name = "server" });
        back.Functions.Export("t", "tell", 1, (_, arguments) =>
        {
            Tell(arguments[0].AtomText!);
            return arguments[0].IsAtom(new Atom("broken")) ? throw ErlangException.BadArgument() : new(Atoms.Ok);
        });

        using var request = new Activity("request").SetIdFormat(ActivityIdFormat.W3C).Start();
        await front.CastAsync(("server", back.Name), 1);
        await front.AbcastAsync([back.Name], "server", 1);
        await front.RpcAsync(back.Name, "t", "tell", [new Atom("rpc")]);
        await Assert.ThrowsAsync<RpcException>(() => front.RpcAsync(back.Name, "t", "tell", [new Atom("broken")]));
        await front.Rpc.CastAsync(back.Name, "t", "tell", [new Atom("rpc_cast")]);
        await front.Rpc.BlockCallAsync(back.Name, "t", "tell", [new Atom("block")]);
        Assert.Same(request, Activity.Current);
        for (var i = 0; i < 6; i++)
            Assert.True(await told.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        request.Stop();

        Assert.Equal(["block", "broken", "cast", "cast", "rpc", "rpc_cast"], seen.Select(each => each.What).Order());
        Assert.All(seen, each => Assert.Equal(request.TraceId, each.Span?.TraceId));
        Assert.All(seen, each => Assert.Equal(
            each.What.EndsWith("cast", StringComparison.Ordinal) ? ActivityKind.Consumer : ActivityKind.Server,
            each.Span!.Kind));
        Assert.Equal(6, seen.Select(each => each.Span!.SpanId).Distinct().Count());
        var sent = _ended.Where(span => span.TraceId == request.TraceId
            && span.Kind is ActivityKind.Client or ActivityKind.Producer).ToArray();
        Assert.All(seen, each => Assert.Contains(sent, span => span.SpanId == each.Span!.ParentSpanId));
        Assert.Equal(3, sent.Count(span => span.Kind == ActivityKind.Producer));
        var failed = Assert.Single(sent, span => span.Status == ActivityStatusCode.Error);
        Assert.Equal($"call t:tell/1 on {back.Name}", failed.DisplayName);
    }

    private sealed class Listening(Action<string> tell) : GenServer
    {
        protected override ValueTask<ServerResult> HandleCastAsync(Term request)
        {
            tell("cast");
            return NoReply();
        }
    }

    // Answers with the trace that it is handled in, before those that it asks.
    private sealed class Asking(ProcessAddress? next) : GenServer
    {
        protected override async ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call)
        {
            var own = new Atom(Activity.Current!.TraceId.ToHexString());
            return next is { } other
                ? Reply(Term.List([own, .. (await Context.CallAsync(other, request)).AsList!.Value]))
                : Reply(Term.List(own));
        }
    }
}
