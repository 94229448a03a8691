using System.Net;
using Enmesh.Resolver;

namespace Enmesh.Tests.Discovery;

/// <summary>A resolver that knows what a test puts into it; all other names do not exist.</summary>
internal sealed class ScriptedZone : IDnsResolver
{
    private readonly Dictionary<(string, DnsType), DnsAnswer> _answers = [];

    internal DnsAnswer this[string name, DnsType type]
    {
        get => _answers[(name, type)];
        set => _answers[(name, type)] = value;
    }

    internal int Questions { get; private set; }

    /// <summary>What comes before each answer, with the number of the question.</summary>
    internal Action<int>? Asked { get; set; }

    internal void Clear() => _answers.Clear();

    /// <summary>Addresses with blanks between them; none is NODATA.</summary>
    internal void Addresses(string name, string v4, string v6 = "", string? owner = null)
    {
        this[name, DnsType.A] = Answer(v4);
        this[name, DnsType.Aaaa] = Answer(v6);

        DnsAnswer Answer(string addresses) => addresses.Length == 0
            ? new DnsAnswer.NoData()
            : new DnsAnswer.Found([.. addresses.Split(' ')
                .Select(address => new DnsRecord.Address(owner ?? name, 60, IPAddress.Parse(address)))]);
    }

    internal void Pointers(string reverse, params string[] targets) => this[reverse, DnsType.Ptr] =
        new DnsAnswer.Found([.. targets.Select(target => new DnsRecord.Pointer(reverse, 60, target))]);

    internal void Services(string name, params (int Priority, int Port, string Target)[] services) =>
        this[name, DnsType.Srv] = new DnsAnswer.Found([.. services.Select(
            service => new DnsRecord.Service(name, 60, (ushort)service.Priority, 0, (ushort)service.Port, service.Target))]);

    public async Task<DnsAnswer> ResolveAsync(string name, DnsType type, CancellationToken cancellationToken)
    {
        await Task.Yield();
        lock (_answers)
        {
            Asked?.Invoke(++Questions);
            return _answers.GetValueOrDefault((name, type)) ?? new DnsAnswer.NoSuchName();
        }
    }
}
