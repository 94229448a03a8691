using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace Enmesh.Deploy;

/// <summary>One end of a connection, as policies see it.</summary>
/// <param name="Name">For people.</param>
/// <param name="Labels">Of the pod; null for what is no pod.</param>
/// <param name="Space">The pod's namespace.</param>
/// <param name="SpaceLabels">And its labels.</param>
/// <param name="Address">What is no pod has only that.</param>
internal sealed record Place(
    string Name, IReadOnlyDictionary<string, string>? Labels, string? Space, IReadOnlyDictionary<string, string> SpaceLabels, IPAddress? Address = null);

/// <summary>Who may reach whom, computed from the policies as a network that applies them does.</summary>
internal sealed class Network
{
    private static readonly Dictionary<string, string> None = [];

    // Namespaces that a label lets in, by what it is for.
    private static readonly string[] Guests = ["metrics", "page", "ssh"];
    private readonly Rendering _all;
    private readonly List<Manifest> _policies;

    internal Network(Rendering all)
    {
        _all = all;
        _policies = [.. all.Of("NetworkPolicy")];
        Ours = [.. all.Pods.Select(pods => new Place(pods.Owner.ToString(), pods.Labels, pods.Owner.Namespace, SpaceOf(pods.Owner.Namespace)))];
        var space = Ours.Count > 0 ? Ours[0].Space : null;
        Others =
        [
            new("another pod of the namespace", None, space, SpaceOf(space)),
            new("a pod of another namespace", None, "shop", new Dictionary<string, string> { ["kubernetes.io/metadata.name"] = "shop" }),
            .. Guests.Select(what => new Place(
                $"a pod where enmesh/{what}=allowed", None, what, new Dictionary<string, string> { [$"enmesh/{what}"] = "allowed" })),
            new("the name servers", new Dictionary<string, string> { ["k8s-app"] = "kube-dns" }, "kube-system", new Dictionary<string, string> { ["kubernetes.io/metadata.name"] = "kube-system" }),
            new("NodeLocal DNSCache", null, null, None, IPAddress.Parse("169.254.20.10")),
            new("the API server", null, null, None, IPAddress.Parse("10.96.0.1")),
            new("anybody outside", null, null, None, IPAddress.Parse("203.0.113.9")),
        ];
    }

    /// <summary>The pods that are rendered.</summary>
    internal IReadOnlyList<Place> Ours { get; }

    /// <summary>Everybody else there could be.</summary>
    internal IReadOnlyList<Place> Others { get; }

    /// <summary>Whether a connection is let out of the one end and into the other.</summary>
    internal bool Allows(Place from, Place to, string protocol, int port) =>
        Passes(from, to, "Egress", protocol, port) && Passes(to, from, "Ingress", protocol, port);

    /// <summary>Ports that pods of ours are asked on, and what they are for.</summary>
    internal IReadOnlyList<(string Protocol, int Port, string Name)> Inbound =>
        [.. _all.Pods.Where(pods => pods.AreNodes).SelectMany(pods => pods.Containers).SelectMany(container => container.Objects("ports"))
            .Select(port => (port.Text("protocol") ?? "TCP", port.Number("containerPort") ?? 0, port.Text("name") ?? "")).Distinct().OrderBy(port => port.Item2)];

    /// <summary>Ports that they ask others on.</summary>
    internal static IReadOnlyList<(string Protocol, int Port, string Name)> Outbound { get; } =
        [("UDP", 53, "dns"), ("TCP", 53, "dns"), ("TCP", 443, "https"), ("TCP", 6443, "api"), ("TCP", 25, "smtp")];

    /// <summary>All that is allowed, a line for each pair; whoever is not named is denied.</summary>
    internal string Table()
    {
        var lines = new List<string>();
        foreach (var to in Ours)
        {
            foreach (var from in Ours)
                lines.AddRange(Lines([from], Inbound, (_, port) => Allows(from, to, port.Protocol, port.Port), (_, ports) => $"{from.Name} -> {to.Name}: {ports}"));
            lines.AddRange(Lines(Others, Inbound, (from, port) => Allows(from, to, port.Protocol, port.Port), (who, ports) => $"{who} -> {to.Name}: {ports}"));
        }
        foreach (var from in Ours)
            lines.AddRange(Lines(Others, Outbound, (to, port) => Allows(from, to, port.Protocol, port.Port), (whom, ports) => $"{from.Name} -> {whom}: {ports}"));
        return string.Join('\n', lines.Append("everything else: denied")) + "\n";
    }

    // What is allowed to everybody is said once.
    private static IEnumerable<string> Lines(
        IReadOnlyList<Place> places, IReadOnlyList<(string Protocol, int Port, string Name)> ports, Func<Place, (string Protocol, int Port, string Name), bool> allows,
        Func<string, string, string> line)
    {
        var toAll = ports.Where(port => places.All(place => allows(place, port))).ToList();
        if (toAll.Count > 0)
            yield return line("anybody else", Text(toAll));
        foreach (var place in places)
        {
            var allowed = ports.Except(toAll).Where(port => allows(place, port)).ToList();
            if (allowed.Count > 0)
                yield return line(place.Name, Text(allowed));
        }
    }

    private static string Text(IEnumerable<(string Protocol, int Port, string Name)> ports) =>
        string.Join(", ", ports.Select(port => string.Create(CultureInfo.InvariantCulture, $"{port.Port}/{port.Protocol.ToLowerInvariant()} {port.Name}")));

    // A pod that no policy of a direction selects is open in it; what is no pod has no policies.
    private bool Passes(Place self, Place other, string direction, string protocol, int port)
    {
        if (self.Labels is null)
            return true;
        var mine = _policies.Where(policy => policy.Namespace == self.Space && policy.Body.Texts("spec", "policyTypes").Contains(direction)
            && Selectors.Matches(policy.Body.At("spec", "podSelector"), self.Labels)).ToList();
        return mine.Count == 0 || mine.Any(policy => policy.Body.Objects("spec", direction.ToLowerInvariant()).Any(rule => Rule(rule, self, other, direction == "Egress" ? "to" : "from", protocol, port)));
    }

    private static bool Rule(JsonObject rule, Place self, Place other, string side, string protocol, int port) =>
        (rule.At(side) is null || rule.Objects(side).Any(peer => Peer(peer, self, other)))
        && (rule.At("ports") is null || rule.Objects("ports").Any(one =>
            (one.Text("protocol") ?? "TCP") == protocol
            && (one.Number("port") is not { } first || (port >= first && port <= (one.Number("endPort") ?? first)))));

    private static bool Peer(JsonObject peer, Place self, Place other)
    {
        if (peer.Text("ipBlock", "cidr") is { } cidr)
            return other.Address is { } address && IPNetwork.Parse(cidr).Contains(address) && !peer.Texts("ipBlock", "except").Any(but => IPNetwork.Parse(but).Contains(address));
        if (other.Labels is null)
            return false;
        var space = peer.At("namespaceSelector");
        return (space is null ? other.Space == self.Space : Selectors.Matches(space, other.SpaceLabels))
            && (peer.At("podSelector") is not { } pods || Selectors.Matches(pods, other.Labels));
    }

    private Dictionary<string, string> SpaceOf(string? name) => new(_all.Find("Namespace", name)?.Body.Labels("metadata", "labels") ?? None, StringComparer.Ordinal)
    {
        // The API server sets it on every namespace.
        ["kubernetes.io/metadata.name"] = name ?? "default",
    };
}

/// <summary>What must be allowed, or the cluster does not form; and what must not be.</summary>
internal static class Reachability
{
    internal static IEnumerable<string> Check(Rendering all)
    {
        var network = new Network(all);
        return [.. Members(network, all), .. Strangers(network), .. Outside(network, all)];
    }

    private static IEnumerable<string> Members(Network network, Rendering all)
    {
        var members = network.Ours.Where(place => place.Labels!.ContainsKey("enmesh/mesh")).ToList();
        var ports = ContainerSettings.Of(all).Where(one => one.RunsNode)
            .SelectMany(one => Enumerable.Range(one.Node.Port ?? ErlangNodeOptions.DefaultPort, Math.Max(1, one.Node.LastPort - (one.Node.Port ?? 0) + 1)).Concat(one.Node.Epmd == EpmdMode.Off ? [] : [4369]))
            .Distinct();
        foreach (var port in ports)
        {
            foreach (var (from, to) in members.SelectMany(from => members.Select(to => (from, to))).Where(pair => !network.Allows(pair.from, pair.to, "TCP", port)))
                yield return $"the policies keep {from.Name} from {to.Name} on port {port}";
        }
        foreach (var member in members.Where(member => !network.Allows(network.Others[^1], member, "TCP", 8081)))
            yield return $"the policies keep the kubelet's probes from {member.Name}";
    }

    private static IEnumerable<string> Strangers(Network network)
    {
        foreach (var stranger in network.Others)
        {
            foreach (var (to, port) in network.Ours.SelectMany(to => network.Inbound.Select(port => (to, port))).Where(one => network.Allows(stranger, one.to, one.port.Protocol, one.port.Port)))
            {
                var allowed = port.Name == "probes" || stranger.Name.EndsWith($"enmesh/{(port.Name == "http" ? "page" : port.Name)}=allowed", StringComparison.Ordinal);
                if (!allowed)
                    yield return $"the policies let {stranger.Name} reach {to.Name} on port {port.Port} ({port.Name})";
            }
        }
    }

    private static IEnumerable<string> Outside(Network network, Rendering all)
    {
        foreach (var (from, pods) in network.Ours.Zip(all.Pods))
        {
            foreach (var name in network.Others.Where(other => other.Name is "the name servers" or "NodeLocal DNSCache"))
            {
                if (!network.Allows(from, name, "UDP", 53) || !network.Allows(from, name, "TCP", 53))
                    yield return $"the policies keep {from.Name} from asking {name.Name} over UDP and TCP";
            }
            var asks = pods.Spec.Flag("automountServiceAccountToken") == true;
            var api = network.Others.Single(other => other.Name == "the API server");
            if (asks != (network.Allows(from, api, "TCP", 443) && network.Allows(from, api, "TCP", 6443)))
                yield return asks ? $"the policies keep {from.Name} from the API server" : $"the policies let {from.Name} out to any address on port 443";
            if (network.Allows(from, network.Others[^1], "TCP", 25))
                yield return $"the policies let {from.Name} out to everybody";
        }
    }
}
