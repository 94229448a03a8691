using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Enmesh.SystemTests.Network;
using Enmesh.SystemTests.Ssh;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Command;

/// <summary>docs/operating.md, typed into a shell: an ordinary user on a host of its own, with real Erlang, OpenSSH and curl.</summary>
[Trait("Ring", "system")]
public sealed partial class DocumentedDayTests
{
    private const string Later = "   # after a moment";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task The_day_goes_as_it_is_documented()
    {
        var steps = Steps(await File.ReadAllLinesAsync(Repository.PathTo("docs", "operating.md"), TestContext.Current.CancellationToken));
        Assert.True(steps.Count > 30);
        await using var network = await VirtualNetwork.CreateAsync("day");
        using var home = new CommandHome();
        await home.RunAsync("--version"); // builds it, once
        using var container = await Home.CreateAsync();
        await using var shell = new Typed(ChildProcess.Start(container.Shell(network.Hosts[0]), keepInput: true));
        var problems = new StringBuilder();
        foreach (var step in steps)
        {
            var printed = await shell.TypeAsync(step.Line);
            using var deadline = new CancellationTokenSource(Patience);
            while (step.MayComeLater && !step.IsAnsweredBy(printed) && !deadline.IsCancellationRequested)
                printed = await shell.TypeAsync(step.Line);
            if (step.IsAnsweredBy(printed))
                continue;
            problems.Append(CultureInfo.InvariantCulture, $"$ {step.Line}\n--- is documented to print\n{step.Expected}\n--- and printed\n{printed}\n");
            problems.Append(CultureInfo.InvariantCulture, $"--- the logs say\n{await shell.TypeAsync("tail -n 5 *.log")}\n");
            break; // what comes after it stands on it
        }
        Assert.True(problems.Length == 0, problems.ToString());
    }

    /// <summary>What stands behind <c>$</c>, with further lines behind <c>&gt;</c>, and below it what is printed.</summary>
    private static List<Step> Steps(string[] page)
    {
        const string Typed = "    $ ", Further = "    > ", Indent = "    ";
        var steps = new List<Step>();
        for (var i = 0; i < page.Length; i++)
        {
            if (!page[i].StartsWith(Typed, StringComparison.Ordinal))
                continue;
            var line = new StringBuilder(page[i][Typed.Length..]);
            while (i + 1 < page.Length && page[i + 1].StartsWith(Further, StringComparison.Ordinal))
                line.Append('\n').Append(page[++i][Further.Length..]);
            var expected = new StringBuilder();
            bool IsPrinted(int at) =>
                at < page.Length && page[at].StartsWith(Indent, StringComparison.Ordinal) && !page[at].StartsWith(Typed, StringComparison.Ordinal);
            // Empty lines are printed, too.
            while (IsPrinted(i + 1) || (i + 1 < page.Length && page[i + 1].Length == 0 && IsPrinted(i + 2)))
                expected.Append(page[++i].Length == 0 ? "" : page[i][Indent.Length..]).Append('\n');
            steps.Add(new(line.ToString(), expected.ToString()));
        }
        return steps;
    }

    /// <summary>A line and what it prints: <c>…</c> is anything in a line, and a line of that alone any lines.</summary>
    private sealed record Step(string Typed, string Expected)
    {
        internal bool MayComeLater => Typed.EndsWith(Later, StringComparison.Ordinal);

        internal string Line => MayComeLater ? Typed[..^Later.Length] : Typed;

        internal bool IsAnsweredBy(string printed)
        {
            var pattern = Regex.Escape(Spaces().Replace(Expected.Trim('\n'), " "))
                .Replace("\\n…\\n", "\\n(?:.*\\n)*?", StringComparison.Ordinal).Replace("…", "[^\\n]*", StringComparison.Ordinal);
            return Regex.IsMatch(Spaces().Replace(printed.Trim('\n'), " "), $"^(?:{pattern})$", RegexOptions.None, TimeSpan.FromSeconds(10));
        }
    }

    /// <summary>A shell, and what it has printed for each line.</summary>
    private sealed class Typed(ChildProcess shell) : IAsyncDisposable
    {
        private int _typed;

        internal async Task<string> TypeAsync(string line)
        {
            var (begin, end) = ($"begin-{++_typed}.", $"end-{_typed}.");
            // The status of a line is there for the next one.
            await shell.Input.WriteAsync($"echo {begin}\n(exit ${{_status:-0}})\n{line}\n_status=$?\necho {end}\n");
            await shell.Input.FlushAsync();
            await shell.WaitForLineAsync(end, Patience);
            var printed = shell.Output;
            var from = printed.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
            return printed[from..printed.IndexOf(end, StringComparison.Ordinal)].Trim('\n');
        }

        public ValueTask DisposeAsync() => shell.DisposeAsync();
    }

    /// <summary>The user's own directory, in a container of his own.</summary>
    private sealed class Home : IDisposable
    {
        private const string Begin = """
            mkdir -m 700 /run/home/run && mkdir /run/home/day && cd /run/home/day
            export HOME=/run/home XDG_RUNTIME_DIR=/run/home/run PATH="/opt:$PATH"
            exec bash --norc 2>&1
            """;

        private readonly string _directory = Directory.CreateTempSubdirectory("enmesh-day-").FullName;
        private readonly string _root;
        private readonly IDisposable _atExit;

        private Home(string root)
        {
            _root = root;
            _atExit = AtExit.Run($"rm -rf --one-file-system '{_directory}'");
            Directory.CreateDirectory($"{_directory}/etc");
            File.WriteAllText($"{_directory}/passwd", Container.Users.Replace("::/tmp:", "::/run/home:", StringComparison.Ordinal));
        }

        internal static async Task<Home> CreateAsync() => new(await Otp.RootAsync(27));

        internal string[] Shell(VirtualHost host) =>
        [
            .. host.Enter, .. Container.Enter(_root, _directory),
            "sh", "-euc", $"install -d -o {Container.User} -g {Container.User} \"$0/run/home\"; exec \"$@\"", $"{_directory}/root",
            .. Container.As(_directory), "sh", "-euc", Begin,
        ];

        public void Dispose()
        {
            Directory.Delete(_directory, recursive: true);
            _atExit.Dispose();
        }
    }

    [GeneratedRegex("[ \t]+", RegexOptions.None, 10_000)]
    private static partial Regex Spaces();
}
