using System.Text;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Terms.Text;
using Microsoft.Extensions.Logging;

namespace Enmesh.Services;

/// <summary>The process <c>user</c>: the node's own IO device, and the group leader of all its processes.</summary>
internal sealed class UserProcess(IUserDevice device, LocalNode node, ILogger logger)
{
    internal static readonly Atom Name = new("user");
    private static readonly Term Terminated = Term.Tuple(Atoms.Error, new Atom("terminated"));

    internal async Task RunAsync(ProcessRuntime runtime, ProcessContext context)
    {
        // Whoever had none of its own has this one, also after a restart.
        runtime.DefaultGroupLeader = context.Self;
        var requests = new IoRequests(new() { LocalNode = node }, () => device.Geometry);
        while (true)
        {
            var message = await context.ReceiveAsync().ConfigureAwait(false);
            if (SystemRequest.TryRead(message, out var system))
                system.Answer(context, Name, Atoms.Undefined);
            if (!IoRequests.TryRead(message, out var from, out var replyAs, out var request))
                continue;
            var text = new StringBuilder();
            var reply = requests.Handle(request, text);
            if (text.Length > 0 && !TryWrite(text.ToString()))
                reply = Terminated;
            // An answer that nobody can take any more is lost.
            context.Answer(from, IoRequests.Reply(replyAs, reply));
        }
    }

    private bool TryWrite(string text)
    {
        try
        {
            device.Write(text);
            return true;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            logger.UserDeviceFailed(e);
            return false;
        }
    }
}

/// <summary>Where the process <c>user</c> writes.</summary>
internal interface IUserDevice
{
    /// <summary>The size of the terminal; null when it is none.</summary>
    (int Columns, int Rows)? Geometry { get; }

    /// <exception cref="IOException">It can no longer be written.</exception>
    void Write(string text);
}

/// <summary>A text writer as the device, the console by default.</summary>
internal sealed class WriterDevice(TextWriter? writer) : IUserDevice
{
    public (int Columns, int Rows)? Geometry
    {
        get
        {
            if (writer is not null || Console.IsOutputRedirected)
                return null;
            try
            {
                return (Console.WindowWidth, Console.WindowHeight);
            }
            catch (IOException)
            {
                return null; // no terminal after all
            }
        }
    }

    public void Write(string text)
    {
        var output = writer ?? Console.Out;
        output.Write(text);
        output.Flush();
    }
}

/// <summary>The log as the device: each line is an event.</summary>
internal sealed class LogDevice(ILogger logger) : IUserDevice
{
    // A line that never ends must not gather for ever.
    private const int LongestLine = 16 << 10;

    private readonly StringBuilder _line = new();

    public (int Columns, int Rows)? Geometry => null;

    public void Write(string text)
    {
        foreach (var c in text)
        {
            if (c != '\n')
                _line.Append(c);
            if (c == '\n' || _line.Length >= LongestLine)
                EndLine();
        }
    }

    private void EndLine()
    {
        if (logger.IsEnabled(LogLevel.Information))
            logger.UserPrinted(_line.ToString());
        _line.Clear();
    }
}

/// <summary>A device that forgets.</summary>
internal sealed class NullDevice : IUserDevice
{
    public (int Columns, int Rows)? Geometry => null;

    public void Write(string text)
    {
    }
}
