namespace Enmesh.Deploy;

/// <summary>One right: a verb on a kind of objects, perhaps of one name only.</summary>
internal sealed record Right(string Verb, string Group, string Resource, string? Name = null)
{
    public override string ToString() => $"{Verb} {Resource}{(Group.Length > 0 ? $".{Group}" : "")}{(Name is null ? "" : $" '{Name}'")}";
}

/// <summary>
/// Whether each account may do what its pods do, and nothing else. What they do stands here, by what they are told; tests compare it with what
/// the code asks a stand-in of the API for.
/// </summary>
internal static class Rights
{
    internal static IReadOnlyList<Right> Discovery(string lookup) => lookup.ToUpperInvariant() switch
    {
        "PODS" => [new("list", "", "pods"), new("watch", "", "pods")],
        "ENDPOINTS" => [new("list", "", "endpoints"), new("watch", "", "endpoints")],
        _ => [new("list", "discovery.k8s.io", "endpointslices"), new("watch", "discovery.k8s.io", "endpointslices")],
    };

    internal static IReadOnlyList<Right> Certificate { get; } = Of("cert-manager.io", "certificaterequests", "create", "get", "watch");

    internal static IReadOnlyList<Right> Cleanup { get; } = Of("cert-manager.io", "certificaterequests", "list", "delete");

    /// <summary>Creating cannot be narrowed to a name, since there is none yet when it is decided.</summary>
    internal static IReadOnlyList<Right> Lead(string lease) =>
    [
        new("create", "coordination.k8s.io", "leases"), new("get", "coordination.k8s.io", "leases", lease), new("patch", "coordination.k8s.io", "leases", lease),
    ];

    internal static IReadOnlyList<Right> AwaitLease(string lease) => [new("get", "coordination.k8s.io", "leases", lease)];

    internal static IEnumerable<string> Check(Rendering all)
    {
        var accounts = all.Pods.GroupBy(pods => pods.Spec.Text("serviceAccountName") ?? "default");
        return accounts.SelectMany(account => Account(account.Key, [.. account], all));
    }

    private static IEnumerable<string> Account(string account, IReadOnlyList<PodTemplate> pods, Rendering all)
    {
        var granted = Granted(account, all).ToHashSet();
        var needed = new HashSet<Right>();
        foreach (var one in pods)
        {
            var needs = ContainerSettings.Of(all).Where(settings => settings.Pods.Owner == one.Owner).SelectMany(Needed).ToHashSet();
            needed.UnionWith(needs);
            var mounts = one.Spec.Flag("automountServiceAccountToken") == true;
            var reaches = one.Labels.GetValueOrDefault("enmesh/api-server") == "allowed";
            if (needs.Count > 0 && !(mounts && reaches))
                yield return $"{one.Owner}: it asks the API server, and has no token, or no way there through the policies";
            if (needs.Count == 0 && (mounts || reaches))
                yield return $"{one.Owner}: it has a token, or a way to the API server, and nothing to ask it";
        }
        foreach (var right in needed.Except(granted))
            yield return $"ServiceAccount {account}: it may not {right}, which its pods do";
        foreach (var right in granted.Except(needed))
            yield return $"ServiceAccount {account}: it may {right}, which none of its pods does";
        if (all.Find("ServiceAccount", account)?.Body.Flag("automountServiceAccountToken") != false)
            yield return $"ServiceAccount {account}: its token is mounted wherever nobody says otherwise";
    }

    private static IEnumerable<Right> Granted(string account, Rendering all) =>
        from binding in all.Of("RoleBinding")
        where binding.Body.Objects("subjects").Any(subject => subject.Text("name") == account)
        let role = all.Find("Role", binding.Body.Text("roleRef", "name"))
        where role is not null
        from rule in role.Body.Objects("rules")
        from verb in rule.Texts("verbs")
        from rights in rule.Texts("apiGroups")
        from resource in rule.Texts("resources")
        from name in rule.At("resourceNames") is null ? [null] : rule.Texts("resourceNames").Cast<string?>()
        select new Right(verb, rights, resource, name);

    private static IEnumerable<Right> Needed(ContainerSettings one)
    {
        var arguments = one.Container.Texts("args").ToArray();
        return arguments switch
        {
            ["node", ..] =>
            [
                .. one.Configuration.GetSection("Enmesh:Discovery").GetChildren().Where(source => source["Strategy"] == "kubernetes").SelectMany(source => Discovery(source["Lookup"] ?? "")),
                .. one.Certificate is null ? [] : Certificate,
            ],
            ["certs", "request" or "renew", ..] => Certificate,
            ["certs", "cleanup", ..] => Cleanup,
            ["lease", "run", var lease, ..] => Lead(lease),
            ["lease", "wait", var lease, ..] => AwaitLease(lease),
            _ => [],
        };
    }

    private static Right[] Of(string group, string resource, params string[] verbs) => [.. verbs.Select(verb => new Right(verb, group, resource))];
}
