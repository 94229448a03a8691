using System.Runtime.Versioning;
using Enmesh.Deploy.Tests;
using Enmesh.TestSupport;
using Xunit;

// kubectl runs in a Debian root; the analyzers are told so once.
[assembly: SupportedOSPlatform("linux")]
[assembly: AssemblyFixture(typeof(Overlays))]

namespace Enmesh.Deploy.Tests;

/// <summary>Everything under <c>deploy/overlays</c>, and each component that is in none of them, rendered once by Debian's <c>kubectl</c>.</summary>
public sealed class Overlays : IAsyncLifetime
{
    // The release whose root has kubectl as well.
    private const int Release = 27;

    // An overlay of its own, in samples.
    private const string Sample = "erlclu";

    // Components that a site adds, on top of an overlay.
    private static readonly (string Name, string Base, string Components)[] Additions =
    [
        ("with-epmd", "ip", "epmd"),
        ("with-ingress", "ip", "ingress"),
        ("with-migrations", "ip", "migrations"),
        ("with-ssh", "ip", "ssh"),
        ("with-mixed-beam", "ip", "mixed-beam"),
        ("by-host-with-requests", "ip", "statefulset tls-cert-manager-by-host"),
    ];

    private readonly Dictionary<string, string> _rendered = [];
    private BeamHome? _home;

    public static TheoryData<string> Names { get; } =
        [.. Directory.GetDirectories(Repository.PathTo("deploy", "overlays")).Select(path => Path.GetFileName(path)!).Where(name => !name.StartsWith('.')).Order(StringComparer.Ordinal),
            .. Additions.Select(addition => addition.Name), Sample];

    public async ValueTask InitializeAsync()
    {
        _home = BeamHome.Create(await Otp.RootAsync(Release), Otp.NewCookie());
        _ = (await ChildProcess.RunAsync(["cp", "-r", Repository.PathTo("deploy"), _home.Outside])).Successful;
        Directory.CreateDirectory(Path.Combine(_home.Outside, "samples", Sample));
        _ = (await ChildProcess.RunAsync(["cp", "-r", Repository.PathTo("samples", Sample, "deploy"), Path.Combine(_home.Outside, "samples", Sample)])).Successful;
        foreach (var (name, under, components) in Additions)
        {
            var directory = Path.Combine(_home.Outside, "deploy", "overlays", name);
            Directory.CreateDirectory(directory);
            await File.WriteAllTextAsync(Path.Combine(directory, "kustomization.yaml"), $"""
                apiVersion: kustomize.config.k8s.io/v1beta1
                kind: Kustomization
                resources: [../{under}]
                components: [{string.Join(", ", components.Split(' ').Select(component => $"../../components/{component}"))}]
                """);
        }
        foreach (var name in Names.Select(row => row.Data))
        {
            var rendering = await ChildProcess.RunAsync(
                [.. _home.Enter, "kubectl", "kustomize", $"{_home.Inside}/{Place(name)}"], _home.Environment(null));
            _rendered[name] = rendering.Successful;
        }
    }

    public ValueTask DisposeAsync()
    {
        _home?.Dispose();
        return default;
    }

    /// <summary>Runs a command in the root, where <c>kubectl</c> is, beside a copy of <c>deploy</c>.</summary>
    internal Task<CommandResult> RunAsync(params string[] command) =>
        ChildProcess.RunAsync([.. _home!.Enter, "sh", "-c", "cd \"$0\" && exec \"$@\"", _home.Inside, .. command], _home.Environment(null));

    private static string Place(string name) => name == Sample ? $"samples/{Sample}/deploy" : $"deploy/overlays/{name}";

    internal string Yaml(string name) => _rendered[name];

    internal Rendering Render(string name) => Rendering.Parse(name, _rendered[name]);
}
