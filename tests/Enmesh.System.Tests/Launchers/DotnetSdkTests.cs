using System.Security.Cryptography;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Launchers;

/// <summary>How <c>scripts/dotnet-sdk</c> gets an SDK, against a stub of the download server.</summary>
[Trait("Ring", "system")]
public sealed class DotnetSdkTests : IDisposable
{
    private readonly Sandbox _sandbox = new();

    public void Dispose() => _sandbox.Dispose();

    [Theory]
    [InlineData("curl")]
    [InlineData("wget")]
    public async Task A_missing_sdk_is_downloaded_once_and_then_taken_from_the_cache(string downloader)
    {
        using var sandbox = new Sandbox(downloader);
        await using var server = new FileServer(await PublishAsync(sandbox, "echo I am the SDK"));

        var first = await RunAsync(sandbox, server.Address);
        var second = await RunAsync(sandbox, server.Address);

        var sdk = first.Successful.Trim();
        Assert.Equal(sandbox.PathTo("cache", "dotnet-1.2.3"), sdk);
        Assert.Equal(sdk, second.Successful.Trim());
        Assert.Equal("I am the SDK\n", (await sandbox.RunAsync([$"{sdk}/dotnet"])).Successful);
        Assert.Equal(1, server.Served);
        Assert.Equal([sdk], Directory.GetDirectories(sandbox.PathTo("cache")));
    }

    [Fact]
    public async Task Two_at_once_download_once()
    {
        using var sandbox = new Sandbox("curl");
        await using var server = new FileServer(await PublishAsync(sandbox, "exit 0"));

        var both = await Task.WhenAll(RunAsync(sandbox, server.Address), RunAsync(sandbox, server.Address));

        Assert.Equal(both[0].Successful, both[1].Successful);
        Assert.Equal(1, server.Served);
    }

    [Fact]
    public async Task An_archive_with_another_checksum_is_refused_and_nothing_is_left()
    {
        using var sandbox = new Sandbox("curl");
        var files = await PublishAsync(sandbox, "echo I am not the SDK");
        var expected = new string('a', 128);
        sandbox.Write("scripts/dotnet-sdk.sha512", $"{expected}  {Archive}\n");
        await using var server = new FileServer(files);

        var result = await RunAsync(sandbox, server.Address);

        Assert.Equal(69, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Contains(expected, result.Errors);
        Assert.Contains(Convert.ToHexStringLower(SHA512.HashData(files.Values.Single())), result.Errors);
        Assert.Contains("Nothing was installed", result.Errors);
        Assert.Empty(Directory.GetDirectories(sandbox.PathTo("cache")));
    }

    [Theory]
    [InlineData("curl")]
    [InlineData("wget")]
    public async Task Without_a_network_it_says_what_to_do(string downloader)
    {
        using var sandbox = new Sandbox(downloader);
        await PublishAsync(sandbox, "exit 0");

        // Port 9 is discard, which nobody serves: the connection is refused at once.
        var result = await RunAsync(sandbox, new("http://127.0.0.1:9"));

        Assert.Equal(69, result.ExitCode);
        Assert.Contains($"could not download http://127.0.0.1:9/Sdk/1.2.3/{Archive}", result.Errors);
        Assert.Contains("ENMESH_DOTNET_URL", result.Errors);
        Assert.Empty(Directory.GetDirectories(sandbox.PathTo("cache")));
    }

    [Fact]
    public async Task A_server_without_that_version_is_an_error()
    {
        using var sandbox = new Sandbox("curl");
        await PublishAsync(sandbox, "exit 0");
        await using var server = new FileServer(new Dictionary<string, byte[]>());

        var result = await RunAsync(sandbox, server.Address);

        Assert.Equal(69, result.ExitCode);
        Assert.Contains("404", result.Errors);
    }

    [Fact]
    public async Task An_sdk_on_the_path_that_satisfies_global_json_is_taken()
    {
        _sandbox.InstallDotnet("exit 1");

        var result = await RunAsync(_sandbox, new("http://127.0.0.1:9"));

        Assert.Equal(_sandbox.PathTo("sdk"), result.Successful.Trim());
    }

    [Fact]
    public async Task An_sdk_on_the_path_that_does_not_is_left_alone()
    {
        using var sandbox = new Sandbox("curl");
        sandbox.WriteProgram("bin/dotnet", "echo 'A compatible .NET SDK was not found.' >&2; exit 145");
        await using var server = new FileServer(await PublishAsync(sandbox, "exit 0"));

        var result = await RunAsync(sandbox, server.Address);

        Assert.Equal(sandbox.PathTo("cache", "dotnet-1.2.3"), result.Successful.Trim());
    }

    [Fact]
    public async Task Every_platform_has_a_checksum_of_one_version()
    {
        var lines = await File.ReadAllLinesAsync(
            Repository.PathTo("scripts", "dotnet-sdk.sha512"), TestContext.Current.CancellationToken);
        var names = lines.Select(static line => line.Split("  ")).ToList();

        Assert.All(names, static line => Assert.Equal(128, line[0].Length));
        var version = names[0][1].Split('-')[2];
        Assert.Equal(
            ((string[])["linux-x64", "linux-arm64", "osx-x64", "osx-arm64"])
                .Select(platform => $"dotnet-sdk-{version}-{platform}.tar.gz"),
            names.Select(static line => line[1]));
    }

    private static string Archive => $"dotnet-sdk-1.2.3-{Platform}.tar.gz";

    private static string Platform =>
        System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture is System.Runtime.InteropServices.Architecture.Arm64
            ? "linux-arm64"
            : "linux-x64";

    /// <summary>Makes an archive with a <c>dotnet</c> and its line in the table of checksums.</summary>
    private static async Task<Dictionary<string, byte[]>> PublishAsync(Sandbox sandbox, string script)
    {
        sandbox.WriteProgram("made/dotnet", script);
        var file = sandbox.PathTo(Archive);
        var packed = await ChildProcess.RunAsync(["tar", "-czf", file, "-C", sandbox.PathTo("made"), "."]);
        _ = packed.Successful;
        var bytes = await File.ReadAllBytesAsync(file);
        sandbox.Write("scripts/dotnet-sdk.sha512", $"{Convert.ToHexStringLower(SHA512.HashData(bytes))}  {Archive}\n");
        return new() { [$"/Sdk/1.2.3/{Archive}"] = bytes };
    }

    private static Task<CommandResult> RunAsync(Sandbox sandbox, Uri server) =>
        sandbox.RunAsync(
            [sandbox.PathTo("scripts", "dotnet-sdk")],
            environment: new Dictionary<string, string?> { ["ENMESH_DOTNET_URL"] = server.ToString().TrimEnd('/') });
}
