using Enmesh.Files;
using Enmesh.Handshake;
using Enmesh.Testing;
using Enmesh.TestSupport;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Tests;

[Trait("Ring", "loopback")]
public sealed class LiveCookiesTests : IDisposable
{
    private const string First = "QWZUBGPYNEKSNDHBVRLD";
    private const string Second = "MXTHLKQRZBWPCJVNDSGF";
    private const string Third = "KQJWZXNVBTRMHGPLDCFS";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _folder = Directory.CreateTempSubdirectory("enmesh-cookies-").FullName;
    private readonly VirtualTime _time = new();
    private readonly LogKeeper _logs = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_new_cookie_is_used_and_the_one_before_is_accepted_for_its_time()
    {
        using var live = Open(Write("cookie", First), TimeSpan.FromMinutes(10));
        Write("cookie", Second);
        await LookAsync(() => live.Current.Current == Second);
        Assert.Equal(Second, Accepted(live, Second));
        Assert.Equal(First, Accepted(live, First));

        _time.Advance(TimeSpan.FromMinutes(11));
        Assert.Null(Accepted(live, First));
        Assert.Equal(Second, Accepted(live, Second));
        Assert.Contains(_logs.Lines, line => line.Text.StartsWith("A cookie that has left ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_such_a_time_it_is_refused_at_once()
    {
        using var live = Open(Write("cookie", First), TimeSpan.Zero);
        Write("cookie", Second);
        await LookAsync(() => live.Current.Current == Second);
        Assert.Null(Accepted(live, First));
    }

    [Fact]
    public async Task A_cookie_that_comes_back_is_no_longer_a_previous_one()
    {
        using var live = Open(Write("cookie", First), TimeSpan.FromDays(7));
        Write("cookie", Second);
        await LookAsync(() => live.Current.Current == Second);
        Write("cookie", First);
        await LookAsync(() => live.Current.Current == First);
        _time.Advance(TimeSpan.FromDays(8));
        Assert.Equal(First, Accepted(live, First));
        Assert.Null(Accepted(live, Second));
    }

    [Fact]
    public async Task All_lines_are_tried_when_we_dial_the_first_of_them_first()
    {
        using var live = Open(Write("cookie", $"{First}\n{Second}"), TimeSpan.FromDays(7));
        Assert.Equal([First, Second], live.Current.InTurn().Select(cookies => cookies.Current));
        Write("cookie", Third);
        await LookAsync(() => live.Current.Current == Third);
        Assert.Equal([Third, First, Second], live.Current.InTurn().Select(cookies => cookies.Current));
    }

    [Fact]
    public async Task Cookies_that_change_again_and_again_are_not_all_kept()
    {
        using var live = Open(Write("cookie", First), TimeSpan.FromDays(7));
        for (var i = 0; i < 8; i++)
        {
            var next = $"{Second}{i}";
            Write("cookie", next);
            await LookAsync(() => live.Current.Current == next);
        }
        Assert.Equal([.. Enumerable.Range(0, 5).Select(i => $"{Second}{7 - i}")], live.Current.InTurn().Select(cookies => cookies.Current));
    }

    [Fact]
    public async Task A_file_of_no_use_changes_nothing_and_is_told_of_once_without_its_cookie()
    {
        var file = Write("cookie", First);
        using var live = Open(file, TimeSpan.FromMinutes(10));
        Write("cookie", "sesame");
        await LookAsync(() => _logs.Lines.Any(line => line.Level == LogLevel.Error));
        for (var i = 0; i < 5; i++)
            _time.Advance(FileWatch.LookEvery);
        Assert.Equal(First, live.Current.Current);
        Assert.StartsWith(
            $"The cookies stay as they were, since their file has changed and is of no use: The cookie in line 1 of {file}",
            Assert.Single(_logs.Lines, line => line.Level == LogLevel.Error).Text, StringComparison.Ordinal);

        Write("cookie", Second);
        await LookAsync(() => live.Current.Current == Second);
        Assert.DoesNotContain(_logs.Lines, line => new[] { First, Second, "sesame" }.Any(cookie => line.Text.Contains(cookie, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Nodes_that_hear_of_a_new_cookie_at_different_times_meet_in_both_directions()
    {
        using var logs = new LogKeeper();
        await using var cluster = new LoopbackCluster();
        var (a, b) = (await StartAsync(cluster, "a@127.0.0.1", logs), await StartAsync(cluster, "b@127.0.0.1", new LogKeeper()));
        await a.ConnectAsync(b.Name);
        Write(a.Name.Text, Second);
        await logs.UntilAsync("handshakes use its first cookie from now on").WaitAsync(Patience);
        Assert.Equal([b.Name], a.ConnectedNodes); // a link outlives its cookie

        await PartAsync(a, b);
        await a.ConnectAsync(b.Name);
        await PartAsync(a, b);
        await b.ConnectAsync(a.Name);
    }

    [Fact]
    public async Task A_node_that_knows_none_of_the_cookies_is_told_so_once_all_were_tried()
    {
        await using var cluster = new LoopbackCluster();
        Write("a@127.0.0.1", $"{First}\n{Second}");
        Write("b@127.0.0.1", Third);
        var (a, b) = (await StartAsync(cluster, "a@127.0.0.1", _logs), await StartAsync(cluster, "b@127.0.0.1", new LogKeeper()));
        var error = await Assert.ThrowsAsync<HandshakeException>(() => a.ConnectAsync(b.Name));
        Assert.Equal(HandshakeFailure.CookieMismatch, error.Failure);
    }

    private async Task<ErlangNode> StartAsync(LoopbackCluster cluster, string name, LogKeeper logs)
    {
        var file = Path.Combine(_folder, name);
        if (!File.Exists(file))
            Write(name, First);
        return await cluster.StartAsync(
            name, logs: logs, with: plan => plan with { CookieFile = new(CookieSource.Locate(file), Insecure: false, TimeSpan.FromMinutes(10)) });
    }

    private static async Task PartAsync(ErlangNode one, ErlangNode other)
    {
        await one.DisconnectAsync(other.Name);
        while (one.ConnectedNodes.Count + other.ConnectedNodes.Count > 0)
            await Task.Yield();
    }

    private LiveCookies Open(string file, TimeSpan previousFor) => new(new(CookieSource.Locate(file), Insecure: false, previousFor), _time, _logs);

    private static string? Accepted(LiveCookies live, string cookie) => live.Current.FindUsed(ChallengeDigest.Compute(cookie, 4711), 4711);

    // The system may be quicker than the look, and its notice on its way.
    private async Task LookAsync(Func<bool> seen)
    {
        for (var end = DateTime.UtcNow + Patience; !seen() && DateTime.UtcNow < end; await Task.Yield())
        {
            _time.Advance(LiveCookies.Settling);
            if (!seen())
                _time.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.True(seen());
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        var temporary = path + ".new";
        File.WriteAllText(temporary, text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(temporary, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Move(temporary, path, overwrite: true);
        return path;
    }
}
