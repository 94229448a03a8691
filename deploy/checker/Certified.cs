namespace Enmesh.Deploy;

/// <summary>Whether nodes can have the certificates that they are told to have: docs/certificates.md, "What cannot work".</summary>
internal static class Certified
{
    internal static IEnumerable<string> Check(Rendering all) =>
        ContainerSettings.Of(all).Where(one => one.RunsNode).SelectMany(one => Node(one, all).Select(problem => $"{one.Place}: {problem}"));

    private static IEnumerable<string> Node(ContainerSettings one, Rendering all)
    {
        var isPlain = one.Configuration["Enmesh:Tls"]?.Equals("off", StringComparison.OrdinalIgnoreCase) == true || one.Node.Tls.Mode == TlsMode.Off;
        if (isPlain)
            return Plain(one, all);
        if (one.Node.Tls is not { CertificateFile: { } certificate, CaFile: { } authorities })
            return one.Node.Tls.OptionFile is null ? ["it has no certificate and no trusted authorities, and is not told to do without: it would not start"] : [];
        return [.. Certificate(one, certificate, all), .. Key(one, certificate), .. Trust(one, authorities)];
    }

    private static IEnumerable<string> Plain(ContainerSettings one, Rendering all)
    {
        if (all.Name != "insecure")
            yield return "TLS is off; only the overlay insecure does without";
        if (one.Configuration.GetSection("Enmesh:Tls").GetChildren().Any() || one.Certificate is not null)
            yield return "TLS is off and has settings";
    }

    private static IEnumerable<string> Certificate(ContainerSettings one, string file, Rendering all)
    {
        if (one.Source(file) is not (var mount, { } volume))
        {
            yield return $"{file} is in no volume";
            yield break;
        }
        var isAddress = one.HostPart is { } host && System.Net.IPAddress.TryParse(host, out _);
        if (volume.Text("secret", "secretName") is { } secret)
        {
            if (isAddress)
                yield return $"its name is the pod's address, and the certificate comes from the Secret {secret}, which is filled before there is one";
            else if (one.Pods.Owner.Body.Number("spec", "replicas") is not 1 && one.Node.Tls.AllowedNames.Count == 0)
                yield return $"all its pods have the certificate of the Secret {secret}, which names one of them";
        }
        if (volume.Text("csi", "driver") == "csi.cert-manager.io")
        {
            foreach (var problem in Driver(one, volume, isAddress, all))
                yield return problem;
        }
        if (volume.At("emptyDir") is not null)
        {
            foreach (var problem in Requested(one, file, mount.Text("mountPath")!, all))
                yield return problem;
        }
    }

    private static IEnumerable<string> Driver(ContainerSettings one, System.Text.Json.Nodes.JsonObject volume, bool isAddress, Rendering all)
    {
        var attributes = volume.Labels("csi", "volumeAttributes");
        if (isAddress)
            yield return "its name is the pod's address, which the CSI driver does not know";
        if (attributes.ContainsKey("csi.cert-manager.io/ip-sans"))
            yield return "the CSI driver's ip-sans takes no variables, so all pods would have one address";
        var names = attributes.GetValueOrDefault("csi.cert-manager.io/dns-names", "");
        var filled = names.Replace("${POD_NAME}", one.Variables.GetValueOrDefault("POD_NAME"), StringComparison.Ordinal)
            .Replace("${POD_NAMESPACE}", one.Pods.Owner.Namespace, StringComparison.Ordinal);
        if (names.Contains('*', StringComparison.Ordinal))
            yield return "no release takes a wildcard for a node's host";
        else if (one.HostPart is { } host && !filled.Split(',').Contains(host))
            yield return $"the CSI driver names {filled}, the node is at {host}";
        if (attributes.GetValueOrDefault("csi.cert-manager.io/fs-group") != one.Pods.Spec.Text("securityContext", "fsGroup"))
            yield return "the CSI driver's fs-group is not the pod's, so the key cannot be read";
        if (!attributes.GetValueOrDefault("csi.cert-manager.io/key-usages", "").Contains("client auth", StringComparison.Ordinal))
            yield return "the certificate of the CSI driver is not for dialling (client auth)";
        if (all.Find("Issuer", attributes.GetValueOrDefault("csi.cert-manager.io/issuer-name")) is null)
            yield return $"there is no Issuer '{attributes.GetValueOrDefault("csi.cert-manager.io/issuer-name")}'";
    }

    private static IEnumerable<string> Requested(ContainerSettings one, string file, string mounted, Rendering all)
    {
        var asking = ContainerSettings.Of(all).FirstOrDefault(other => other.Pods.Owner == one.Pods.Owner && other.Container.Texts("args").Take(2).SequenceEqual(["certs", "request"]));
        if (asking is null)
        {
            yield return $"nobody puts a certificate into the volume of {file}";
            yield break;
        }
        var arguments = asking.Container.Texts("args").ToList();
        string? Argument(string name) => arguments.IndexOf(name) is >= 0 and var at && at + 1 < arguments.Count ? arguments[at + 1] : null;
        if (Argument("--dir") is not { } directory || asking.Source(directory)?.Volume.Text("name") != one.Source(file)?.Volume.Text("name"))
            yield return $"the certificate is requested into {Argument("--dir")}, which is not the volume at {mounted}";
        if (all.Find("Issuer", Argument("--issuer")) is null)
            yield return $"there is no Issuer '{Argument("--issuer")}'";
        foreach (var key in new[] { "NODE_HOST", "POD_IP", "POD_NAME", "POD_UID", "Enmesh__HostFrom" })
        {
            if (asking.Variables.GetValueOrDefault(key) != one.Variables.GetValueOrDefault(key))
                yield return $"who requests the certificate has another {key} than the node";
        }
        if (one.Certificate is not { } renewal)
            yield return "nobody renews the certificate";
        else if (renewal.Issuer != Argument("--issuer") || renewal.Directory != Argument("--dir") || renewal.TrustFile != Argument("--trust"))
            yield return "the certificate is requested and renewed in different ways";
        if (one.Source(file)?.Mount.Flag("readOnly") == true)
            yield return $"{mounted} is read-only, so the node cannot renew";
    }

    private static IEnumerable<string> Key(ContainerSettings one, string certificate)
    {
        if (one.Node.Tls.KeyFile is not { } key)
            yield return "no key file is named";
        else if (one.Source(key)?.Volume.Text("name") != one.Source(certificate)?.Volume.Text("name"))
            yield return "key and certificate are in different volumes, so they do not change together";
    }

    private static IEnumerable<string> Trust(ContainerSettings one, string file)
    {
        if (one.Source(file) is not (_, { } volume))
        {
            yield return $"{file} is in no volume";
            yield break;
        }
        if (volume.At("secret") is null)
            yield break;
        // An authority's Secret has its key beside it.
        var items = volume.Objects("secret", "items").Select(item => item.Text("key")).ToList();
        if (items.Count == 0 || items.Contains("tls.key"))
            yield return $"with {file} the authority's key comes into the pod";
    }
}
