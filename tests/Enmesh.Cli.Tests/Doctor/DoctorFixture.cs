using System.Security.Cryptography;
using Enmesh.Cli.Doctor;
using Enmesh.Kubernetes.Api;
using Enmesh.Tests.Resolver;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Cli.Tests.Doctor;

/// <summary>A host of a test's own, with the files that the doctor looks at, and the doctor.</summary>
public abstract class DoctorFixture : IAsyncDisposable
{
    private protected const string Cookie = "cookie-of-the-doctors-tests";
    private readonly ScriptedDnsServer _names = new(static request => [request.Respond(3)]); // knows nobody
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("enmesh-doctor-");

    protected DoctorFixture()
    {
        CookieFile = Write("cookie", Cookie, UnixFileMode.UserRead);
        Write("etc/resolv.conf", "nameserver 127.0.0.1\nsearch test\n");
        Around = new()
        {
            Root = _root.FullName,
            Environment = name => Variables.GetValueOrDefault(name),
            NameServer = _ => _names.EndPoint,
        };
    }

    private protected string CookieFile { get; }

    private protected Dictionary<string, string?> Variables { get; } = new(StringComparer.Ordinal);

    private protected Surroundings Around { get; set; }

    private protected IKubernetesClient? Kubernetes { get; set; }

    private protected LoopbackCluster Cluster { get; } = new();

    public virtual async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        await _names.DisposeAsync();
        _root.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected string PathTo(string file) => Path.Combine(_root.FullName, file);

    private protected string Write(string file, string text, UnixFileMode? mode = null)
    {
        var path = PathTo(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        if (mode is { } given)
            File.SetUnixFileMode(path, given);
        return path;
    }

    /// <summary>Goes the whole walk.</summary>
    /// <param name="target">Which node; null for those that discovery finds.</param>
    /// <param name="port">Its port.</param>
    /// <param name="patience">How long to wait for an answer; a minute where one is to come.</param>
    /// <param name="maxPeers">How many peers are dialled.</param>
    /// <param name="settings">The settings of the node here.</param>
    private protected async Task<Examination> ExamineAsync(
        string? target = null, int? port = null, TimeSpan? patience = null, int maxPeers = 16, params (string Key, string? Value)[] settings)
    {
        var given = settings.ToDictionary(pair => pair.Key, pair => pair.Value);
        given.TryAdd("CookieFile", CookieFile);
        var examination = new Examination
        {
            Configuration = NodeConfiguration.Read(given),
            Around = Around,
            Target = target is null ? null : NodeName.Parse(target),
            Port = port,
            Kubernetes = Kubernetes,
            MaxPeers = maxPeers,
            Timeout = patience ?? TimeSpan.FromSeconds(60),
        };
        await Walk.RunAsync(examination, CancellationToken.None);
        foreach (var finding in examination.Findings)
            TestContext.Current.TestOutputHelper?.WriteLine($"{finding.Severity} {finding.Step} {finding.Node} {finding.Text} [{finding.Diagnosis?.Id}] {finding.WhatToDo}");
        return examination;
    }

    /// <summary>The one thing that is wrong.</summary>
    private protected static Finding Only(Examination examination)
    {
        var wrong = Wrong(examination);
        Assert.True(wrong.Count == 1, string.Join('\n', wrong.Select(finding => $"{finding.Diagnosis!.Id}: {finding.Text}")));
        return wrong[0];
    }

    /// <summary>Asserts what is wrong, in the order of the walk.</summary>
    private protected static void AssertIds(Examination examination, params string[] ids) =>
        Assert.Equal(ids, Wrong(examination).Select(finding => finding.Diagnosis!.Id));

    private protected static void AssertHealthy(Examination examination)
    {
        AssertIds(examination);
        Assert.Equal(0, examination.ExitStatus);
    }

    private protected static List<Finding> Wrong(Examination examination) =>
        [.. examination.Findings.Where(finding => finding.Severity is Severity.Warning or Severity.Failure)];

    private protected static string NewAlive(string prefix = "peer") => $"{prefix}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}";
}
