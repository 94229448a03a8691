using System.Text.Json.Nodes;
using Enmesh.Hosting;
using Enmesh.Kubernetes.Certificates;
using Enmesh.Web;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Enmesh.Deploy;

/// <summary>
/// What a container of ours is told, read by the code that will read it in the pod. Fields of the pod have the values of a pod that
/// could be.
/// </summary>
internal sealed class ContainerSettings
{
    private static readonly Dictionary<string, string> OfSomePod = new()
    {
        ["status.podIP"] = "10.0.0.7",
        ["status.hostIP"] = "192.168.0.1",
        ["metadata.uid"] = "00000000-0000-0000-0000-000000000007",
        ["spec.nodeName"] = "machine-1",
    };

    private readonly List<string> _problems = [];

    private ContainerSettings(PodTemplate pods, JsonObject container, Rendering all)
    {
        Pods = pods;
        Container = container;
        Variables = Read(all);
        Configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(Variables.Where(pair => pair.Key.StartsWith("Enmesh__", StringComparison.OrdinalIgnoreCase))
                .Select(pair => new KeyValuePair<string, string?>(pair.Key.Replace("__", ":", StringComparison.Ordinal), pair.Value)))
            .Build();
        if (!RunsNode)
            return;
        _problems.AddRange(NodeSettings.Read(Configuration.GetSection(ErlangNodeExtensions.Section), Node));
        ReadEndpoints();
        ReadCertificate();
        ReadSsh();
    }

    internal PodTemplate Pods { get; }

    internal JsonObject Container { get; }

    internal string Place => $"{Pods.Owner}, container {Container.Text("name")}";

    /// <summary>All variables, those of ConfigMaps among them, with what they stand for filled in.</summary>
    internal IReadOnlyDictionary<string, string> Variables { get; }

    internal IConfiguration Configuration { get; }

    internal bool RunsNode => Container.Texts("args").FirstOrDefault() == "node";

    internal ErlangNodeOptions Node { get; } = new();

    internal ErlangEndpointOptions Endpoints { get; private set; } = new();

    /// <summary>How the node renews its certificate; null when it does not.</summary>
    internal NodeCertificateOptions? Certificate { get; private set; }

    /// <summary>How it is reached over SSH; null when it is not.</summary>
    internal ErlangSshOptions? Ssh { get; private set; }

    /// <summary>The host part of the node's name, as far as it is known before the pod runs.</summary>
    internal string? HostPart => Node.HostFrom is not null ? null : Variables.GetValueOrDefault("NODE_HOST") ?? Variables.GetValueOrDefault("POD_IP");

    internal IReadOnlyList<string> Problems => _problems;

    internal static IEnumerable<ContainerSettings> Of(Rendering all) =>
        from pods in all.Pods
        from container in pods.AllContainers
        where Images.IsOurs(container)
        select new ContainerSettings(pods, container, all);

    /// <summary>Where a file of the container is mounted from; null when it is part of the image.</summary>
    internal (JsonObject Mount, JsonObject? Volume)? Source(string file)
    {
        var mount = Container.Objects("volumeMounts")
            .Where(mount => mount.Text("mountPath") is { } path && (file == path || file.StartsWith(path + "/", StringComparison.Ordinal)))
            .MaxBy(mount => mount.Text("mountPath")!.Length);
        return mount is null ? null : (mount, Pods.Spec.Objects("volumes").FirstOrDefault(volume => volume.Text("name") == mount.Text("name")));
    }

    private Dictionary<string, string> Read(Rendering all)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var from in Container.Objects("envFrom"))
        {
            foreach (var (key, value) in all.Find("ConfigMap", from.Text("configMapRef", "name"))?.Body.Object("data") ?? [])
                variables[key] = value?.ToString() ?? "";
        }
        foreach (var env in Container.Objects("env"))
        {
            var name = env.Text("name") ?? "";
            if (env.Text("valueFrom", "fieldRef", "fieldPath") is { } field)
                variables[name] = Field(field);
            else if (env.Text("value") is { } value)
                variables[name] = Expand(name, value, variables);
        }
        return variables;
    }

    private string Field(string path) => path switch
    {
        "metadata.name" => $"{Pods.Owner.Name}-0",
        "metadata.namespace" => Pods.Owner.Namespace ?? "default",
        _ when path.StartsWith("metadata.labels['", StringComparison.Ordinal) => Pods.Labels.GetValueOrDefault(path["metadata.labels['".Length..^2], ""),
        _ => OfSomePod.GetValueOrDefault(path, path),
    };

    // $(NAME), of variables that stand before it; others stay as they are, which nobody means.
    private string Expand(string name, string value, Dictionary<string, string> before)
    {
        foreach (var (key, known) in before)
            value = value.Replace($"$({key})", known, StringComparison.Ordinal);
        if (value.Contains("$(", StringComparison.Ordinal))
            _problems.Add($"{name}: '{value}' speaks of a variable that is not before it");
        return value;
    }

    private void ReadEndpoints()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddConfiguration(Configuration);
        builder.AddErlangEndpoints();
        using var host = builder.Build();
        try
        {
            Endpoints = host.Services.GetRequiredService<IOptions<ErlangEndpointOptions>>().Value;
        }
        catch (OptionsValidationException e)
        {
            _problems.AddRange(e.Failures);
        }
    }

    private void ReadCertificate()
    {
        var section = Configuration.GetSection(NodeCertificateExtensions.Section);
        if (!section.Exists())
            return;
        Certificate = new();
        NodeCertificateExtensions.Bind(new SettingKeys(NodeCertificateExtensions.Section, section, _problems), Certificate);
        // The trusted authorities are in the pod, not here.
        _problems.AddRange(Certificate.Validate().Where(problem => !problem.StartsWith(nameof(Certificate.TrustFile), StringComparison.Ordinal)));
    }

    private void ReadSsh()
    {
        var section = Configuration.GetSection($"{ErlangNodeExtensions.Section}:{ErlangSshExtensions.Key}");
        if (!section.Exists())
            return;
        Ssh = new();
        var problems = new List<string>();
        ErlangSshExtensions.Bind(new SettingKeys(section.Path, section, problems), Ssh, problems);
        _problems.AddRange(problems);
    }
}
