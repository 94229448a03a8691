using System.Net;
using System.Net.Sockets;
using Enmesh.Discovery;

namespace Enmesh.Kubernetes;

/// <summary>How members become peers: their names, addresses and ports.</summary>
public sealed partial class KubernetesDiscovery
{
    private DiscoveredPeer? Peer(NodeName self, Member member, List<string> doubts)
    {
        // Under the name it really has and in whatever state, so that the answer shows that our own pod was looked up
        // as well.
        if (_ownPod.Is(member, _client!.Namespace))
        {
            if (Name(self, member, []) is { } called)
                _ownPod.Compare(self, called.Name);
            return new DiscoveredPeer(self);
        }
        return member.IsLeaving ? null : Name(self, member, doubts);
    }

    private DiscoveredPeer? Name(NodeName self, Member member, List<string> doubts)
    {
        AddressFamily? own = IPAddress.TryParse(self.Host, out var host) ? host.AddressFamily : null;
        if (member.Address(_options.Family, own) is not { } address)
            return null;
        var port = _options.Port;
        if (_options.PortName is { } portName)
        {
            port = member.Port;
            if (port is null)
                doubts.Add($"{Who(member)} has no TCP port named '{portName}'");
        }
        if (Host(member, address) is not { } part)
        {
            doubts.Add(
                $"{Who(member)} has no host name below a Service: it needs hostname and subdomain, as in a StatefulSet, or another Naming");
            return null;
        }
        if (!NodeName.TryParse($"{_options.Alive ?? self.Alive}@{part}", out var name))
        {
            doubts.Add($"{Who(member)} makes no node name: '{part}'");
            return null;
        }
        // The address is known, so nobody needs to ask DNS for the name, which may lag behind.
        return new DiscoveredPeer(name, _options.Naming == KubernetesNaming.Ip ? null : address, port);
    }

    private static string Who(Member member) =>
        member.Pod is { } pod ? $"pod {pod} in {member.Namespace}" : $"endpoint {member.Id}";

    private string? Host(Member member, string address)
    {
        var domain = _options.ClusterDomain.TrimEnd('.');
        return _options.Naming switch
        {
            KubernetesNaming.Hostname => (member.Hostname, member.Service ?? _options.Service) is ({ Length: > 0 } host, { Length: > 0 } service)
                ? $"{host}.{service}.{member.Namespace}.svc.{domain}"
                : null,
            KubernetesNaming.Dns => $"{address.Replace('.', '-').Replace(':', '-')}.{member.Namespace}.pod.{domain}",
            _ => address,
        };
    }
}
