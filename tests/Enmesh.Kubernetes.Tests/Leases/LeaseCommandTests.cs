using Enmesh.Kubernetes.Tests.KubeApi;
using Enmesh.SystemTests.Command;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Kubernetes.Tests.Leases;

/// <summary><c>enmesh lease run</c> and <c>wait</c> as programs, as a Job and an init container run them.</summary>
[Trait("Ring", "system")]
public sealed class LeaseCommandTests : IAsyncLifetime
{
    private readonly CommandHome _home = new();
    private KubeApiServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await KubeApiServer.StartAsync();
        await File.WriteAllTextAsync(_home.PathTo("kubeconfig"), _server.KubeConfig);
        _home.Variables["KUBECONFIG"] = _home.PathTo("kubeconfig");
        _home.Variables["KUBERNETES_SERVICE_HOST"] = null;
        // The first command may have to be built; what follows is waited for from then on.
        _ = (await _home.RunAsync("--version")).Successful;
    }

    public async ValueTask DisposeAsync()
    {
        _home.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task What_is_done_once_is_not_done_again_and_who_waits_for_it_goes_on()
    {
        await using var waiting = _home.Start("lease", "wait", "migrations", "--done", "1.4.2");
        await waiting.WaitForLineAsync("waiting for 1.4.2: there is no Lease 'migrations' yet", TimeSpan.FromMinutes(10));
        var first = await RunAsync("echo migrated; echo x >> done");
        Assert.Equal((0, "migrated\n"), (first.ExitCode, first.Output));
        Assert.Equal(0, (await waiting.WaitForExitAsync(TimeSpan.FromMinutes(1))).ExitCode);
        var second = await RunAsync("echo x >> done");
        Assert.Equal(0, second.ExitCode);
        Assert.Contains("1.4.2 is done already.", second.Errors, StringComparison.Ordinal);
        Assert.Equal("x\n", await File.ReadAllTextAsync(_home.PathTo("done")));
        // Given up, so that the next deploy does not wait.
        Assert.Equal("", (string?)_server.Store.Find(new(KubeObjects.Leases, "orders", "migrations"))!["spec"]!["holderIdentity"]);
    }

    [Fact]
    public async Task What_fails_is_not_marked_and_its_status_is_the_commands()
    {
        var failed = await RunAsync("exit 7");
        Assert.Equal(7, failed.ExitCode);
        var waiting = await _home.RunAsync("lease", "wait", "migrations", "--done", "1.4.2", "--timeout", "1");
        Assert.Equal(1, waiting.ExitCode);
        Assert.Contains("1.4.2 was not done within 1 s.", waiting.Errors, StringComparison.Ordinal);
        var missing = await _home.RunAsync("lease", "run", "migrations", "--", "/nowhere/migrate");
        Assert.Equal(2, missing.ExitCode);
        Assert.Contains("'/nowhere/migrate' cannot be started", missing.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_whose_lease_is_taken_is_told_to_end()
    {
        await using var running = _home.Start("lease", "run", "migrations", "--done", "1.4.2", "--", "sh", "-c", "trap 'echo told; exit 3' TERM; echo begun; while :; do sleep 0.1; done");
        await running.WaitForLineAsync("begun", TimeSpan.FromMinutes(10));
        _server.Store.Change(new(KubeObjects.Leases, "orders", "migrations"), lease =>
        {
            lease!["spec"]!["holderIdentity"] = "somebody else";
            return lease;
        });
        await running.WaitForLineAsync("told", TimeSpan.FromMinutes(1));
        var ended = await running.WaitForExitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("The Lease was lost (somebody else has it); the command was ended.", ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_job_that_is_told_to_end_tells_its_command_and_gives_the_lease_up()
    {
        await using var running = _home.Start("lease", "run", "migrations", "--", "sh", "-c", "trap 'echo told; exit 0' TERM; echo begun; while :; do sleep 0.1; done");
        await running.WaitForLineAsync("begun", TimeSpan.FromMinutes(10));
        await running.SignalAsync("TERM");
        await running.WaitForLineAsync("told", TimeSpan.FromMinutes(1));
        Assert.Equal(1, (await running.WaitForExitAsync(TimeSpan.FromMinutes(1))).ExitCode);
        Assert.Equal("", (string?)_server.Store.Find(new(KubeObjects.Leases, "orders", "migrations"))!["spec"]!["holderIdentity"]);
    }

    private Task<CommandResult> RunAsync(string script) => _home.RunAsync("lease", "run", "migrations", "--done", "1.4.2", "--", "sh", "-c", script);
}
