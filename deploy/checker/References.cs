using System.Text.Json.Nodes;

namespace Enmesh.Deploy;

/// <summary>Whether what one object says of another is so: selectors and labels, ports and their names, what is mounted and what is there.</summary>
internal static class References
{
    // Who makes them: deploy/cookie, cert-manager, trust-manager, the site; they stand in no manifest.
    private static readonly string[] MadeElsewhere = ["enmesh-cookie", "enmesh-ca", "enmesh-trust", "enmesh-ssh-keys"];

    internal static IEnumerable<string> Check(Rendering all) =>
    [
        .. Twice(all),
        .. all.Of("Service").SelectMany(service => Service(service, all)),
        .. all.Pods.SelectMany(pods => Pods(pods, all)),
        .. all.Of("PodDisruptionBudget").Where(one => !all.Pods.Any(pods => pods.AreNodes && Selectors.Matches(one.Body.At("spec", "selector"), pods.Labels)))
            .Select(one => $"{one}: its selector matches no pods"),
        .. all.Of("PodMonitor").SelectMany(one => Monitor(one, all)),
        .. all.Of("RoleBinding").SelectMany(one => Binding(one, all)),
        .. all.Of("Ingress").SelectMany(one => Ingress(one, all)),
        .. all.Objects.Where(one => one.Namespace is { } space && all.Find("Namespace", space) is null)
            .Select(one => $"{one}: its namespace {one.Namespace} is not among the objects"),
    ];

    private static IEnumerable<string> Twice(Rendering all) =>
        all.Objects.GroupBy(one => $"{one} in {one.Namespace}").Where(group => group.Count() > 1).Select(group => $"{group.Key} is there {group.Count()} times");

    private static IEnumerable<string> Service(Manifest service, Rendering all)
    {
        var selected = all.Pods.Where(pods => pods.AreNodes && Selectors.Selects(service.Body.Labels("spec", "selector"), pods.Labels)).ToList();
        if (selected.Count == 0)
            yield return $"{service}: its selector matches no pods";
        foreach (var port in service.Body.Objects("spec", "ports"))
        {
            var target = port.Text("targetPort") ?? port.Text("port")!;
            foreach (var pods in selected.Where(pods => !Ports(pods).Any(one => one.Text("name") == target || one.Text("containerPort") == target)))
                yield return $"{service}: {pods.Owner} has no port '{target}'";
        }
        if (service.Body.Text("spec", "clusterIP") == "None" && service.Body.Flag("spec", "publishNotReadyAddresses") != true)
            yield return $"{service}: publishNotReadyAddresses is not true, so nodes that wait for each other never meet";
    }

    private static IEnumerable<JsonObject> Ports(PodTemplate pods) => pods.Containers.SelectMany(container => container.Objects("ports"));

    private static IEnumerable<string> Pods(PodTemplate pods, Rendering all)
    {
        var who = pods.Owner;
        if (who.Body.At("spec", "selector") is { } selector && !Selectors.Matches(selector, pods.Labels))
            yield return $"{who}: its selector does not match its own pods";
        if (all.Find("ServiceAccount", pods.Spec.Text("serviceAccountName")) is null)
            yield return $"{who}: there is no ServiceAccount '{pods.Spec.Text("serviceAccountName")}'";
        if (who.Kind == "StatefulSet" && all.Find("Service", who.Body.Text("spec", "serviceName")) is null)
            yield return $"{who}: there is no Service '{who.Body.Text("spec", "serviceName")}'";
        foreach (var constraint in pods.Spec.Objects("topologySpreadConstraints").Where(one => !Selectors.Matches(one.At("labelSelector"), pods.Labels)))
            yield return $"{who}: the spread over {constraint.Text("topologyKey")} counts other pods than its own";
        foreach (var problem in Volumes(pods, all).Concat(pods.AllContainers.SelectMany(container => Container(pods, container, all))))
            yield return problem;
    }

    private static IEnumerable<string> Volumes(PodTemplate pods, Rendering all)
    {
        var mounted = pods.AllContainers.SelectMany(container => container.Objects("volumeMounts")).Select(mount => mount.Text("name")).ToHashSet();
        foreach (var volume in pods.Spec.Objects("volumes"))
        {
            var place = $"{pods.Owner}: the volume {volume.Text("name")}";
            if (!mounted.Contains(volume.Text("name")))
                yield return $"{place} is mounted nowhere";
            var kinds = volume.Count(pair => pair.Key != "name");
            if (kinds != 1)
                yield return $"{place} has {kinds} sources";
            if (volume.Text("secret", "secretName") is { } secret && !Exists(all, "Secret", secret))
                yield return $"{place}: there is no Secret '{secret}'";
            if (volume.Text("configMap", "name") is { } map && !Exists(all, "ConfigMap", map))
                yield return $"{place}: there is no ConfigMap '{map}'";
            if (volume.At("emptyDir") is not null && volume.Text("emptyDir", "sizeLimit") is null)
                yield return $"{place} has no limit";
        }
    }

    private static bool Exists(Rendering all, string kind, string name) => all.Find(kind, name) is not null || MadeElsewhere.Contains(name);

    private static IEnumerable<string> Container(PodTemplate pods, JsonObject container, Rendering all)
    {
        var place = $"{pods.Owner}, container {container.Text("name")}";
        var volumes = pods.Spec.Objects("volumes").Select(volume => volume.Text("name")).ToHashSet();
        foreach (var mount in container.Objects("volumeMounts").Where(mount => !volumes.Contains(mount.Text("name"))))
            yield return $"{place}: there is no volume {mount.Text("name")}";
        foreach (var name in container.Objects("envFrom").Select(from => from.Text("configMapRef", "name")).OfType<string>().Where(name => !Exists(all, "ConfigMap", name)))
            yield return $"{place}: there is no ConfigMap '{name}'";
        var ports = container.Objects("ports").ToList();
        foreach (var probe in new[] { "startupProbe", "livenessProbe", "readinessProbe" })
        {
            if (container.Text(probe, "httpGet", "port") is { } port && !ports.Exists(one => one.Text("name") == port || one.Text("containerPort") == port))
                yield return $"{place}: its {probe} asks the port '{port}', which it does not have";
        }
        foreach (var twice in ports.GroupBy(port => port.Text("containerPort")).Where(group => group.Count() > 1))
            yield return $"{place}: the port {twice.Key} is there twice";
    }

    private static IEnumerable<string> Monitor(Manifest monitor, Rendering all)
    {
        var selected = all.Pods.Where(pods => pods.AreNodes && Selectors.Matches(monitor.Body.At("spec", "selector"), pods.Labels)).ToList();
        if (selected.Count == 0)
            yield return $"{monitor}: its selector matches no pods";
        foreach (var port in monitor.Body.Objects("spec", "podMetricsEndpoints").Select(one => one.Text("port")))
        {
            foreach (var pods in selected.Where(pods => !Ports(pods).Any(one => one.Text("name") == port)))
                yield return $"{monitor}: {pods.Owner} has no port named '{port}'";
        }
    }

    private static IEnumerable<string> Binding(Manifest binding, Rendering all)
    {
        if (binding.Body.Text("roleRef", "kind") != "Role" || all.Find("Role", binding.Body.Text("roleRef", "name")) is null)
            yield return $"{binding}: there is no Role '{binding.Body.Text("roleRef", "name")}' here";
        foreach (var subject in binding.Body.Objects("subjects"))
        {
            if (subject.Text("kind") != "ServiceAccount" || all.Find("ServiceAccount", subject.Text("name")) is not { } account || account.Namespace != subject.Text("namespace"))
                yield return $"{binding}: there is no ServiceAccount '{subject.Text("name")}' in '{subject.Text("namespace")}'";
        }
    }

    private static IEnumerable<string> Ingress(Manifest ingress, Rendering all)
    {
        var covered = ingress.Body.Objects("spec", "tls").SelectMany(tls => tls.Texts("hosts")).ToHashSet();
        foreach (var rule in ingress.Body.Objects("spec", "rules"))
        {
            if (rule.Text("host") is not { } host || !covered.Contains(host))
                yield return $"{ingress}: '{rule.Text("host")}' is served without TLS";
            foreach (var backend in rule.Objects("http", "paths").Select(path => path.Object("backend", "service")))
            {
                var service = all.Find("Service", backend.Text("name"));
                if (service is null)
                    yield return $"{ingress}: there is no Service '{backend.Text("name")}'";
                else if (!service.Body.Objects("spec", "ports").Any(port => port.Text("name") == backend.Text("port", "name") || port.Text("port") == backend.Text("port", "number")))
                    yield return $"{ingress}: {service} has no port '{backend.Text("port", "name")}'";
            }
        }
        var annotations = ingress.Body.Labels("metadata", "annotations").Keys;
        if (!annotations.Any(key => key.EndsWith("/auth-secret", StringComparison.Ordinal) || key.EndsWith("/auth-url", StringComparison.Ordinal) || key.EndsWith("/auth-tls-secret", StringComparison.Ordinal)))
            yield return $"{ingress}: it asks nobody who he is";
    }
}
