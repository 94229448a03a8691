using System.Text;
using Enmesh.Shell;
using Enmesh.TestSupport;

namespace Enmesh.Tests.Shell;

/// <summary>A node of its own with a shell, and what that prints.</summary>
internal sealed class ShellNode : IAsyncDisposable
{
    private readonly LoopbackCluster _cluster = new();
    private readonly StringBuilder _output = new();

    internal ErlangNode Node { get; private set; } = null!;

    internal ShellSession Session { get; private set; } = null!;

    internal static async Task<ShellNode> StartAsync(string name = "shell@127.0.0.1")
    {
        var shell = new ShellNode();
        shell.Node = await shell._cluster.StartAsync(name);
        shell.Session = shell.Node.StartShell(new() { Output = shell.Print });
        return shell;
    }

    /// <summary>What appears on the screen for a line: what it prints, and its value.</summary>
    internal async Task<string> TypeAsync(string line)
    {
        var answer = await Session.EvaluateAsync(line);
        return TakeOutput() + answer.Text;
    }

    internal string TakeOutput()
    {
        lock (_output)
        {
            var text = _output.ToString();
            _output.Clear();
            return text;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Session.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    private void Print(string text)
    {
        lock (_output)
            _output.Append(text);
    }
}
