using System.Net;
using System.Net.Sockets;
using Enmesh.Discovery;
using Enmesh.Resolver;
using Enmesh.Transport;

namespace Enmesh.Cli.Doctor;

/// <summary>What the doctor sees of the host; a test puts another one here.</summary>
internal sealed record Surroundings
{
    /// <summary>The environment.</summary>
    internal Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    /// <summary>The clock.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where the files of the system begin.</summary>
    internal string Root { get; init; } = "/";

    /// <summary>The addresses of this host.</summary>
    internal Func<IReadOnlyCollection<IPAddress>> Addresses { get; init; } = static () => OwnAddresses.Read();

    /// <summary>Looks a host name up as a connection does.</summary>
    internal HostResolver Resolve { get; init; } = static (host, token) => Dns.GetHostAddressesAsync(host, AddressFamily.Unspecified, token);

    /// <summary>Where a name server of resolv.conf is asked.</summary>
    internal Func<IPEndPoint, IPEndPoint> NameServer { get; init; } = static server => server;

    /// <summary>Whether this is a pod of Kubernetes.</summary>
    internal bool InPod => !string.IsNullOrEmpty(Environment("KUBERNETES_SERVICE_HOST"));

    /// <summary>The name of the pod that this is; null elsewhere.</summary>
    internal string? OwnPod => Environment("POD_NAME") is { Length: > 0 } named ? named
        : InPod && Environment("HOSTNAME") is { Length: > 0 } host ? host : null;

    /// <summary>The text of a file; null when there is none, or nobody may read it.</summary>
    internal string? Read(string path)
    {
        try
        {
            return File.ReadAllText(Path.Combine(Root, path.TrimStart('/')));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The resolver's configuration as the node reads it; null when there is no file.</summary>
    internal ResolvConf? ReadResolvConf() => Read(ResolvConf.DefaultPath) is { } text
        ? ResolvConf.Parse(text, Dns.GetHostName(), Environment("LOCALDOMAIN"), Environment("RES_OPTIONS"))
        : null;
}
