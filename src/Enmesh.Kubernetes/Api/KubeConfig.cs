using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using YamlDotNet.Core;

namespace Enmesh.Kubernetes.Api;

using Map = Dictionary<string, object?>;

/// <summary>One or several kubeconfig files, merged as <c>kubectl</c> merges them: who says something first is
/// right.</summary>
internal sealed class KubeConfig
{
    // What we do not do is said, and never left out: a request without it would be another one's.
    private static readonly (string Key, string Remedy)[] Unsupported =
    [
        ("exec", "a plug-in that is executed for credentials"),
        ("auth-provider", "an auth-provider"),
        ("username", "basic authentication"),
        ("as", "impersonation"),
        ("as-uid", "impersonation"),
        ("as-groups", "impersonation"),
        ("as-user-extra", "impersonation"),
    ];

    private readonly Dictionary<string, Entry> _clusters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Entry> _users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Entry> _contexts = new(StringComparer.Ordinal);
    private readonly string _files;
    private string? _current;

    private KubeConfig(string files) => _files = files;

    internal static KubeConfig Load(string? path, Func<string, string?> environment)
    {
        var given = path ?? environment("KUBECONFIG");
        var files = string.IsNullOrEmpty(given)
            ? [Path.Combine(environment("HOME") ?? environment("USERPROFILE") ?? "", ".kube", "config")]
            : given.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var config = new KubeConfig(string.Join(Path.PathSeparator, files));
        // Of several files some may be missing; kubectl takes no offence either.
        var there = files.Where(File.Exists).ToArray();
        if (there.Length == 0)
            KubernetesException.ThrowNoAccess(
                $"There is no kubeconfig: {config._files} does not exist{(path is null ? ", and this process runs in no pod" : "")}.");
        foreach (var file in there)
            config.Merge(Path.GetFullPath(file));
        return config;
    }

    internal KubernetesAccess Access(string? context)
    {
        var name = context ?? _current;
        if (string.IsNullOrEmpty(name))
            KubernetesException.ThrowNoAccess($"{_files} has no current-context; name one of {Names(_contexts)}.");
        var chosen = Find(_contexts, name, "context");
        var cluster = Find(_clusters, chosen.Required("cluster"), "cluster");
        var user = chosen.Text("user") is { Length: > 0 } who ? Find(_users, who, "user") : null;
        var server = Server(cluster);
        Refuse(cluster, user);
        var token = user?.Text("token") is { } given ? KubernetesAccess.TokenIn(given, $"{user}, token") : null;
        var tokenFile = user?.File("tokenFile");
        if (server.Scheme == Uri.UriSchemeHttp && !server.IsLoopback && (token ?? tokenFile) is not null)
            KubernetesException.ThrowNoAccess($"{cluster}: {server} would get a token in the clear; use https.");
        var space = chosen.Text("namespace") is { Length: > 0 } named ? named : "default";
        return new KubernetesAccess(server, space, $"context '{name}' of {chosen.Path}")
        {
            Authorities = Authorities(cluster),
            ClientCertificate = user is null ? null : ClientCertificate(user),
            Token = token,
            TokenFile = tokenFile,
            TlsServerName = cluster.Text("tls-server-name"),
            Proxy = Proxy(cluster),
            UsesProxyOfEnvironment = true,
        };
    }

    private static Uri Server(Entry cluster)
    {
        var text = cluster.Required("server");
        return Uri.TryCreate(text, UriKind.Absolute, out var server) && server.Scheme is "https" or "http"
            ? server
            : throw KubernetesException.NoAccess($"{cluster}: server '{WithoutSecret(text)}' is no https address.");
    }

    private static Uri? Proxy(Entry cluster)
    {
        if (cluster.Text("proxy-url") is not { Length: > 0 } text)
            return null;
        return Uri.TryCreate(text, UriKind.Absolute, out var proxy) && proxy.Scheme is "http" or "https" or "socks5"
            ? proxy
            : throw KubernetesException.NoAccess($"{cluster}: proxy-url '{WithoutSecret(text)}' is no http, https or socks5 address.");
    }

    // An address may have a password in it.
    private static string WithoutSecret(string address)
    {
        var end = address.LastIndexOf('@');
        var begin = address.IndexOf("//", StringComparison.Ordinal);
        return end < 0 ? address : $"{(begin >= 0 && begin < end ? address[..(begin + 2)] : "")}***{address[end..]}";
    }

    private static void Refuse(Entry cluster, Entry? user)
    {
        if (cluster.Text("insecure-skip-tls-verify") is "true")
        {
            KubernetesException.ThrowNoAccess(
                $"{cluster}: insecure-skip-tls-verify is refused, since anybody could pose as the server. Give certificate-authority.");
        }
        foreach (var (key, what) in Unsupported)
        {
            if (user?.Has(key) != true)
                continue;
            var command = key == "exec" ? $" ('{user.Inner(key, "command")}')" : "";
            KubernetesException.ThrowNoAccess(
                $"{user}: {key}{command} is {what}, which is not supported. Use token, tokenFile or a client certificate, as of a service account.");
        }
    }

    private static Func<X509Certificate2Collection>? Authorities(Entry cluster)
    {
        if (cluster.Data("certificate-authority-data") is { } data)
        {
            var fixedOnes = KubernetesAccess.AuthoritiesOf(data, $"{cluster}, certificate-authority-data");
            return () => fixedOnes;
        }
        if (cluster.File("certificate-authority") is not { } file)
            return null;
        return KubernetesAccess.AuthoritiesOfFile(file);
    }

    private static Func<X509Certificate2>? ClientCertificate(Entry user)
    {
        var hasCertificate = user.Has("client-certificate") || user.Has("client-certificate-data");
        if (hasCertificate != (user.Has("client-key") || user.Has("client-key-data")))
            KubernetesException.ThrowNoAccess(
                $"{user}: client-certificate and client-key belong together; one is missing.");
        if (!hasCertificate)
            return null;
        var pair = new Parsed<(string Certificate, string Key), X509Certificate2>(
            () => (user.Data("client-certificate-data") ?? KubernetesAccess.ReadFile(user.File("client-certificate")!),
                user.Data("client-key-data") ?? KubernetesAccess.ReadFile(user.File("client-key")!)),
            text => Pair(user, text.Certificate, text.Key));
        // Once now, so that what is wrong is told at the start.
        _ = pair.Value;
        return () => pair.Value;
    }

    private static X509Certificate2 Pair(Entry user, string certificate, string key)
    {
        try
        {
            return X509Certificate2.CreateFromPem(certificate, key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw KubernetesException.NoAccess(
                $"{user}: the client certificate and its key cannot be read: {e.Message}", e);
        }
    }

    private static string Names(Dictionary<string, Entry> entries) =>
        entries.Count == 0
            ? "none, for there is none"
            : string.Join(", ", entries.Keys.Order(StringComparer.Ordinal).Select(name => $"'{name}'"));

    private Entry Find(Dictionary<string, Entry> entries, string name, string kind) =>
        entries.TryGetValue(name, out var found)
            ? found
            : throw KubernetesException.NoAccess($"{_files} has no {kind} '{name}'; there is {Names(entries)}.");

    private void Merge(string file)
    {
        object? tree;
        try
        {
            tree = YamlTree.Read(KubernetesAccess.ReadFile(file));
        }
        catch (YamlException e)
        {
            throw KubernetesException.NoAccess(
                $"{file} is no YAML that can be read: line {e.Start.Line}: {e.Message}", e);
        }
        if (tree is null)
            return;
        if (tree is not Map map)
            throw KubernetesException.NoAccess($"{file} is no kubeconfig: there is no map at its top.");
        if (map.GetValueOrDefault("current-context") is string { Length: > 0 } current)
            _current ??= current;
        Collect(map, "clusters", "cluster", file, _clusters);
        Collect(map, "users", "user", file, _users);
        Collect(map, "contexts", "context", file, _contexts);
    }

    private static void Collect(Map map, string list, string inner, string file, Dictionary<string, Entry> into)
    {
        if (map.GetValueOrDefault(list) is not { } found)
            return;
        if (found is not List<object?> items)
            throw KubernetesException.NoAccess($"{file} is no kubeconfig: {list} is no list.");
        foreach (var item in items)
        {
            if (item is not Map named || named.GetValueOrDefault("name") is not string name)
                throw KubernetesException.NoAccess($"{file} is no kubeconfig: {list} has an entry without a name.");
            into.TryAdd(name, new Entry(inner, name, file, named.GetValueOrDefault(inner) as Map ?? []));
        }
    }

    /// <summary>A cluster, user or context, and the file it stands in: paths in it are relative to that.</summary>
    private sealed class Entry(string kind, string name, string path, Map map)
    {
        internal string Path => path;

        public override string ToString() => $"{kind} '{name}' of {path}";

        internal bool Has(string key) => map.GetValueOrDefault(key) is not null and not "";

        internal string? Text(string key) => map.GetValueOrDefault(key) switch
        {
            null or "" => null,
            string text => text,
            _ => throw KubernetesException.NoAccess($"{this}: {key} is no text."),
        };

        internal string Required(string key) => Text(key) ?? throw KubernetesException.NoAccess(
            $"{this} has no {key}.");

        internal string? Inner(string key, string inner) =>
            (map.GetValueOrDefault(key) as Map)?.GetValueOrDefault(inner) as string;

        internal string? File(string key) => Text(key) is { } file
            ? System.IO.Path.Combine(System.IO.Path.GetDirectoryName(path)!, file)
            : null;

        internal string? Data(string key)
        {
            if (Text(key) is not { } text)
                return null;
            try
            {
                return Encoding.UTF8.GetString(Convert.FromBase64String(text));
            }
            catch (FormatException e)
            {
                throw KubernetesException.NoAccess($"{this}: {key} is no base64.", e);
            }
        }
    }
}
