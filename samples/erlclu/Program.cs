// What erlclu is, as a program of one's own: everything that `enmesh node' has, by the same settings, and a service that any member may call.
using Enmesh;
using Enmesh.Behaviours;
using Enmesh.Hosting;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Web;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = Host.CreateApplicationBuilder(args);
var settings = builder.Configuration.GetSection("Enmesh");
var node = builder.AddErlangNode();
if (settings.GetSection("Ssh").Exists())
    node.AddSsh();
builder.AddErlangEndpoints();
if (settings.GetSection("Certificate").Exists())
    builder.AddNodeCertificate();
builder.Services.AddHostedService<LocalConsole>();
builder.Services.AddHostedService<Greetings>();
await builder.Build().RunAsync();

/// <summary>`enmesh eval` and `enmesh console`, for who is on the machine or in the pod as the same user.</summary>
internal sealed class LocalConsole(ErlangNode node) : IHostedService
{
    private IAsyncDisposable? _console;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _console = node.ListenForConsoles();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_console is not null)
            await _console.DisposeAsync();
    }
}

/// <summary>
/// A server in the group <c>erlclu</c>, for whoever calls a member of it. Told to stop, it leaves the group at once and answers on until the node ends: callers
/// that look whom there is to call take others meanwhile, and what is on its way gets its answer.
/// </summary>
internal sealed class Greetings(ErlangNode node, IConfiguration configuration) : IHostedLifecycleService
{
    private static readonly Atom Group = new("erlclu");
    private Pid? _greeter;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var version = configuration.GetValue("Erlclu:Version", 1);
        _greeter = await node.StartServerAsync(() => new Greeter(node, version), new() { Name = ProcessAddress.Group(Group) }, cancellationToken);
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // The first of a host's end: what was added last is asked first, and the node waits its DrainDelay after this.
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        if (_greeter is { } greeter)
            await node.Pg.LeaveAsync(Group, greeter, cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private sealed class Greeter(ErlangNode node, int version) : GenServer
    {
        protected override ValueTask<CallResult> HandleCallAsync(Term request, CallRequest call)
        {
            if (request.AtomText == "greet")
                return Reply(Term.Tuple(new Atom("hello"), node.Name.Atom, version));
            Refuse(call, $"{request} is no request: greet is the only one");
            return NoReply();
        }
    }
}
