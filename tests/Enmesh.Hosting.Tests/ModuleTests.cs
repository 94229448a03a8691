using Enmesh.Modules;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Enmesh.Hosting.Tests;

/// <summary>Modules out of the host's services.</summary>
[Trait("Ring", "loopback")]
public sealed class ModuleTests : IAsyncDisposable
{
    private readonly TestHost _host = new();

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Each_call_has_a_scope_that_ends_with_it()
    {
        _host.Builder.Services.AddScoped<Session>().AddSingleton<Ledger>();
        await StartAsync();
        Assert.Equal(1, await CallAsync());
        Assert.Equal(2, await CallAsync());
        Assert.Equal(
            (2, 2),
            (_host.Services.GetRequiredService<Ledger>().Begun, _host.Services.GetRequiredService<Ledger>().Ended));
    }

    [Fact]
    public async Task A_class_that_is_a_singleton_already_is_one_object_for_all_calls()
    {
        _host.Builder.Services.AddScoped<Session>().AddSingleton<Ledger>();
        _host.Builder.Services.AddSingleton(new Visits(new Session(new Ledger())));
        await StartAsync();
        Assert.Equal((1, 1), (await CallAsync(), await CallAsync()));
        Assert.Equal(0, _host.Services.GetRequiredService<Ledger>().Begun);
    }

    [Fact]
    public async Task What_a_class_needs_and_nobody_has_is_the_callers_to_know()
    {
        await StartAsync();
        var error = await Assert.ThrowsAsync<Services.RpcException>(CallAsync);
        Assert.StartsWith(
            "{exception,<<\"System.InvalidOperationException\">>,", error.Reason.ToString(), StringComparison.Ordinal);
    }

    private async Task StartAsync()
    {
        _host.With("Enmesh", "visits")
            .Set(("Enmesh:Epmd", "off"), ("Enmesh:Port", null), ("Enmesh:Listen", "false")).Builder
            .AddErlangNode()
            .AddErlangModule<Visits>();
        await _host.StartAsync();
    }

    private async Task<int?> CallAsync() => (await _host.Node.RpcAsync(_host.Node.Name, "visits", "number", [])).Int32;

    internal sealed class Ledger
    {
        public int Begun { get; set; }

        public int Ended { get; set; }
    }

    internal sealed class Session : IAsyncDisposable
    {
        private readonly Ledger _ledger;

        public Session(Ledger ledger)
        {
            _ledger = ledger;
            Number = ++ledger.Begun;
        }

        public int Number { get; }

        public ValueTask DisposeAsync()
        {
            _ledger.Ended++;
            return default;
        }
    }
}

[ErlangModule]
internal sealed partial class Visits(ModuleTests.Session session)
{
    [ErlangFunction]
    public async Task<int> NumberAsync()
    {
        await Task.Yield();
        return session.Number;
    }
}
