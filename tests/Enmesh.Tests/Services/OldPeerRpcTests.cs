using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.Terms.Text;
using Enmesh.Testing;
using Enmesh.Tests.Peers;
using Enmesh.TestSupport;
using Enmesh.Wire;
using Xunit;

namespace Enmesh.Tests.Services;

/// <summary>
/// Calls to a scripted node that is as one before OTP 23: it starts no processes for others, and what is called there
/// goes through its <c>rex</c>.
/// </summary>
[Trait("Ring", "loopback")]
public sealed class OldPeerRpcTests : IAsyncLifetime
{
    private const string Cookie = "the-cookie-of-an-old-peer";
    private const DistributionFlags Unknown =
        DistributionFlags.Spawn | DistributionFlags.Alias | DistributionFlags.AltActSig | DistributionFlags.UnlinkId
        | DistributionFlags.V4Nc | DistributionFlags.NativeRecords | DistributionFlags.Mandatory25Digest;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly LoopbackCluster _cluster = new();
    private readonly VirtualTime _time = new();
    private ErlangNode _node = null!;
    private ScriptedPeer _peer = null!;

    private NodeName Old => _peer.Handshake.OwnName;

    public async ValueTask InitializeAsync()
    {
        _node = await _cluster.StartAsync("node@127.0.0.1", cookie: Cookie, timeProvider: _time);
        _peer = await ScriptedPeer.ConnectAsync(
            _node.Name, _node.Port!.Value, "old@127.0.0.1", Cookie, DistributionFlagSets.Hidden & ~Unknown);
        // The handshake ends here before it does at the node; an answer shows that the node has come so far.
        await _peer.SendAsync(ControlMessage.Monitor(_peer.Pid, new Atom("nobody"), new Reference(Old.Atom, 77, 1, 2, 3)));
        await _peer.ReceiveAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _peer.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Theory]
    [InlineData("{a,[1]}")]
    [InlineData("{badrpc,a,b}")]
    [InlineData("{'EXIT',thrown}")]
    public async Task What_rex_answers_is_the_value(string value) => Assert.Equal(value, (await CallAsync(value)).ToString());

    // What erpc would have told apart, and rpc does not, is told as rpc's documentation reads.
    [Theory]
    [InlineData("{badrpc,{'EXIT',out}}", ErlangExceptionClass.Exit, "out", null)]
    [InlineData("{badrpc,{'EXIT',{shutdown,1}}}", ErlangExceptionClass.Exit, "{shutdown,1}", null)]
    [InlineData("{badrpc,{'EXIT',killed}}", ErlangExceptionClass.Exit, "killed", null)]
    [InlineData("{badrpc,{'EXIT',{badarg,[{m,f,1,[]}]}}}", ErlangExceptionClass.Error, "badarg", "[{m,f,1,[]}]")]
    [InlineData("{badrpc,{'EXIT',{undef,[{m,f,[],[]},{rpc,local_call,3,[]}]}}}", ErlangExceptionClass.Error, "undef", "[{m,f,[],[]},{rpc,local_call,3,[]}]")]
    [InlineData("{badrpc,{'EXIT',{x,[]}}}", ErlangExceptionClass.Exit, "{x,[]}", null)]
    [InlineData("{badrpc,{'EXIT',{x,[{m,f,1}]}}}", ErlangExceptionClass.Exit, "{x,[{m,f,1}]}", null)]
    [InlineData("{badrpc,nodedown}", ErlangExceptionClass.Error, "nodedown", null)]
    [InlineData("{badrpc,{a,b}}", ErlangExceptionClass.Error, "{a,b}", null)]
    public async Task What_rex_calls_bad_is_an_error_or_an_exit(string reply, ErlangExceptionClass kind, string reason, string? stack)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => CallAsync(reply));
        Assert.Equal((kind, reason, false), (failure.Class, failure.Reason.ToString(), failure.IsSignal));
        Assert.Equal(stack ?? "", failure.Stack == default ? "" : failure.Stack.ToString());
        Assert.Equal(Old, failure.Node);
    }

    [Fact]
    public async Task A_node_without_rex_is_noproc()
    {
        var call = _node.RpcAsync(Old, "m", "f", []);
        var monitor = (await _peer.ReceiveAsync())!.Value.Control;
        await _peer.SendAsync(ControlMessage.MonitorExit(new Atom("rex"), monitor.From!, monitor.Reference!, new Atom("noproc")), new Atom("noproc"));
        Assert.Equal("noproc", (await Assert.ThrowsAsync<CallExitException>(() => call.WaitAsync(Patience))).Reason.AtomText);
    }

    [Fact]
    public async Task Without_an_answer_it_is_a_time_out_and_a_late_answer_is_dropped()
    {
        var call = _node.RpcAsync(Old, "m", "f", [], TimeSpan.FromSeconds(5));
        var (from, tag) = await TakeCallAsync();
        _time.Advance(TimeSpan.FromSeconds(5));
        await Assert.ThrowsAsync<TimeoutException>(() => call.WaitAsync(Patience));
        await _peer.SendAsync(ControlMessage.Send(_peer.Pid, from), Term.Tuple(tag, 1));

        Assert.Equal(ControlKind.Demonitor, (await _peer.ReceiveAsync())!.Value.Control.Kind);
        Assert.Equal("next", (await CallAsync("next")).AtomText);
    }

    [Fact]
    public async Task One_that_is_lost_is_noconnection()
    {
        var call = _node.RpcAsync(Old, "m", "f", [], Timeout.InfiniteTimeSpan);
        await TakeCallAsync();
        await _peer.DisposeAsync();
        Assert.Equal("noconnection", (await Assert.ThrowsAsync<CallExitException>(() => call.WaitAsync(Patience))).Reason.AtomText);
    }

    [Fact]
    public async Task A_cast_is_a_cast_to_rex()
    {
        await _node.Rpc.CastAsync(Old, "m", "f", [7]);
        var (control, payload) = (await _peer.ReceiveAsync())!.Value;
        Assert.Equal("rex", control.To.Name!.Text);
        Assert.Equal($"{{'$gen_cast',{{cast,m,f,[7],{_node.WhereIs("user")!}}}}}", payload.ToString());
    }

    private async Task<Term> CallAsync(string reply)
    {
        var call = _node.RpcAsync(Old, "m", "f", [1, new Atom("x")]);
        var (from, tag) = await TakeCallAsync("[1,x]");
        await _peer.SendAsync(ControlMessage.Send(_peer.Pid, from), Term.Tuple(tag, ErlangText.Parse(reply)));
        var result = await call.WaitAsync(Patience);
        return result;
    }

    /// <summary>Takes what OTP 22 would take for <c>rpc:call(Node, m, f, Arguments)</c>.</summary>
    private async Task<(Pid From, Term Tag)> TakeCallAsync(string arguments = "[]")
    {
        (ControlMessage Control, Term? Payload) message;
        do
            message = (await _peer.ReceiveAsync())!.Value;
        while (message.Control.Kind == ControlKind.Demonitor); // of a call before
        Assert.Equal((ControlKind.Monitor, "rex"), (message.Control.Kind, message.Control.To.Name?.Text));
        var (control, payload) = (await _peer.ReceiveAsync())!.Value;
        Assert.Equal("rex", control.To.Name!.Text);
        var elements = payload!.Value.TupleElements.ToArray();
        Assert.Equal("$gen_call", elements[0].AtomText);
        Assert.Equal($"{{call,m,f,{arguments},{_node.WhereIs("user")!}}}", elements[2].ToString());
        return (elements[1].TupleElements[0].Pid!, elements[1].TupleElements[1]);
    }
}
