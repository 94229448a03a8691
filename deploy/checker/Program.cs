using System.Diagnostics;

namespace Enmesh.Deploy;

/// <summary>deploy/check: renders overlays and says what is wrong with them.</summary>
internal static class Program
{
    private const int No = 1;
    private const int Usage = 2;

    internal static IEnumerable<string> Check(Rendering all, Schema schema, bool release = false) =>
    [
        .. all.Objects.SelectMany(schema.Check),
        .. References.Check(all),
        .. Hardening.Check(all),
        .. Images.Check(all, release),
        .. Settings.Check(all),
        .. Certified.Check(all),
        .. Rights.Check(all),
        .. Reachability.Check(all),
    ];

    internal static async Task<int> Main(string[] arguments)
    {
        var release = arguments.Contains("--release");
        var table = arguments.Contains("--table");
        var directories = arguments.Where(argument => !argument.StartsWith("--", StringComparison.Ordinal)).ToList();
        if (directories.Count == 0 || arguments.Any(argument => argument.StartsWith("--", StringComparison.Ordinal) && argument is not ("--release" or "--table")))
        {
            await Console.Error.WriteLineAsync("Usage: deploy/check [--release] [--table] [DIRECTORY|FILE...]");
            return Usage;
        }
        var schema = Schema.Load();
        var wrong = 0;
        foreach (var directory in directories)
        {
            var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)));
            if (await RenderAsync(directory) is not { } yaml)
                return No;
            var all = Rendering.Parse(name, yaml);
            var problems = Check(all, schema, release).Distinct().ToList();
            foreach (var problem in problems)
                Console.WriteLine($"{name}: {problem}");
            if (table)
                Console.Write(new Network(all).Table());
            Console.WriteLine($"{name}: {all.Objects.Count} objects, {problems.Count} problems");
            wrong += problems.Count;
        }
        return wrong == 0 ? 0 : No;
    }

    // A file is a rendering already.
    private static async Task<string?> RenderAsync(string source)
    {
        if (File.Exists(source))
            return await File.ReadAllTextAsync(source);
        using var kubectl = Process.Start(new ProcessStartInfo("kubectl", ["kustomize", source]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var yaml = await kubectl.StandardOutput.ReadToEndAsync();
        await kubectl.WaitForExitAsync();
        return kubectl.ExitCode == 0 ? yaml : null;
    }
}
