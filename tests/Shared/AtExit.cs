using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Enmesh.TestSupport;

/// <summary>
/// Undoes what a test has done to the machine even when the test process is killed: a shell that reads from this
/// process learns each shell command to run, forgets it when the test has tidied up itself, and runs what is left, last
/// one first, as soon as its input ends.
/// </summary>
internal static class AtExit
{
    private const string Script = """
        trap '' INT TERM HUP
        commands=''
        while read -r op id command; do
            case $op in
            +) commands="$id $command
        $commands" ;;
            -) commands=$(printf '%s' "$commands" | grep -v "^$id ") ;;
            esac
        done
        printf '%s\n' "$commands" | while read -r id command; do [ -z "$command" ] || eval "$command"; done
        """;

    private static readonly Lock Gate = new();
    private static readonly ConcurrentDictionary<long, string> Pending = new();
    private static StreamWriter? _shell;
    private static long _lastId;

    /// <summary>Runs the command when this process ends, unless the result is disposed before.</summary>
    internal static IDisposable Run(string command)
    {
        lock (Gate)
        {
            var id = ++_lastId;
            Pending[id] = command;
            Tell($"+ {id.ToString(CultureInfo.InvariantCulture)} {command}");
            return new Registration(id);
        }
    }

    private static void Tell(string line)
    {
        _shell ??= StartShell();
        _shell.WriteLine(line);
        _shell.Flush();
    }

    private static StreamWriter StartShell()
    {
        var start = new ProcessStartInfo("sh", ["-c", Script]) { RedirectStandardInput = true, UseShellExecute = false };
        return Process.Start(start)!.StandardInput;
    }

    private sealed class Registration(long id) : IDisposable
    {
        public void Dispose()
        {
            lock (Gate)
            {
                if (Pending.TryRemove(id, out _))
                    Tell($"- {id.ToString(CultureInfo.InvariantCulture)}");
            }
        }
    }
}
