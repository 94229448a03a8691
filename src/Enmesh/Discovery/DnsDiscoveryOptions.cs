namespace Enmesh.Discovery;

/// <summary>What <see cref="DnsDiscovery"/> can be told.</summary>
public sealed class DnsDiscoveryOptions : DnsStrategyOptions
{
    /// <summary>Makes the options with their defaults.</summary>
    public DnsDiscoveryOptions()
        : base(DnsHostPart.Address)
    {
    }

    private protected override string DomainExample => "orders-headless";
}

/// <summary>What <see cref="DnsSrvDiscovery"/> can be told.</summary>
public sealed class DnsSrvDiscoveryOptions : DnsStrategyOptions
{
    /// <summary>Makes the options with their defaults.</summary>
    public DnsSrvDiscoveryOptions()
        : base(DnsHostPart.Name)
    {
    }

    private protected override string DomainExample => "_dist._tcp.orders-headless";
}
