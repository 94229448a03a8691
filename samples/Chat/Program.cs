// A chat over Phoenix.PubSub: what is said here is heard by Elixir nodes, and the other way round.
using Enmesh;
using Enmesh.Groups;
using Enmesh.Hosting;
using Enmesh.Terms;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Samples;

var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.AddErlangNode();
builder.Services.AddHostedService<ChatRoom>();
await builder.Build().SayNext(_ =>
    """
    elixir --name elixir@127.0.0.1 samples/Chat/chat.exs
    samples/run chat --Enmesh:Name=more@127.0.0.1
    and write something, here and there
    """).RunAsync();

internal sealed class ChatRoom(ErlangNode node) : BackgroundService
{
    private const string Topic = "room:lobby";
    private static readonly Atom Said = new("said");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pubSub = await node.StartPhoenixPubSubAsync(new PhoenixPubSubOptions("Chat.PubSub"), stoppingToken);
        await Task.WhenAll(ListenAsync(pubSub, stoppingToken), TalkAsync(pubSub, stoppingToken));
    }

    private static async Task ListenAsync(PhoenixPubSub pubSub, CancellationToken stop)
    {
        await foreach (var message in pubSub.ReadAsync(Topic, stop))
        {
            if (message.TupleElements is [{ Atom: { } kind }, var who, var what] && kind == Said)
                Console.WriteLine($"{Text(who)}: {Text(what)}");
        }
    }

    private async Task TalkAsync(PhoenixPubSub pubSub, CancellationToken stop)
    {
        while (await Console.In.ReadLineAsync(stop) is { } line)
            await pubSub.BroadcastAsync(Topic, Term.Tuple(Said, Term.Binary(node.Name.Text), Term.Binary(line)), cancellationToken: stop);
    }

    private static string Text(Term term) => term.TryGetBinary(out var bytes) ? System.Text.Encoding.UTF8.GetString(bytes.Span) : term.ToString()!;
}
