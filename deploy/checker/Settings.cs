using System.Globalization;
using Enmesh.Cli;

namespace Enmesh.Deploy;

/// <summary>Whether containers of ours are told what the code has: options, variables, arguments, ports, times.</summary>
internal static class Settings
{
    // How long CoreDNS lets an answer live as kubeadm sets it up.
    private const double DnsSeconds = 30;
    private const int Reserve = 5;

    private static readonly string[] Known =
    [
        "POD_IP", "POD_NAME", "POD_UID", "POD_NAMESPACE", "NODE_HOST", "HOME", "XDG_RUNTIME_DIR", "TMPDIR", "ENMESH_COOKIE_FILE", "ERL_DIST_PORT",
        "ERL_EPMD_PORT", "ERL_EPMD_ADDRESS", "DOTNET_EnableDiagnostics", "DOTNET_GCHeapHardLimit", "DOTNET_shutdownTimeoutSeconds", "IMAGE_VERSION",
    ];

    internal static IEnumerable<string> Check(Rendering all) =>
        ContainerSettings.Of(all).SelectMany(one => Container(one).Concat(one.RunsNode ? Node(one, all) : []).Select(problem => $"{one.Place}: {problem}"));

    private static IEnumerable<string> Container(ContainerSettings one)
    {
        foreach (var problem in one.Problems)
            yield return problem;
        foreach (var name in one.Variables.Keys.Where(name => !Known.Contains(name) && !name.StartsWith("Enmesh__", StringComparison.Ordinal) && !name.StartsWith("Logging__", StringComparison.Ordinal)))
            yield return $"nobody reads the variable {name}";
        if (one.Variables.GetValueOrDefault("IMAGE_VERSION") is "")
            yield return "IMAGE_VERSION is of a label that its pods do not have";
        foreach (var error in CommandLine.CreateRoot().Parse([.. one.Container.Texts("args")]).Errors)
            yield return $"enmesh {string.Join(' ', one.Container.Texts("args"))}: {error.Message}";
        if (one.Variables.GetValueOrDefault("DOTNET_EnableDiagnostics") != "0")
            yield return "DOTNET_EnableDiagnostics is not 0, so whoever runs beside it may trace and dump it";
        foreach (var key in new[] { "HOME", "XDG_RUNTIME_DIR", "TMPDIR" })
        {
            if (one.Variables.GetValueOrDefault(key) is { } directory && (one.Source(directory) is not { } source || source.Mount.Flag("readOnly") == true))
                yield return $"{key} is {directory}, where nothing can be written";
        }
        if (one.Source("/tmp") is null)
            yield return "nothing can be written to /tmp";
    }

    private static IEnumerable<string> Node(ContainerSettings one, Rendering all) => [.. Files(one), .. Ports(one, all), .. Times(one), .. Domains(one, all), .. Ssh(one)];

    private static IEnumerable<string> Files(ContainerSettings one)
    {
        var cookie = one.Node.CookieFile ?? one.Variables.GetValueOrDefault("ENMESH_COOKIE_FILE");
        if (cookie is null)
            yield return "no cookie file is named";
        else if (one.Source(cookie) is not { } source || source.Volume.Text("secret", "secretName") is null)
            yield return $"the cookie {cookie} comes from no Secret";
        else if (one.Pods.Spec.Number("securityContext", "fsGroup") is null)
            yield return "there is no fsGroup, so the cookie's file is root's alone";
    }

    private static IEnumerable<string> Ports(ContainerSettings one, Rendering all)
    {
        int? Port(string name) => one.Container.Objects("ports").FirstOrDefault(port => port.Text("name") == name).Number("containerPort");
        var dist = one.Node.Port ?? ErlangNodeOptions.DefaultPort;
        if (Port("dist") != dist)
            yield return $"its port dist is {Port("dist")}, the node listens on {dist}";
        if (Port("probes") != one.Endpoints.Probes?.Port)
            yield return $"its port probes is {Port("probes")}, probes are answered on {one.Endpoints.Probes?.Port.ToString(CultureInfo.InvariantCulture) ?? "none"}";
        if (Port("metrics") != one.Endpoints.Metrics?.Port)
            yield return $"its port metrics is {Port("metrics")}, metrics are served on {one.Endpoints.Metrics?.Port.ToString(CultureInfo.InvariantCulture) ?? "none"}";
        if (Port("http") != one.Endpoints.Page?.Port)
            yield return $"its port http is {Port("http")}, the page is served on {one.Endpoints.Page?.Port.ToString(CultureInfo.InvariantCulture) ?? "none"}";
        foreach (var host in all.Of("Ingress").SelectMany(ingress => ingress.Body.Objects("spec", "rules")).Select(rule => rule.Text("host")).OfType<string>().Except(one.Endpoints.PageHosts))
            yield return $"the page is not served as {host} (Enmesh:Web:PageHosts), which an Ingress asks for";
        foreach (var service in all.Of("Service").Where(service => service.Body.Text("spec", "clusterIP") == "None"))
        {
            foreach (var port in service.Body.Objects("spec", "ports").Where(port => port.Text("name") == "dist" && port.Number("port") != dist))
                yield return $"{service} says {port.Text("port")} in its SRV records, the node listens on {dist}";
        }
    }

    private static IEnumerable<string> Times(ContainerSettings one)
    {
        var grace = one.Pods.Spec.Number("terminationGracePeriodSeconds") ?? 30;
        var shutdown = double.TryParse(one.Variables.GetValueOrDefault("DOTNET_shutdownTimeoutSeconds"), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) ? seconds : 30;
        var hook = one.Container.Number("lifecycle", "preStop", "sleep", "seconds") ?? 0;
        if (grace <= shutdown + hook + Reserve)
            yield return $"the pod is killed after {grace} s, and has up to {shutdown} s to end, after {hook} s of a hook; leave {Reserve} s more";
        if (shutdown <= one.Node.DrainDelay.TotalSeconds)
            yield return $"the host gives up after {shutdown} s, while its node drains for {one.Node.DrainDelay.TotalSeconds} s";
        if (one.Node.DrainDelay <= TimeSpan.Zero)
            yield return "DrainDelay is 0: it leaves before anybody has heard that it is leaving";
        var refresh = one.Node.Discovery.Select(source => source.Interval.TotalSeconds * (1 + source.Jitter)).DefaultIfEmpty().Max();
        if ((one.Pods.Owner.Body.Number("spec", "minReadySeconds") ?? 0) <= DnsSeconds + refresh)
            yield return $"minReadySeconds is not above {DnsSeconds + refresh:0} s, so an old pod goes before the new one is known everywhere";
    }

    private static IEnumerable<string> Ssh(ContainerSettings one)
    {
        var port = one.Container.Objects("ports").FirstOrDefault(port => port.Text("name") == "ssh").Number("containerPort");
        if (port != one.Ssh?.Listen.Port)
            yield return $"its port ssh is {port?.ToString(CultureInfo.InvariantCulture) ?? "none"}, SSH is served on {one.Ssh?.Listen.Port.ToString(CultureInfo.InvariantCulture) ?? "none"}";
        if (one.Ssh is not { } ssh)
            yield break;
        if (!one.Container.Text("image")!.Contains("enmesh-ssh", StringComparison.Ordinal))
            yield return "it serves SSH, and its image has no OpenSSH";
        foreach (var file in new[] { ssh.AuthorizedKeysFile, ssh.UserAuthoritiesFile, ssh.RevokedKeysFile }.OfType<string>().Where(file => one.Source(file) is null))
            yield return $"the keys {file} come from no volume";
        if (ssh.AuthorizedKeysFile is null && ssh.UserAuthoritiesFile is null)
            yield return "nobody has a key to log in with";
        if (ssh.Directory is { } directory && one.Source(directory)?.Volume.Text("emptyDir", "medium") != "Memory")
            yield return $"the host's key would be made in {directory}, which is not in memory";
    }

    // A domain that no headless Service has would be a cluster of one.
    private static IEnumerable<string> Domains(ContainerSettings one, Rendering all)
    {
        var section = one.Configuration.GetSection("Enmesh:Discovery").GetChildren().ToList();
        if (section.Count == 0)
            yield return "there is no source of discovery";
        var named = section.SelectMany(source => (source["Domains"] ?? source["Service"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).ToList();
        if (one.Node.HostFrom is { } from && from.StartsWith("srv:", StringComparison.Ordinal))
            named.Add(from["srv:".Length..]);
        foreach (var domain in named)
        {
            var labels = domain.Split('.').SkipWhile(label => label.StartsWith('_')).ToArray();
            var service = all.Find("Service", labels[0]);
            if (service?.Body.Text("spec", "clusterIP") != "None")
                yield return $"'{domain}' leads to no headless Service";
            else if (!Selectors.Selects(service.Body.Labels("spec", "selector"), one.Pods.Labels))
                yield return $"{service} does not select its own pods";
            else if (domain.StartsWith('_') && !service.Body.Objects("spec", "ports").Any(port => domain.StartsWith($"_{port.Text("name")}._tcp.", StringComparison.Ordinal)))
                yield return $"{service} has no port for '{domain}'";
        }
        if (one.Variables.GetValueOrDefault("NODE_HOST") is { } host && !host.StartsWith($"{one.Variables.GetValueOrDefault("POD_NAME")}.{one.Pods.Owner.Body.Text("spec", "serviceName")}.", StringComparison.Ordinal))
            yield return $"NODE_HOST is {host}, which is no name of the pod's";
    }
}
