using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Enmesh.Resolver;

/// <summary>Asks one question of several servers, until one of them knows.</summary>
internal sealed class DnsClient(TimeProvider time)
{
    /// <summary>How long a silent server is asked last. Otherwise every question would wait for it anew.</summary>
    internal static readonly TimeSpan SuspicionTime = TimeSpan.FromSeconds(60);

    private const int MaxContinuations = 8;
    private readonly DnsExchange _exchange = new(time);
    private readonly ConcurrentDictionary<IPEndPoint, long> _silentSince = new();

    /// <summary>Asks for the records of a type at exactly this name.</summary>
    internal async Task<DnsAnswer> QueryAsync(
        string name, DnsType type, ResolvConf conf, CancellationToken cancellationToken)
    {
        var question = new DnsQuestion(name, type);
        for (var i = 0; i <= MaxContinuations; i++)
        {
            var answer = await AskServersAsync(question, conf, cancellationToken).ConfigureAwait(false);
            if (answer is not DnsAnswer.Continued { Target: var target })
                return answer;
            if (DnsName.Problem(target) is { } problem)
                return new DnsAnswer.Failed(
                    DnsProblem.Malformed, $"'{name}' is an alias of what is no host name: {problem}");
            question = question with { Name = target };
        }
        return new DnsAnswer.Failed(
            DnsProblem.AliasLoop, $"'{name}' leads through more than {MaxContinuations} unfinished aliases");
    }

    private async Task<DnsAnswer> AskServersAsync(
        DnsQuestion question, ResolvConf conf, CancellationToken cancellationToken)
    {
        var failures = new Dictionary<IPEndPoint, DnsAnswer.Failed>();
        for (var attempt = 0; attempt < conf.Attempts; attempt++)
        {
            foreach (var server in InOrder(conf))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var answer = await _exchange.AskAsync(
                    server, question, conf.Timeout, conf.UseTcp, cancellationToken).ConfigureAwait(false);
                if (answer is not DnsAnswer.Failed failed)
                {
                    _silentSince.TryRemove(server, out _);
                    return answer;
                }
                failures[server] = failed;
                if (failed.Problem is DnsProblem.Timeout or DnsProblem.Unreachable)
                    _silentSince[server] = time.GetTimestamp();
            }
        }
        return Summary(failures, conf.Attempts);
    }

    /// <summary>
    /// The servers in the order of the configuration, those that were silent a moment ago behind the others.
    /// </summary>
    private List<IPEndPoint> InOrder(ResolvConf conf)
    {
        var start = conf.Rotate ? RandomNumberGenerator.GetInt32(conf.Servers.Length) : 0;
        var servers = conf.Servers[start..].Concat(conf.Servers[..start]).Distinct().ToList();
        foreach (var (server, since) in _silentSince)
        {
            if (time.GetElapsedTime(since) >= SuspicionTime || !servers.Contains(server))
                _silentSince.TryRemove(server, out _);
        }
        return [.. servers.OrderBy(server => _silentSince.ContainsKey(server) ? 1 : 0)];
    }

    private static DnsAnswer.Failed Summary(Dictionary<IPEndPoint, DnsAnswer.Failed> failures, int attempts)
    {
        var text = new StringBuilder();
        foreach (var (server, failure) in failures)
            text.Append(text.Length == 0 ? "" : "; ").Append(server).Append(' ').Append(failure.Message);
        if (attempts > 1)
            text.Append(CultureInfo.InvariantCulture, $" ({attempts} attempts)");
        // What a server said outweighs another one's silence: it decides whether the search goes on.
        var problem = failures.Values.Select(failure => failure.Problem).OrderBy(problem => problem switch
        {
            DnsProblem.ServerFailure => 0,
            DnsProblem.Unreachable => 2,
            _ => 1,
        }).First();
        return new DnsAnswer.Failed(problem, text.ToString());
    }
}
