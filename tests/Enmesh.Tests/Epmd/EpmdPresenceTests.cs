using Enmesh.Epmd;
using Enmesh.Testing;
using Enmesh.Transport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Tests.Epmd;

[Trait("Ring", "pure")]
public sealed class EpmdPresenceTests
{
    private readonly InMemoryTransport _network = new();
    private readonly VirtualTime _time = new();
    private readonly EpmdSettings _settings = new(4369, []);

    [Fact]
    public async Task A_registration_outlives_a_restart_of_EPMD()
    {
        var server = Serve();
        await using var node = await StartAsync(EpmdMode.Register, "orders");
        var creation = node.Creation;
        Assert.Equal(new EpmdState.Registered(creation), node.State);
        await server.DisposeAsync();
        await FirstPauseAsync();
        Assert.Equal(new EpmdState.Unregistered("EPMD on 127.0.0.1:4369 has gone.", 0), node.State);
        await using var again = Serve();
        _time.Advance(TimeSpan.FromSeconds(0.5));

        await UntilAsync(() => again.Entries.Count == 1);
        await UntilAsync(() => node.State is EpmdState.Registered);
        // Pids that are about bear the first creation.
        Assert.Equal(creation, node.Creation);
    }

    [Fact]
    public async Task Pauses_grow_while_EPMD_is_away()
    {
        var server = Serve();
        await using var node = await StartAsync(EpmdMode.Register, "orders");
        await server.DisposeAsync();
        await UntilAsync(() => node.State is EpmdState.Unregistered);
        for (var (failures, full) = (1, 0.5); failures <= 6; failures++, full *= 2)
        {
            var step = TimeSpan.FromSeconds(full / 16);
            var before = _time.Elapsed;
            await UntilAsync(() =>
            {
                if (node.State is EpmdState.Unregistered now && now.Failures == failures)
                    return true;
                _time.Advance(step);
                return false;
            });
            // The pause is half to all of the full one; the last steps before it may have been taken after it had
            // begun.
            Assert.True(
                _time.Elapsed - before >= TimeSpan.FromSeconds(full / 4),
                $"Pause {failures} took {_time.Elapsed - before}.");
        }

        var state = Assert.IsType<EpmdState.Unregistered>(node.State);
        Assert.StartsWith("No EPMD answers on 127.0.0.1:4369", state.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_another_took_meanwhile_is_taken_back_when_it_is_free()
    {
        var server = Serve();
        await using var node = await StartAsync(EpmdMode.Register, "orders");
        await server.DisposeAsync();
        await FirstPauseAsync();
        await using var again = Serve();
        var other = await new EpmdClient(_network, TimeProvider.System).RegisterAsync("h", new EpmdEntry("orders", 17));
        _time.Advance(TimeSpan.FromSeconds(0.5));
        await UntilAsync(() => node.State is EpmdState.Unregistered { Failures: 1 });
        Assert.Contains("already registered", ((EpmdState.Unregistered)node.State).Problem, StringComparison.Ordinal);
        await other.Connection.DisposeAsync();
        await UntilAsync(() => again.Entries.Count == 0);
        await _time.TimerDueInAsync(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(1));

        await UntilAsync(() => again.Entries is [{ Port: 4370 }]);
    }

    [Fact]
    public async Task Without_EPMD_the_start_fails_and_says_so()
    {
        var e = await Assert.ThrowsAsync<EpmdException>(() => StartAsync(EpmdMode.Register, "orders"));

        Assert.Equal(EpmdFailure.Unreachable, e.Failure);
    }

    [Fact]
    public async Task Two_nodes_of_one_name_are_one_too_many()
    {
        await using var first = await StartAsync(EpmdMode.Embedded, "orders");
        var e = await Assert.ThrowsAsync<EpmdException>(() => StartAsync(EpmdMode.Embedded, "orders"));

        Assert.Equal(EpmdFailure.NameTaken, e.Failure);
    }

    [Fact]
    public async Task The_second_embedded_one_registers_with_the_first_and_takes_over_after_it()
    {
        var first = await StartAsync(EpmdMode.Embedded, "a");
        await using var second = await StartAsync(EpmdMode.Embedded, "b");
        await using var third = await StartAsync(EpmdMode.Register, "c");
        Assert.Equal((true, false, false), (first.IsServer, second.IsServer, third.IsServer));
        var client = new EpmdClient(_network, TimeProvider.System);
        Assert.Equal(["c", "b", "a"], (await client.NamesAsync("h")).Select(n => n.Name));
        await first.DisposeAsync();
        Assert.IsType<EpmdState.Ended>(first.State);
        // Both wait now, and whoever comes first, the second one serves.
        await UntilAsync(() => second.State is EpmdState.Unregistered && third.State is EpmdState.Unregistered);
        await UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(0.5));
            return second.State is EpmdState.Registered && third.State is EpmdState.Registered;
        });

        Assert.True(second.IsServer);
        Assert.Equal(["b", "c"], (await client.NamesAsync("h")).Select(n => n.Name).Order());
    }

    [Fact]
    public async Task What_has_the_port_and_is_no_EPMD_is_named_as_such()
    {
        await using var listener = _network.Listen(ListenAddress.Loopback(4369));
        var starting = StartAsync(EpmdMode.Embedded, "orders");
        await using (var connection = await listener.AcceptAsync())
            await connection.WriteAsync("SSH-2.0-OpenSSH"u8.ToArray());

        var e = await Assert.ThrowsAsync<EpmdException>(() => starting);
        Assert.Equal(EpmdFailure.Protocol, e.Failure);
    }

    private EpmdServer Serve() => EpmdServer.Start(_settings, _network, TimeProvider.System, NullLogger.Instance);

    private Task<EpmdPresence> StartAsync(EpmdMode mode, string name) =>
        EpmdPresence.StartAsync(mode, _settings, new EpmdEntry(name, 4370), _network, _time, NullLogger.Instance);

    private Task FirstPauseAsync() => _time.TimerDueInAsync(TimeSpan.FromSeconds(0.25), TimeSpan.FromSeconds(0.5));

    private static Task UntilAsync(Func<bool> condition) => EpmdServerTests.UntilAsync(condition);
}

[Trait("Ring", "pure")]
public sealed class EpmdSettingsTests
{
    [Fact]
    public void The_variables_of_epmd_are_read()
    {
        var variables =
            new Dictionary<string, string> { ["ERL_EPMD_PORT"] = "4400", ["ERL_EPMD_ADDRESS"] = "10.0.0.7, ::1," };
        var settings = EpmdSettings.FromEnvironment(variables.GetValueOrDefault);

        Assert.Equal(4400, settings.Port);
        Assert.Equal(["10.0.0.7", "::1"], settings.Addresses.Select(a => a.ToString()));
    }

    [Fact]
    public void Without_them_it_is_the_well_known_port_on_loopback()
    {
        var settings = EpmdSettings.FromEnvironment(_ => null);

        Assert.Equal(4369, settings.Port);
        Assert.Empty(settings.Addresses);
    }

    [Theory]
    [InlineData("ERL_EPMD_PORT", "0")]
    [InlineData("ERL_EPMD_PORT", "65536")]
    [InlineData("ERL_EPMD_PORT", "tcp://10.0.0.1:4369")]
    [InlineData("ERL_EPMD_ADDRESS", "10.0.0.7,somewhere")]
    public void Nonsense_is_refused_with_the_name_of_the_variable(string variable, string value)
    {
        var e = Assert.Throws<FormatException>(() => EpmdSettings.FromEnvironment(v => v == variable ? value : null));

        Assert.StartsWith(variable, e.Message, StringComparison.Ordinal);
    }
}
