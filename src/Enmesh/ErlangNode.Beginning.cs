using Enmesh.Cluster;
using Enmesh.Epmd;
using Enmesh.Handshake;
using Enmesh.Peers;
using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Telemetry;
using Enmesh.Terms;
using Enmesh.Tls;
using Enmesh.Transport;
using Enmesh.Wire;

namespace Enmesh;

// What a node consists of, put together.
public sealed partial class ErlangNode
{
    private sealed partial record Life
    {
        private static readonly TimeSpan ViewPatience = TimeSpan.FromSeconds(10);

        internal static async Task<Life> BeginAsync(ErlangNode node, CancellationToken cancellationToken)
        {
            var plan = await node._prepare(cancellationToken).ConfigureAwait(false);
            var time = node._timeProvider;
            var logger = node._logs.CreateLogger("Enmesh.Peers");
            var thread = plan.Thread ?? new NodeThread(time);
            TlsSource? tls = null;
            LiveCookies? cookies = null;
            ITransportListener? listener = null;
            EpmdPresence? presence = null;
            try
            {
                tls = plan.Tls?.Open(time, logger);
                cookies = plan.CookieFile is { } file ? new LiveCookies(file, time, logger) : null;
                if (cookies is not null)
                    plan = plan with { Cookies = _ => cookies.Current };
                var transport = plan.Transport(thread.Clock ?? time, logger);
                if (tls is not null)
                    transport = new TlsTransport(transport, tls, plan.Tls!.Identity, thread.Clock ?? time, logger);
                var epmdTransport = plan.EpmdTransport(time, logger);
                listener = plan.Listen is null ? null : transport.Listen(plan.Listen);
                if (plan.Epmd != EpmdMode.Off && listener is not null)
                {
                    presence = await EpmdPresence.StartAsync(
                        plan.Epmd, plan.EpmdSettings, new EpmdEntry(EpmdName.Of(plan.Name), listener.Port), epmdTransport, time, logger, cancellationToken)
                        .ConfigureAwait(false);
                }
                var epmd = new EpmdClient(epmdTransport, time, plan.EpmdSettings.Port);
                var life = plan.NameFrom is { } granter
                    ? await BeginAsDynamicAsync(node, plan, granter, transport, tls, thread, epmd, cancellationToken).ConfigureAwait(false)
                    : await BeginAsync(node, plan, transport, tls, thread, listener, presence, presence?.Creation, epmd, cancellationToken).ConfigureAwait(false);
                life._cookies = cookies;
                return life;
            }
            catch
            {
                if (presence is not null)
                    await presence.DisposeAsync().ConfigureAwait(false);
                if (listener is not null)
                    await listener.DisposeAsync().ConfigureAwait(false);
                tls?.Dispose();
                cookies?.Dispose();
                (thread as NodeThread)?.Dispose();
                throw;
            }
        }

        // The name and the creation come with the first link, which is kept.
        private static async Task<Life> BeginAsDynamicAsync(
            ErlangNode node, NodePlan plan, NodeName granter, ITransport transport, TlsSource? tls, TurnThread thread, EpmdClient epmd,
            CancellationToken cancellationToken)
        {
            var locate = plan.Locate(epmd);
            var place = await locate(granter, granter.Host, cancellationToken).ConfigureAwait(false);
            var connection = await transport.ConnectAsync(place.Host, place.Port, cancellationToken).ConfigureAwait(false);
            try
            {
                await connection.GoOnReading();
                await connection.OpenAsync(granter.Host, plan.Handshake.Step, cancellationToken).ConfigureAwait(false);
                var settings = new HandshakeSettings
                {
                    Host = plan.Name.Host,
                    Creation = 0,
                    PrefixBytes = connection.HandshakePrefixBytes,
                    OwnCertificate = connection.Security?.Own,
                    Cookies = plan.Cookies,
                };
                var driver = new HandshakeDriver(
                    connection,
                    new InitiatorHandshake(settings, granter),
                    static _ => throw new InvalidOperationException("Who dials is asked nothing."),
                    static _ => { },
                    plan.Handshake,
                    thread.Clock ?? node._timeProvider);
                var result = await driver.RunAsync(cancellationToken).ConfigureAwait(false);
                await Task.Yield(); // the connection's thread is not for what the program does next
                var life = await BeginAsync(
                    node, plan with { Name = result.OwnName }, transport, tls, thread, null, null, result.OwnCreation, epmd, cancellationToken).ConfigureAwait(false);
                try
                {
                    await life.Peers.AdoptAsync(result, connection).ConfigureAwait(false);
                }
                catch
                {
                    await life.CloseAsync(node).ConfigureAwait(false);
                    throw;
                }
                return life;
            }
            catch
            {
                await connection.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }

        private static async Task<Life> BeginAsync(
            ErlangNode node, NodePlan plan, ITransport transport, TlsSource? tls, TurnThread thread, ITransportListener? listener, EpmdPresence? presence, uint? given,
            EpmdClient epmd, CancellationToken cancellationToken)
        {
            var time = node._timeProvider;
            var atoms = new AtomTable(plan.AtomBudget);
            var creation = given is >= 4 ? given.Value : NewCreation();
            var metrics = new NodeMetrics(node._meters, plan.Name.Text);
            var processes = new ProcessSettings
            {
                IsPublished = plan.IsPublished,
                MaxMailboxBytes = plan.MaxMailboxBytes,
                CallTimeout = plan.CallTimeout,
                Metrics = metrics,
                Thread = plan.Thread,
                ProcessBegins = plan.ProcessBegins,
                ProcessEnded = plan.ProcessEnded,
            };
            var runtime = new ProcessRuntime(plan.Name, creation, processes, time, thread, node._logs.CreateLogger("Enmesh.Processes"));
            var allowList = new AllowList(plan.AllowedNodes, node._logs.CreateLogger("Enmesh.Services"));
            var settings = new PeerSettings
            {
                Name = plan.Name,
                Creation = creation,
                Cookies = plan.Cookies,
                Transport = transport,
                Locate = plan.Locate(epmd),
                Flags = (plan.IsPublished ? DistributionFlagSets.Published : DistributionFlagSets.Hidden) & ~plan.Unclaimed,
                Refuse = allowList.WhyRefused,
                HandshakeLimits = plan.Handshake,
                Link = plan.Link,
            };
            var peers = new PeerTable(settings, runtime, atoms, time, thread, node._logs.CreateLogger("Enmesh.Peers"));
            var connector = new PeerConnector(
                peers, plan.Name, listener, listener is null ? [] : plan.Listen!.Addresses, plan.IsPublished,
                (peer, token) => node.Rpc.CallAsync(peer, "erlang", "nodes", [], ViewPatience, token));
            var cluster = new ClusterMembership(
                connector, plan.Discovery, plan.Cluster, time, node._logs.CreateLogger("Enmesh.Cluster"), metrics);
            var ticks = new NetTickClock(
                plan.Link.NetTickTime, plan.Link.NetTickIntensity, peers.ChangePace, time, node._logs.CreateLogger("Enmesh.Services"));
            var life = new Life(plan.Name, runtime, peers, listener, presence, cluster, metrics, allowList, ticks, tls);
            peers.Discovered = peer => cluster.WhereIs(peer) is { } found ? new PeerHint(found.Address, found.Port) : null;
            await life.OpenAsync(node, plan, epmd, cancellationToken).ConfigureAwait(false);
            return life;
        }
    }
}
