using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Samples;

/// <summary>Each sample, started by its one command and tried as it says.</summary>
[Trait("Ring", "system")]
public sealed class SampleTests : IAsyncLifetime
{
    // The first run builds.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly List<ChildProcess> _running = [];
    private BeamHome _home = null!;
    private BeamEpmd _epmd = null!;
    private string _cookie = "";

    public async ValueTask InitializeAsync()
    {
        _cookie = Otp.NewCookie();
        _home = BeamHome.Create(await Otp.RootAsync(Otp.Newest), _cookie);
        _epmd = await BeamEpmd.StartAsync(Otp.Newest);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _running)
            await process.DisposeAsync();
        await _epmd.DisposeAsync();
        _home.Dispose();
    }

    [Fact]
    public async Task Hello_answers_an_erl()
    {
        await StartAsync("hello");
        await using var erl = await StartErlAsync();
        Assert.Equal("pong", await erl.EvalAsync("net_adm:ping('hello@127.0.0.1')"));
        Assert.Equal("{hello,world}", await erl.EvalAsync("gen_server:call({hello, 'hello@127.0.0.1'}, world)"));
        Assert.Equal("['hello@127.0.0.1']", await erl.EvalAsync("nodes()"));
    }

    [Fact]
    public async Task Counter_answers_an_iex_and_survives_nonsense()
    {
        await StartAsync("counter");
        await using var iex = await StartErlAsync();
        Assert.Equal(
            "{1, :ok, 12, %{count: 12}}",
            await iex.EvalElixirAsync(
                """
                counter = {:counter, :"shop@127.0.0.1"}
                call = &GenServer.call(counter, &1)
                {call.(:next), GenServer.cast(counter, {:add, 10}), call.(:next), :sys.get_state(counter)}
                """));
        var refusal = await iex.EvalElixirAsync(
            """
            try do GenServer.call({:counter, :"shop@127.0.0.1"}, :nonsense) catch :exit, {{:badarg, why}, _} -> why end
            """);
        Assert.Contains("expected one of next, {add, Step}", refusal, StringComparison.Ordinal);
        Assert.Equal("13", await iex.EvalElixirAsync("GenServer.call({:counter, :\"shop@127.0.0.1\"}, :next)"));
    }

    [Fact]
    public async Task Workers_share_the_work_of_a_request()
    {
        var web = await StartAsync("workers", "--urls=http://127.0.0.1:0");
        var address = Regex.Match(await web.WaitForLineAsync("curl http", Patience), "http://127.0.0.1:[0-9]+").Value;
        using var client = new HttpClient { BaseAddress = new Uri(address), Timeout = Patience };
        Assert.Equal(["web@127.0.0.1"], await AskAsync(client));
        await StartAsync("workers", "--urls=http://127.0.0.1:0", "--Enmesh:Name=more@127.0.0.1");
        while ((await AskAsync(client)).Count == 1)
            await Task.Yield();
        Assert.Equal(["more@127.0.0.1", "web@127.0.0.1"], await AskAsync(client));
        await using var erl = await StartErlAsync();
        await erl.EvalAsync("net_adm:ping('web@127.0.0.1'), net_adm:ping('more@127.0.0.1'), pg:start(pg)");
        await erl.WaitForAsync("length(pg:get_members(workers))", "2");
        using var wrong = await client.GetAsync(new Uri("/primes/1", UriKind.Relative));
        Assert.Equal(404, (int)wrong.StatusCode);

        static async Task<IReadOnlyList<string>> AskAsync(HttpClient client)
        {
            using var answer = JsonDocument.Parse(
                await client.GetStringAsync(new Uri("/primes/1000", UriKind.Relative)));
            Assert.Equal(168, answer.RootElement.GetProperty("primes").GetInt32());
            return [.. answer.RootElement.GetProperty("parts").EnumerateArray().Select(part => part.GetProperty("node").GetString()!).Order(StringComparer.Ordinal)];
        }
    }

    [Fact]
    public async Task Chat_talks_with_the_script_in_elixir()
    {
        var chat = await StartAsync("chat");
        File.Copy(Repository.PathTo("samples", "Chat", "chat.exs"), Path.Combine(_home.Outside, "chat.exs"));
        var elixir = ChildProcess.Start(
            [.. _home.Enter, "elixir", "--name", "elixir@127.0.0.1", $"{_home.Inside}/chat.exs"], _home.Environment(_epmd.Port), keepInput: true);
        _running.Add(elixir);
        await elixir.WaitForLineAsync("is in the chat with [:\"chat@127.0.0.1\"]", Patience);
        // Who is in the group is known to either side a moment after they have met: what is said before is not heard.
        await SayUntilHeardAsync(elixir, "from elixir", chat, "elixir@127.0.0.1: from elixir");
        await SayUntilHeardAsync(chat, "from here", elixir, "chat@127.0.0.1: from here");
    }

    [Fact]
    public async Task An_unknown_sample_is_told_which_there_are()
    {
        var result = await ChildProcess.RunAsync([Repository.PathTo("samples", "run"), "nonsense"]);
        Assert.Equal(64, result.ExitCode);
        Assert.Contains("hello|counter|workers|chat", result.Errors, StringComparison.Ordinal);
    }

    private static async Task SayUntilHeardAsync(
        ChildProcess speaker, string words, ChildProcess listener, string heard)
    {
        var hearing = listener.WaitForLineAsync(heard, Patience);
        while (!hearing.IsCompleted)
        {
            await speaker.Input.WriteLineAsync(words);
            await speaker.Input.FlushAsync();
            await Task.WhenAny(hearing, Task.Delay(TimeSpan.FromMilliseconds(100)));
        }
        await hearing;
    }

    private async Task<ChildProcess> StartAsync(string sample, params string[] arguments)
    {
        var cookieFile = Path.Combine(_home.Outside, ".erlang.cookie");
        var process = ChildProcess.Start(
            [Repository.PathTo("samples", "run"), sample, .. arguments],
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["ENMESH_COOKIE_FILE"] = cookieFile,
                ["ERL_EPMD_PORT"] = _epmd.Port.ToString(CultureInfo.InvariantCulture),
                ["ERL_DIST_PORT"] = null,
                ["NODE_HOST"] = null,
                ["POD_IP"] = null,
            },
            keepInput: true);
        _running.Add(process);
        await process.WaitForLineAsync("is running; Ctrl-C ends it", Patience);
        return process;
    }

    private Task<BeamNode> StartErlAsync() => BeamNode.StartAsync(Otp.Newest, new() { Cookie = _cookie, Epmd = _epmd });
}
