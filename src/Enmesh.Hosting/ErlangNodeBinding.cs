using System.Net;
using Enmesh.Cluster;
using Microsoft.Extensions.Configuration;

namespace Enmesh.Hosting;

/// <summary>
/// Reads a node's settings from the configuration, and keeps every problem, by key, instead of stopping at the first.
/// </summary>
/// <param name="section">The path of the section, for the messages.</param>
internal sealed class ErlangNodeBinding(string section)
{
    private readonly List<string> _problems = [];

    internal IReadOnlyList<string> Problems => _problems;

    internal void Bind(IConfiguration configuration, ErlangNodeOptions options)
    {
        _problems.Clear();
        var keys = new SettingKeys(section, configuration, _problems);
        BindIdentity(keys, options);
        BindTls(keys, configuration, options.Tls);
        keys.Choice<EpmdMode>(nameof(options.Epmd), value => options.Epmd = value);
        keys.Number(nameof(options.EpmdPort), value => options.EpmdPort = value);
        keys.Duration(nameof(options.NetTickTime), value => options.NetTickTime = value);
        keys.Number(nameof(options.NetTickIntensity), value => options.NetTickIntensity = value);
        keys.Duration(nameof(options.SetupTime), value => options.SetupTime = value);
        keys.LongNumber(nameof(options.SendBufferBytes), value => options.SendBufferBytes = value);
        keys.Number(nameof(options.MaxMessageBytes), value => options.MaxMessageBytes = value);
        keys.Flag(nameof(options.Hidden), value => options.Hidden = value);
        keys.Texts(nameof(options.AllowedNodes), options.AllowedNodes);
        keys.Flag(nameof(options.ManagedByPeers), value => options.ManagedByPeers = value);
        keys.Flag(nameof(options.StartPg), value => options.StartPg = value);
        keys.Texts(nameof(options.PgScopes), options.PgScopes);
        keys.Flag(nameof(options.PreventOverlappingPartitions), value => options.PreventOverlappingPartitions = value);
        keys.LongNumber(nameof(options.MaxMailboxBytes), value => options.MaxMailboxBytes = value);
        keys.Choice<UserOutput>(nameof(options.UserOutput), value => options.UserOutput = value);
        keys.Flag(nameof(options.StopByPeers), value => options.StopByPeers = value);
        keys.Number(nameof(options.AtomBudget), value => options.AtomBudget = value);
        keys.Duration(nameof(options.DrainDelay), value => options.DrainDelay = value);
        keys.Section(nameof(options.Cluster), inner => BindCluster(inner, options.Cluster));
        keys.Ignore(nameof(options.Discovery));
        // Several nodes of one host have their sections below this one.
        keys.Ignore("Nodes");
        // That of the host's nodes, see AddNodeCertificate; one of them has none of its own.
        if (section == ErlangNodeExtensions.Section)
            keys.Ignore("Certificate");
        // Not the node's: what the host serves over HTTP.
        keys.Ignore("Web");
        // See AddSsh.
        keys.Ignore("Ssh");
        keys.RefuseOthers();
    }

    /// <summary>Makes the sources of discovery, after everything else is settled.</summary>
    internal void BindDiscovery(IConfiguration configuration, ErlangNodeOptions options, IServiceProvider services) =>
        new SettingKeys(section, configuration, _problems)
            .Sections(nameof(options.Discovery), (name, inner) => StrategyBinding.Bind(name, inner, options, services));

    // Who the node is, and where it listens.
    private static void BindIdentity(SettingKeys keys, ErlangNodeOptions options)
    {
        keys.Text(nameof(options.Name), value => options.Name = value);
        keys.Text(nameof(options.NameFrom), value => options.NameFrom = value);
        keys.Text(nameof(options.HostFrom), value => options.HostFrom = value);
        keys.Duration(nameof(options.HostFromTimeout), value => options.HostFromTimeout = value);
        keys.Flag(nameof(options.ShortNames), value => options.ShortNames = value);
        keys.Text(nameof(options.CookieFile), value => options.CookieFile = value);
        keys.Duration(nameof(options.PreviousCookieFor), value => options.PreviousCookieFor = value);
        keys.Flag(nameof(options.Insecure), value => options.Insecure = value);
        keys.Number(nameof(options.Port), value => options.Port = value);
        keys.Number(nameof(options.LastPort), value => options.LastPort = value);
        keys.Number(nameof(options.PeerPort), value => options.PeerPort = value);
        keys.List(nameof(options.ListenAddresses), "an IP address", IPAddress.TryParse, options.ListenAddresses);
        keys.Flag(nameof(options.Listen), value => options.Listen = value);
    }

    // One word, off, or a section.
    private static void BindTls(SettingKeys keys, IConfiguration configuration, TlsOptions options)
    {
        const string Key = nameof(ErlangNodeOptions.Tls);
        if (configuration[Key] is not null)
        {
            keys.Choice<TlsMode>(Key, value => options.Mode = value);
            return;
        }
        keys.Section(Key, inner =>
        {
            inner.Choice<TlsMode>(nameof(options.Mode), value => options.Mode = value);
            inner.Text(nameof(options.CertificateFile), value => options.CertificateFile = value);
            inner.Text(nameof(options.KeyFile), value => options.KeyFile = value);
            inner.Text(nameof(options.CaFile), value => options.CaFile = value);
            inner.Texts(nameof(options.CrlFiles), options.CrlFiles);
            inner.Text(nameof(options.OptionFile), value => options.OptionFile = value);
            inner.Texts(nameof(options.AllowedNames), options.AllowedNames);
            inner.OwnTexts(nameof(options.ToolNames), options.ToolNames);
            inner.Duration(nameof(options.RenewLinksWithin), value => options.RenewLinksWithin = value);
            inner.Flag(nameof(options.KeyLog), value => options.KeyLog = value);
            inner.RefuseOthers();
        });
    }

    private static void BindCluster(SettingKeys keys, ClusterOptions options)
    {
        keys.Duration(nameof(options.TickInterval), value => options.TickInterval = value);
        keys.Number(nameof(options.MaxParallelDials), value => options.MaxParallelDials = value);
        keys.Duration(nameof(options.DialTimeout), value => options.DialTimeout = value);
        keys.Duration(nameof(options.MinBackoff), value => options.MinBackoff = value);
        keys.Duration(nameof(options.MaxBackoff), value => options.MaxBackoff = value);
        keys.Number(nameof(options.ExpectedPeers), value => options.ExpectedPeers = value);
        keys.Number(nameof(options.EmptyConfirmations), value => options.EmptyConfirmations = value);
        keys.Duration(nameof(options.EmptyAge), value => options.EmptyAge = value);
        keys.Duration(nameof(options.ForgetAfter), value => options.ForgetAfter = value);
        keys.Duration(nameof(options.WarnAfter), value => options.WarnAfter = value);
        keys.Duration(nameof(options.RemindEvery), value => options.RemindEvery = value);
        keys.Choice<PeerRemoval>(nameof(options.Removal), value => options.Removal = value);
        keys.Duration(nameof(options.RemovalGrace), value => options.RemovalGrace = value);
        keys.Flag(nameof(options.AcceptEvictions), value => options.AcceptEvictions = value);
        keys.Duration(nameof(options.CompareViewsEvery), value => options.CompareViewsEvery = value);
        keys.Section(nameof(options.Join), inner => BindJoin(inner, options.Join));
        keys.RefuseOthers();
    }

    private static void BindJoin(SettingKeys keys, JoinOptions options)
    {
        keys.Number(nameof(options.MinMembers), value => options.MinMembers = value);
        keys.Duration(nameof(options.Timeout), value => options.Timeout = value);
        keys.Flag(nameof(options.TimeoutFails), value => options.TimeoutFails = value);
        keys.Choice<FirstNodeRule>(nameof(options.FirstNode), value => options.FirstNode = value);
        keys.Duration(nameof(options.FirstNodeAfter), value => options.FirstNodeAfter = value);
        keys.RefuseOthers();
    }
}
