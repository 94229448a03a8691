using System.Net;
using Enmesh.Resolver;

namespace Enmesh.Discovery;

/// <summary>Many look-ups that follow from one answer: the names of addresses, the addresses of names.</summary>
/// <param name="resolver">Who is asked.</param>
internal sealed class DnsLookups(IDnsResolver resolver)
{
    // A name server of a cluster is everybody's: a thousand members must not be a thousand questions at once.
    private const int MaxAtOnce = 16;

    /// <summary>The host name in a record, as it stands in a node's name; null when no node can have it.</summary>
    /// <remarks>
    /// In small letters: name servers may return the letters of the question in the place of those of the zone (RFC
    /// 4343), node names are compared letter by letter, and host names in zones are written small.
    /// </remarks>
    internal static string? HostOf(string name)
    {
        var host = name.TrimEnd('.').ToLowerInvariant();
        return DnsName.Problem(host) is null ? host : null;
    }

    /// <summary>Whether an address can be dialled; servers that block a name like to answer 0.0.0.0 or ::.</summary>
    internal static bool IsReal(IPAddress address) =>
        !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any);

    /// <summary>The addresses in answers.</summary>
    internal static IEnumerable<IPAddress> Addresses(IEnumerable<DnsAnswer> answers) => answers
        .OfType<DnsAnswer.Found>()
        .SelectMany(answer => answer.Records)
        .OfType<DnsRecord.Address>()
        .Select(record => record.Value)
        .Where(IsReal);

    /// <summary>Asks for all pairs of name and type, a few at a time.</summary>
    /// <returns>The answers, in the order of the questions.</returns>
    internal async Task<DnsAnswer[]> AskAllAsync(
        IEnumerable<(string Name, DnsType Type)> questions, CancellationToken cancellationToken)
    {
        using var places = new SemaphoreSlim(MaxAtOnce);
        return await Task.WhenAll(questions.Select(question => AskAsync(question.Name, question.Type)))
            .ConfigureAwait(false);

        async Task<DnsAnswer> AskAsync(string name, DnsType type)
        {
            await places.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await resolver.ResolveAsync(name, type, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                places.Release();
            }
        }
    }
}
