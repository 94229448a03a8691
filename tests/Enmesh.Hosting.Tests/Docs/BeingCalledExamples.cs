using Enmesh.Modules;
using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.Terms.Serialization;
using Enmesh.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

// Every C# block of docs/being-called.md stands in this file, and runs.
namespace Enmesh.Hosting.Tests.Docs;

/// <summary>Sums and quotients.</summary>
[ErlangModule("calc")]
public sealed partial class Calc
{
    /// <summary>Adds two numbers.</summary>
    [ErlangFunction]
    public int Add(int a, int b) => a + b;

    /// <summary>Divides, and says so when that cannot be.</summary>
    [ErlangFunction]
    public Result<int, Atom> Divide(int dividend, int divisor) =>
        divisor == 0 ? Result.Error(new Atom("by_zero")) : dividend / divisor;
}

#pragma warning disable CA1848, CA1873, CA2254 // shown as people write it
[ErlangModule("stock")]
public sealed partial class Stock(IInventory inventory, ILogger<Stock> logger)
{
    [ErlangFunction]
    public async Task<IReadOnlyList<Item>> FindAsync(string text, int limit = 10, CancellationToken cancellationToken = default)
    {
        logger.LogInformation("Somebody looks for {Text}.", text);
        return await inventory.FindAsync(text, limit, cancellationToken);
    }
}

public sealed record Item(string Sku, int Count);
#pragma warning restore CA1848, CA1873, CA2254

public interface IInventory
{
    Task<IReadOnlyList<Item>> FindAsync(string text, int limit, CancellationToken cancellationToken);
}

[ErlangModule("echo")]
public sealed partial class Echo
{
    [ErlangFunction]
    public async Task RunAsync(ProcessContext context, int times)
    {
        for (; times > 0; times--)
        {
            if (await context.ReceiveAsync() is { TupleElements: [{ Pid: { } from }, var message] })
                await context.SendAsync(from, Term.Tuple(context.Self, message));
        }
    }
}

[ErlangModule("import")]
public sealed partial class Import
{
    [ErlangFunction]
    public async Task<int> RunAsync(IReadOnlyList<string> files, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        for (var done = 0; done < files.Count; done++)
        {
            await File.ReadAllLinesAsync(files[done], cancellationToken);
            progress?.Report(done + 1);
        }
        return files.Count;
    }
}

[ErlangModule("roots")]
public sealed partial class Roots
{
    [ErlangFunction]
    public double Root(double number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        return Math.Sqrt(number);
    }
}

[Trait("Ring", "loopback")]
public sealed class BeingCalledExamples : IAsyncDisposable
{
    private readonly TestHost _host = new();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task The_code_of_the_document_runs()
    {
        _host.With("Enmesh", "shop").Set(("Enmesh:Epmd", "off"), ("Enmesh:Port", null), ("Enmesh:Listen", "false"));
        _host.Builder.Services.AddSingleton<IInventory, Inventory>();
        _host.Builder.AddErlangNode().AddErlangModule<Stock>();
        await _host.StartAsync();
        var node = _host.Node;

        node.Export(new Calc());

        Assert.Equal("3", await CallAsync("calc", "add", 1, 2));
        Assert.Equal("{error,by_zero}", await CallAsync("calc", "divide", 1, 0));
        Assert.Equal("[#{count => 120,sku => <<\"bolt-m10\">>}]", await CallAsync("stock", "find", Term.CharList("bolt")));
        Assert.Equal("[#{count => 120,sku => <<\"bolt-m1\">>}]", await CallAsync("stock", "find", Term.Binary("bolt"), 1));
        Assert.Contains((typeof(Stock).FullName!, LogLevel.Information, "Somebody looks for bolt."), _host.Logs.Lines);

        node.Export(new Roots());
        var refused = await Assert.ThrowsAsync<RpcException>(() => node.RpcAsync(node.Name, "roots", "root", [-1.0]));
        Assert.Equal(
            "roots:root/1 on shop@127.0.0.1 failed: error badarg "
                + "(Number: number ('-1') must be a non-negative value.\nActual value was -1.)",
            refused.Message);

        node.Export(new Echo());
        node.Export(new Import());
        var answers = new TaskCompletionSource<List<Term>>(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Spawn(async context =>
        {
            var echo = await context.SpawnAsync(node.Name, "echo", "run", [1]);
            await context.SendAsync(echo.Pid, Term.Tuple(context.Self, new Atom("hello")));
            var hello = await context.ReceiveAsync();
            var files = Term.List(Term.Binary(Repository.PathTo("README.md")), Term.Binary(Repository.PathTo("LICENSE")));
            await context.SpawnAsync(node.Name, "import", "run", [files, Term.Tuple(context.Self, new Atom("import"))]);
            answers.SetResult([hello, await context.ReceiveAsync(), await context.ReceiveAsync()]);
        });
        var texts = (await answers.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).ConvertAll(answer => answer.ToString());
        Assert.EndsWith(",hello}", texts[0], StringComparison.Ordinal);
        Assert.Equal(["{progress,import,1}", "{progress,import,2}"], texts.Skip(1));
    }

    [Fact]
    public void Every_block_of_the_document_stands_in_this_file()
    {
        var document = Repository.PathTo("docs", "being-called.md");
        Assert.Equal(7, DocSnippets.Count(document));
        Assert.Empty(DocSnippets.NotIn(
            document, Repository.PathTo("tests", "Enmesh.Hosting.Tests", "Docs", "BeingCalledExamples.cs")));
    }

    // Compiled; what it does is looked at above, with the test's own settings.
    internal static void Configure(IHostApplicationBuilder builder)
    {
        builder.AddErlangNode(node => node.Name = "shop@10.0.0.7")
            .AddErlangModule<Stock>();
    }

    private async Task<string> CallAsync(string module, string function, params Term[] arguments) =>
        (await _host.Node.RpcAsync(_host.Node.Name, module, function, arguments)).ToString();

    private sealed class Inventory : IInventory
    {
        public Task<IReadOnlyList<Item>> FindAsync(string text, int limit, CancellationToken cancellationToken) =>
            Task.FromResult<IReadOnlyList<Item>>([new Item($"{text}-m{limit}", 120)]);
    }
}
