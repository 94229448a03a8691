// The smallest node: one process that answers whoever calls it.
using Enmesh.Hosting;
using Enmesh.Processes;
using Enmesh.Terms;
using Microsoft.Extensions.Hosting;
using Samples;

var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.AddErlangNode().AddProcess("hello", async context =>
{
    while (true)
    {
        if (CallRequest.TryRead(await context.ReceiveAsync(), out var call))
            context.Reply(call, Term.Tuple(new Atom("hello"), call.Request));
    }
});
await builder.Build().SayNext(node =>
    $$"""
    erl -name me@127.0.0.1
    1> net_adm:ping('{{node.Name}}').
    2> gen_server:call({hello, '{{node.Name}}'}, world).
    3> nodes().
    """).RunAsync();
