using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Enmesh.Deploy;

/// <summary>What every pod of ours is: not root, on a read-only file system, without capabilities, within limits; and no secret in plain sight.</summary>
internal static partial class Hardening
{
    private const int User = 10000;

    internal static IEnumerable<string> Check(Rendering all) =>
    [
        .. all.Pods.SelectMany(Pod),
        .. all.Pods.SelectMany(pods => pods.AllContainers.SelectMany(container => Container(pods, container))),
        .. all.Of("Secret").Select(one => $"{one}: a secret stands in the manifests; make it at the first deploy (deploy/cookie)"),
        .. Cookies(all),
        .. all.Of("PodDisruptionBudget").Where(one => one.Body.Text("spec", "unhealthyPodEvictionPolicy") != "AlwaysAllow")
            .Select(one => $"{one}: unhealthyPodEvictionPolicy is not AlwaysAllow, so a pod that never gets ready keeps a machine from being drained"),
    ];

    private static IEnumerable<string> Pod(PodTemplate pods)
    {
        var (who, spec) = (pods.Owner, pods.Spec);
        if (spec.Flag("securityContext", "runAsNonRoot") != true || spec.Number("securityContext", "runAsUser") != User || spec.Number("securityContext", "runAsGroup") != User)
            yield return $"{who}: it does not run as user and group {User}";
        if (spec.Text("securityContext", "seccompProfile", "type") != "RuntimeDefault")
            yield return $"{who}: its seccomp profile is not RuntimeDefault";
        if (spec.Flag("enableServiceLinks") != false)
            yield return $"{who}: enableServiceLinks is not false, so variables of Services stand among its settings";
        if (spec.Flag("automountServiceAccountToken") is null)
            yield return $"{who}: automountServiceAccountToken is not said";
        foreach (var volume in spec.Objects("volumes").Where(volume => volume.Number("secret", "defaultMode") is { } mode && mode != Convert.ToInt32("440", 8)))
            yield return $"{who}: the Secret {volume.Text("secret", "secretName")} is mounted with other rights than 0440";
        var tls = spec.Objects("volumes").FirstOrDefault(volume => volume.Text("name") == "tls");
        if (tls?.At("emptyDir") is not null && tls.Text("emptyDir", "medium") != "Memory")
            yield return $"{who}: the volume of its keys is on a disk";
        if (!pods.AreNodes)
            yield break;
        if (!pods.Labels.ContainsKey("enmesh/mesh"))
            yield return $"{who}: its pods lack the label enmesh/mesh, so neither Service nor policies take them for members";
        if (spec.Objects("topologySpreadConstraints").Count() < 2)
            yield return $"{who}: its pods are not spread over machines and zones";
        if (who.Kind == "Deployment" && who.Body.Text("spec", "strategy", "rollingUpdate", "maxUnavailable") != "0")
            yield return $"{who}: maxUnavailable is not 0";
        if (who.Kind == "StatefulSet" && who.Body.Text("spec", "podManagementPolicy") != "Parallel")
            yield return $"{who}: podManagementPolicy is not Parallel, so a member that waits for others keeps them from starting";
    }

    private static IEnumerable<string> Container(PodTemplate pods, JsonObject container)
    {
        var place = $"{pods.Owner}, container {container.Text("name")}";
        if (container.Flag("securityContext", "allowPrivilegeEscalation") != false || container.Flag("securityContext", "readOnlyRootFilesystem") != true)
            yield return $"{place}: it may gain privileges, or write to its root file system";
        if (!container.Texts("securityContext", "capabilities", "drop").Contains("ALL") || container.At("securityContext", "capabilities", "add") is not null)
            yield return $"{place}: it keeps capabilities";
        if (container.Text("resources", "limits", "cpu") is not null)
            yield return $"{place}: its processor time is limited; a node that is throttled misses its ticks";
        if (container.Text("resources", "requests", "cpu") is null || container.Text("resources", "requests", "memory") is null)
            yield return $"{place}: it requests no processor time or no memory";
        if (Bytes(container.Text("resources", "limits", "memory")) is not { } limit)
            yield return $"{place}: its memory is not limited";
        else if (Images.IsOurs(container) && (Heap(container) is not { } heap || heap > limit * 3 / 4))
            yield return $"{place}: DOTNET_GCHeapHardLimit is not set, no hexadecimal number, or above three quarters of the memory's limit";
        if (pods.AreNodes && pods.Containers.Contains(container) && (container.At("livenessProbe") is null || container.At("readinessProbe") is null))
            yield return $"{place}: it has no probes";
        foreach (var mount in container.Objects("volumeMounts").Where(mount => mount.Text("subPath") is not null))
            yield return $"{place}: {mount.Text("mountPath")} is mounted by subPath, so it never changes";
    }

    /// <summary>Text that looks like a cookie, or a variable that hands one over: the command line and the environment are read by others.</summary>
    private static IEnumerable<string> Cookies(Rendering all)
    {
        foreach (var pods in all.Pods)
        {
            foreach (var container in pods.AllContainers)
            {
                var place = $"{pods.Owner}, container {container.Text("name")}";
                foreach (var env in container.Objects("env").Where(env => IsCookie(env.Text("name") ?? "")))
                    yield return $"{place}: the variable {env.Text("name")} hands over a cookie; mount the file";
                if (container.Texts("args").Concat(container.Texts("command")).Any(word => SetCookie().IsMatch(word)))
                    yield return $"{place}: a cookie stands on its command line";
            }
        }
        foreach (var map in all.Of("ConfigMap"))
        {
            foreach (var (key, value) in map.Body.Object("data") ?? [])
            {
                if (IsCookie(key) || SetCookie().IsMatch(value?.ToString() ?? ""))
                    yield return $"{map}: {key} has a cookie";
            }
        }
    }

    private static bool IsCookie(string name) =>
        name.Contains("cookie", StringComparison.OrdinalIgnoreCase) && !name.EndsWith("FILE", StringComparison.OrdinalIgnoreCase)
        && !name.EndsWith("CookieFor", StringComparison.OrdinalIgnoreCase);

    internal static long? Bytes(string? quantity)
    {
        if (quantity is null || MemoryQuantity().Match(quantity) is not { Success: true } match)
            return null;
        var unit = match.Groups[2].Value switch { "Ki" => 1L << 10, "Mi" => 1L << 20, "Gi" => 1L << 30, "M" => 1_000_000, "G" => 1_000_000_000, _ => 1 };
        return long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) * unit;
    }

    private static long? Heap(JsonObject container)
    {
        var text = container.Objects("env").FirstOrDefault(env => env.Text("name") == "DOTNET_GCHeapHardLimit").Text("value");
        return text is not null && text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            && long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var bytes) ? bytes : null;
    }

    [GeneratedRegex("^([0-9]+)(Ki|Mi|Gi|M|G)?$")]
    private static partial Regex MemoryQuantity();

    // With a value behind it that stands there and is not looked up.
    [GeneratedRegex(@"-setcookie\s+[^$\s]|--cookie[ =][^$\s]")]
    private static partial Regex SetCookie();
}
