using System.Text.Json;
using System.Text.RegularExpressions;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Deploy.Tests;

/// <summary>The scripts beside the manifests, as far as they go without a cluster; and the form of what is for a cloud.</summary>
[Trait("Ring", "system")]
public sealed partial class ScriptTests(Overlays overlays) : IDisposable
{
    private const string Digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private readonly string _directory = Directory.CreateTempSubdirectory("enmesh-deploy-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Shellcheck_finds_nothing()
    {
        var scripts = new[] { Repository.PathTo("deploy"), Repository.PathTo("samples", "erlclu") }
            .SelectMany(place => Directory.GetFiles(place, "*", SearchOption.AllDirectories))
            .Where(file => File.ReadLines(file).FirstOrDefault()?.StartsWith("#!/usr/bin/env bash", StringComparison.Ordinal) == true).ToArray();
        Assert.True(scripts.Length >= 6, string.Join(", ", scripts));
        var checking = await ChildProcess.RunAsync(["shellcheck", "--severity=warning", "--external-sources", .. scripts]);
        Assert.Equal((0, ""), (checking.ExitCode, checking.Output));
        Assert.All(scripts, script => Assert.True(File.GetUnixFileMode(script).HasFlag(UnixFileMode.UserExecute), script));
    }

    [Fact]
    public async Task Pin_gives_every_image_its_digest_and_every_pod_its_version()
    {
        var pinned = await overlays.RunAsync("bash", "deploy/pin", "with-migrations", $"registry.example.com:5000/shop/enmesh:1.4.2_RC1@{Digest}");
        var all = Rendering.Parse("with-migrations", pinned.Successful);
        Assert.Empty(Program.Check(all, Schema.Load(), release: true));
        Assert.All(
            all.Pods.SelectMany(pods => pods.AllContainers),
            container => Assert.Equal($"registry.example.com:5000/shop/enmesh:1.4.2_RC1@{Digest}", container.Text("image")));
        Assert.NotNull(all.Find("Job", "enmesh-migrations-1-4-2-rc1"));
        Assert.All(all.Pods.Where(pods => pods.AreNodes), pods => Assert.Equal("1.4.2_RC1", pods.Labels["app.kubernetes.io/version"]));
    }

    [Fact]
    public async Task Pin_takes_a_directory_of_the_repository_too()
    {
        var pinned = await overlays.RunAsync(
            "bash", "deploy/pin", "samples/erlclu/deploy", $"registry.example.com/enmesh:1.4.2@{Digest}", $"registry.example.com/enmesh-ssh:1.4.2@{Digest}");
        var all = Rendering.Parse("erlclu", pinned.Successful);
        Assert.Empty(Program.Check(all, Schema.Load(), release: true));
        Assert.Contains(all.Pods, pods => pods.Node?.Text("image") == $"registry.example.com/enmesh-ssh:1.4.2@{Digest}");
        var elsewhere = await overlays.RunAsync("bash", "deploy/pin", "/etc/", $"registry.example.com/enmesh:1.4.2@{Digest}");
        Assert.Equal(64, elsewhere.ExitCode);
    }

    [Theory]
    [InlineData("enmesh:1.4.2")]
    [InlineData("enmesh@" + Digest)]
    [InlineData("enmesh:1.4.2@sha256:0123")]
    [InlineData("--help")]
    public async Task Pin_takes_no_image_that_could_be_another_one_tomorrow(string image)
    {
        var refused = await overlays.RunAsync("bash", "deploy/pin", "ip", image);
        Assert.Equal((64, ""), (refused.ExitCode, refused.Output));
        Assert.Contains("Usage: pin OVERLAY IMAGE:TAG@sha256:DIGEST [SSH-IMAGE:TAG@sha256:DIGEST]", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_cookie_is_made_once_and_stands_on_no_command_line()
    {
        InstallKubectl("""
            echo "$*" >> calls
            case $* in
                *' get secret '*) [ ! -e cookie ] || echo secret/enmesh-cookie ;;
                *' create secret '*) cat > cookie ;;
                *) exit 9 ;;
            esac
            """);
        _ = (await CookieAsync("shop", "--", "--context", "test")).Successful;
        var cookie = await File.ReadAllTextAsync(Path.Combine(_directory, "cookie"));
        Assert.Matches("^[0-9a-f]{48}$", cookie);
        var calls = await File.ReadAllTextAsync(Path.Combine(_directory, "calls"));
        Assert.DoesNotContain(cookie, calls, StringComparison.Ordinal);
        Assert.Contains("--context test --namespace shop create secret generic enmesh-cookie --from-file=cookie=/dev/stdin", calls, StringComparison.Ordinal);
        var again = await CookieAsync("shop");
        Assert.Equal(0, again.ExitCode);
        Assert.Contains("has its cookie", again.Errors, StringComparison.Ordinal);
        Assert.Equal(cookie, await File.ReadAllTextAsync(Path.Combine(_directory, "cookie")));
    }

    [Fact]
    public async Task The_command_itself_checks_what_is_shipped_and_says_what_is_broken()
    {
        var good = Path.Combine(_directory, "insecure");
        await File.WriteAllTextAsync(good, overlays.Yaml("insecure"));
        var fine = await ChildProcess.RunAsync(["dotnet", Checker, good]);
        Assert.Equal((0, "insecure: 16 objects, 0 problems\n"), (fine.ExitCode, fine.Output));
        await File.WriteAllTextAsync(good, overlays.Yaml("insecure").Replace("replicas: 3", "replica: 3", StringComparison.Ordinal));
        var broken = await ChildProcess.RunAsync(["dotnet", Checker, good]);
        Assert.Equal(1, broken.ExitCode);
        Assert.Contains("insecure: Deployment enmesh.spec.replica: there is no such field", broken.Output, StringComparison.Ordinal);
        Assert.Equal(2, (await ChildProcess.RunAsync(["dotnet", Checker, "--fast"])).ExitCode);
    }

    // Against what the restore has written, which the script does not read: nothing is missing, nothing is made up, and hashes are those of the packages.
    [Fact]
    public async Task The_list_of_what_is_in_a_publish_has_every_package_of_the_restore_with_its_hash()
    {
        var printed = await ChildProcess.RunAsync([Repository.PathTo("deploy", "images", "sbom"), AppContext.BaseDirectory]);
        using var list = JsonDocument.Parse(printed.Successful);
        using var assets = JsonDocument.Parse(await File.ReadAllTextAsync(Repository.PathTo("artifacts", "obj", "Enmesh.Deploy.Tests", "project.assets.json")));
        Assert.Equal(("CycloneDX", "1.6"), (list.RootElement.GetProperty("bomFormat").GetString(), list.RootElement.GetProperty("specVersion").GetString()));
        var listed = list.RootElement.GetProperty("components").EnumerateArray()
            .Where(one => one.TryGetProperty("hashes", out _))
            .ToDictionary(
                one => $"{one.GetProperty("name").GetString()}/{one.GetProperty("version").GetString()}",
                one => one.GetProperty("hashes")[0].GetProperty("content").GetString());
        // What brings files along; analyzers stay behind, and what the runtime has in a later version.
        var restored = assets.RootElement.GetProperty("targets").EnumerateObject().First().Value.EnumerateObject()
            .Where(one => one.Value.GetProperty("type").GetString() == "package" && one.Value.TryGetProperty("runtime", out var files)
                && files.EnumerateObject().Any(file => File.Exists(Path.Combine(AppContext.BaseDirectory, Path.GetFileName(file.Name)))))
            .ToDictionary(
                one => one.Name,
                one => Convert.ToHexStringLower(Convert.FromBase64String(assets.RootElement.GetProperty("libraries").GetProperty(one.Name).GetProperty("sha512").GetString()!)));
        Assert.All(restored, package => Assert.Equal(package.Value, listed.GetValueOrDefault(package.Key)));
        Assert.Contains(restored.Keys, name => name.StartsWith("YamlDotNet/", StringComparison.Ordinal));
        Assert.Contains("pkg:nuget/Enmesh.Terms@", printed.Output, StringComparison.Ordinal);
        // Everybody on whom something depends is there.
        var known = list.RootElement.GetProperty("components").EnumerateArray().Select(one => one.GetProperty("purl").GetString()).ToHashSet();
        Assert.All(
            list.RootElement.GetProperty("dependencies").EnumerateArray().SelectMany(one => one.GetProperty("dependsOn").EnumerateArray()),
            one => Assert.Contains(one.GetString(), known));
    }

    // Nobody has applied it here; what can be seen without doing so is looked at.
    [Fact]
    public void What_is_for_the_cloud_uses_what_it_declares_and_asks_for_little()
    {
        var files = Directory.GetFiles(Repository.PathTo("deploy", "terraform"), "*.tf").ToDictionary(file => Path.GetFileName(file)!, File.ReadAllText);
        var all = string.Concat(files.Values);
        var declared = Declared().Matches(files["variables.tf"]).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal);
        Assert.Equal(Used().Matches(all).Select(match => match.Groups[1].Value).Distinct().Order(StringComparer.Ordinal), declared);
        foreach (Match reference in Reference().Matches(all))
            Assert.Contains($"resource \"{reference.Groups[1].Value}\" \"{reference.Groups[2].Value}\"", all, StringComparison.Ordinal);
        Assert.Equal(all.Count(c => c == '{'), all.Count(c => c == '}'));
        Assert.DoesNotContain("roles/editor", all, StringComparison.Ordinal);
        Assert.DoesNotContain("roles/owner", all, StringComparison.Ordinal);
        Assert.Contains("roles/artifactregistry.reader", all, StringComparison.Ordinal);
        Assert.Contains("enable_private_nodes    = true", all, StringComparison.Ordinal);
        Assert.Contains("Never applied by the tests", files["main.tf"], StringComparison.Ordinal);
        var script = File.ReadAllText(Repository.PathTo("deploy", "terraform", "push-and-deploy"));
        foreach (var output in Output().Matches(script).Select(match => match.Groups[1].Value))
            Assert.Contains($"output \"{output}\"", files["outputs.tf"], StringComparison.Ordinal);
    }

    private static string Checker => Path.Combine(AppContext.BaseDirectory, "Enmesh.Deploy.dll");

    private Task<CommandResult> CookieAsync(params string[] arguments) => ChildProcess.RunAsync(
        [Repository.PathTo("deploy", "cookie"), .. arguments],
        new Dictionary<string, string?> { ["PATH"] = $"{_directory}:{Environment.GetEnvironmentVariable("PATH")}" }, "", _directory);

    private void InstallKubectl(string script)
    {
        var file = Path.Combine(_directory, "kubectl");
        File.WriteAllText(file, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    [GeneratedRegex("^variable \"(\\w+)\"", RegexOptions.Multiline)]
    private static partial Regex Declared();

    [GeneratedRegex(@"\bvar\.(\w+)")]
    private static partial Regex Used();

    [GeneratedRegex(@"\b(google_\w+)\.(\w+)\.")]
    private static partial Regex Reference();

    [GeneratedRegex(@"\$\(output (\w+)\)")]
    private static partial Regex Output();
}
