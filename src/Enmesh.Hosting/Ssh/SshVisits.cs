using Enmesh.Consoles;
using Microsoft.Extensions.Logging;

namespace Enmesh.Hosting.Ssh;

/// <summary>Logs each session: who, from where, with which key, for how long, and by option what.</summary>
internal sealed class SshVisits(bool logExpressions, ILogger logger, TimeProvider time)
{
    private const int MostLogged = 1_000;
    private long _last;

    internal IConsoleRecord Record(ConsoleVisitor visitor) => new Visit(this, visitor);

    private sealed class Visit : IConsoleRecord
    {
        private readonly SshVisits _all;
        private readonly ConsoleVisitor _visitor;
        private readonly long _begun;
        private readonly long _number;
        private int _expressions;

        internal Visit(SshVisits all, ConsoleVisitor visitor)
        {
            // The name in a certificate is whatever its authority has signed.
            _all = all;
            _visitor = visitor = new(
                SshLogText.OneLine(visitor.Address), SshLogText.OneLine(visitor.Fingerprint), SshLogText.OneLine(visitor.Key), SshLogText.OneLine(visitor.Certificate),
                visitor.IsInteractive);
            _begun = all.Time.GetTimestamp();
            _number = Interlocked.Increment(ref all._last);
            all.Logger.SshSessionOpened(_number, visitor.Address, visitor.Key, visitor.Fingerprint, visitor.Certificate, visitor.IsInteractive);
        }

        public void Evaluating(string text)
        {
            Interlocked.Increment(ref _expressions);
            if (!_all.LogsExpressions || !_all.Logger.IsEnabled(LogLevel.Information))
                return;
            // One line in the log, whatever was typed.
            var line = SshLogText.OneLine(text.Trim());
            _all.Logger.SshEvaluating(_number, _visitor.Address, _visitor.Fingerprint, line.Length > MostLogged ? line[..MostLogged] + "..." : line);
        }

        public void Dispose()
        {
            var seconds = Math.Round(_all.Time.GetElapsedTime(_begun).TotalSeconds, 1);
            var expressions = Volatile.Read(ref _expressions);
            _all.Logger.SshSessionClosed(_number, _visitor.Address, _visitor.Fingerprint, seconds, expressions);
        }
    }

    private bool LogsExpressions => logExpressions;

    private ILogger Logger => logger;

    private TimeProvider Time => time;
}
