using System.Text;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Services;

/// <summary>
/// Output to a process's group leader: the terminal of whoever has started it, on whatever node that is.
/// </summary>
public static class GroupLeaderIo
{
    private static readonly Atom IoRequest = new("io_request");
    private static readonly Atom PutChars = new("put_chars");
    private static readonly Atom Unicode = new("unicode");
    private static readonly Term Terminated = Term.Tuple(Atoms.Error, new Atom("terminated"));

    /// <summary>Prints text, and waits until that is done.</summary>
    /// <exception cref="IOException">The group leader has ended, is out of reach, or cannot print it.</exception>
    public static async ValueTask PrintAsync(this ProcessContext context, string text)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(text);
        var reply = await context.IoRequestAsync(Request(text)).ConfigureAwait(false);
        if (!reply.IsAtom(Atoms.Ok))
            throw new IOException($"The group leader {context.GroupLeader} did not print it: {reply}");
    }

    /// <summary>Prints terms by a format, as <c>io:format/2</c>.</summary>
    /// <exception cref="FormatException">The format or an argument is wrong.</exception>
    /// <exception cref="IOException">The group leader has ended, is out of reach, or cannot print it.</exception>
    public static ValueTask PrintAsync(
        this ProcessContext context, string format, params ReadOnlySpan<Term> arguments) =>
        context.PrintAsync(ErlangText.Format(format, arguments));

    /// <summary>A writer to the group leader, for code that knows nothing of processes.</summary>
    /// <remarks>
    /// It gathers text until it is flushed. <see cref="TextWriter.FlushAsync()"/> waits until that is printed;
    /// <see cref="TextWriter.Flush"/> only sends it. To be used by the process alone.
    /// </remarks>
    public static TextWriter CreateOutput(this ProcessContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new GroupLeaderWriter(context);
    }

    /// <summary>Sends a request of the I/O protocol, and gives the reply.</summary>
    /// <param name="context">Who asks.</param>
    /// <param name="request">The request, as <c>{put_chars, unicode, "text"}</c>.</param>
    /// <param name="device">Another device than the group leader.</param>
    /// <returns>The reply; <c>{error, terminated}</c> when the device has ended or is out of reach.</returns>
    public static async ValueTask<Term> IoRequestAsync(
        this ProcessContext context, Term request, ProcessAddress? device = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        try
        {
            return await context.AskAsync(
                device ?? context.GroupLeader,
                tag => Term.Tuple(IoRequest, context.Self, tag, request),
                static (message, tag) =>
                    message.TupleElements is [{ Atom: { } kind }, { Reference: { } own }, var reply]
                    && kind == IoRequests.IoReply && own == tag ? reply : (Term?)null,
                Timeout.InfiniteTimeSpan).ConfigureAwait(false);
        }
        catch (CallExitException)
        {
            return Terminated;
        }
    }

    /// <summary>Sends text whose printing nobody waits for.</summary>
    internal static void Send(ProcessContext context, string text) =>
        context.TrySend(
            context.GroupLeader, Term.Tuple(IoRequest, context.Nobody, context.MakeReference(), Request(text)));

    private static Term Request(string text) => Term.Tuple(PutChars, Unicode, Term.Binary(text));

    private sealed class GroupLeaderWriter(ProcessContext context) : TextWriter
    {
        private readonly StringBuilder _text = new();

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => _text.Append(value);

        public override void Write(string? value) => _text.Append(value);

        public override void Write(ReadOnlySpan<char> buffer) => _text.Append(buffer);

        public override void Write(char[] buffer, int index, int count) => _text.Append(buffer, index, count);

        public override void Flush()
        {
            if (_text.Length > 0)
                Send(context, Take());
        }

        public override async Task FlushAsync()
        {
            if (_text.Length > 0)
                await context.PrintAsync(Take()).ConfigureAwait(false);
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                Flush();
            base.Dispose(disposing);
        }

        private string Take()
        {
            var text = _text.ToString();
            _text.Clear();
            return text;
        }
    }
}
