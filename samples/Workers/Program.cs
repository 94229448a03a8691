// A web API whose work is shared by all nodes: whoever runs this program joins the group `workers', and each has its part of every request.
using System.Text.Json;
using System.Text.Json.Serialization;
using Enmesh;
using Enmesh.Behaviours;
using Enmesh.Hosting;
using Enmesh.Processes;
using Enmesh.Terms;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Samples;

var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.Services.ConfigureHttpJsonOptions(json =>
{
    json.SerializerOptions.TypeInfoResolverChain.Insert(0, AnswerJson.Default);
    json.SerializerOptions.WriteIndented = true;
});
builder.AddErlangNode();
builder.Services.AddHostedService<Worker>();
var app = builder.Build();
app.MapGet("/primes/{below:int:min(2)}", async (int below, ErlangNode node, CancellationToken stop) =>
{
    var workers = node.Pg.Members(Worker.Group);
    var parts = await Task.WhenAll(workers.Select(async (worker, i) =>
    {
        var (from, to) = ((int)((long)below * i / workers.Count), (int)((long)below * (i + 1) / workers.Count));
        var found = await node.CallAsync(worker, Term.Tuple(new Atom("primes"), from, to), TimeSpan.FromMinutes(1), stop);
        return new Part(worker.Node.Text, from, to, found.Int32!.Value);
    }));
    return new Answer(parts.Sum(part => part.Primes), parts);
});
app.SayNext(node =>
    $"""
    curl {app.Urls.First()}/primes/1000000
    samples/run workers --Enmesh:Name=more@127.0.0.1 --urls=http://127.0.0.1:0     # one more to share the work; then curl again
    erl -name me@127.0.0.1 -eval 'net_adm:ping('"'{node.Name}'"'), pg:start(pg)'
    1> pg:get_members(workers).
    """);
await app.RunAsync();

/// <summary>Counts primes, as a member of the group.</summary>
internal sealed class Worker(ErlangNode node) : IHostedService
{
    internal static readonly Atom Group = new("workers");

    public async Task StartAsync(CancellationToken cancellationToken) =>
        await node.StartServerAsync(() => new PrimeServer(), new() { Name = ProcessAddress.Group(Group) }, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private sealed class PrimeServer : GenServer
    {
        protected override ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call)
        {
            if (request.TupleElements is [{ AtomText: "primes" }, { Int32: { } from }, { Int32: { } to }])
                return Reply(Enumerable.Range(from, to - from).Count(IsPrime));
            Refuse(call, $"{request} is no request: {{primes, From, To}} is the only one");
            return NoReply();
        }

        private static bool IsPrime(int number)
        {
            for (var i = 2; (long)i * i <= number; i++)
            {
                if (number % i == 0)
                    return false;
            }
            return number > 1;
        }
    }
}

internal sealed record Part(string Node, int From, int To, int Primes);

internal sealed record Answer(int Primes, Part[] Parts);

[JsonSerializable(typeof(Answer))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class AnswerJson : JsonSerializerContext;
