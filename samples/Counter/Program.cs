// A GenServer with typed requests, called from Elixir.
using Enmesh.Behaviours;
using Enmesh.Hosting;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Terms.Serialization;
using Microsoft.Extensions.Hosting;
using Samples;

var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.AddErlangNode().AddGenServer<Counter>("counter");
await builder.Build().SayNext(node =>
    $$"""
    iex --name me@127.0.0.1
    iex> counter = {:counter, :"{{node.Name}}"}
    iex> GenServer.call(counter, :next)
    iex> GenServer.cast(counter, {:add, 10})
    iex> GenServer.call(counter, :next)
    iex> :sys.get_state(counter)
    iex> GenServer.call(counter, :nonsense)
    iex> GenServer.call(counter, :next)
    """).RunAsync();

internal abstract record CounterRequest
{
    [ErlangTag("next")]
    public sealed record Next : CounterRequest;

    [ErlangTag("add")]
    public sealed record Add(int Step) : CounterRequest;
}

[TermSerializable(typeof(CounterRequest))]
[TermSerializable(typeof(int))]
internal sealed partial class CounterTerms : TermSerializerContext;

internal sealed class Counter() : GenServer<CounterRequest, int>(CounterTerms.Default.CounterRequest, CounterTerms.Default.Int32)
{
    private int _count;

    protected override ValueTask<CallResult> HandleCallAsync(CounterRequest request, CallRequest call)
    {
        _count += request is CounterRequest.Add add ? add.Step : 1;
        return Reply(_count);
    }

    protected override ValueTask<ServerResult> HandleCastAsync(CounterRequest request)
    {
        _count += request is CounterRequest.Add add ? add.Step : 1;
        return NoReply();
    }

    protected override Term FormatState() => Term.Map((new Atom("count"), _count));
}
