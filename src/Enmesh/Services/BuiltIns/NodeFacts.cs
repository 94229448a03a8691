using System.Reflection;
using System.Runtime.InteropServices;
using Enmesh.Processes;
using Enmesh.Terms;

namespace Enmesh.Services.BuiltIns;

/// <summary>What built-ins tell of the node.</summary>
internal sealed class NodeFacts
{
    /// <summary>The release whose behaviour decides where releases differ; what tools read as a number.</summary>
    internal const string OtpRelease = "27";

    internal required ProcessRuntime Runtime { get; init; }

    /// <summary>The nodes that EPMD of this host knows; null when the node keeps away from EPMD.</summary>
    internal Func<CancellationToken, Task<IReadOnlyList<(string Name, int Port)>>>? EpmdNames { get; init; }

    /// <summary>Silence after which a peer counts as lost.</summary>
    internal Func<TimeSpan> NetTickTime { get; init; } = static () => TimeSpan.FromSeconds(60);

    /// <summary>Whether it is only just being changed to that.</summary>
    internal Func<bool> NetTickTimeIsChanging { get; init; } = static () => false;

    /// <summary>Whether the node has a short name.</summary>
    internal bool ShortNames { get; init; }

    /// <summary>Ends the node on a peer's wish; null where peers may not.</summary>
    internal Action<ProcessContext, int>? Stop { get; init; }

    /// <summary>How many atoms of peers are remembered.</summary>
    internal int AtomBudget { get; init; } = AtomTable.DefaultBudget;

    /// <summary>Bytes that may wait on one link before its senders do.</summary>
    internal long SendBufferBytes { get; init; }

    internal long StartedAt { get; init; }

    internal NodeName Name => Runtime.Name;

    internal TimeProvider Clock => Runtime.TimeProvider;

    internal TimeSpan UpTime => Clock.GetElapsedTime(StartedAt);

    internal static string Version { get; } = VersionOf(typeof(NodeFacts).Assembly);

    internal static string Architecture { get; } =
        $"{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()}-dotnet-{System}";

    private static string System =>
        OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux";

    /// <summary>What stands for the applications of OTP: this library, and the program.</summary>
    internal static IReadOnlyList<(string Name, string Description, string Version)> Applications { get; } =
        ListApplications();

    internal static string VersionOf(Assembly assembly)
    {
        var version = assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
            ?? assembly.GetName().Version?.ToString() ?? "0";
        return version.Split('+')[0]; // without the commit
    }

    private static List<(string Name, string Description, string Version)> ListApplications()
    {
        List<(string, string, string)> all = [("enmesh", "Erlang distribution in .NET", Version)];
        if (Assembly.GetEntryAssembly() is { } program && program.GetName().Name is { Length: > 0 and < 200 } name)
            all.Add((name.ToLowerInvariant().Replace('.', '_'), name, VersionOf(program)));
        return all;
    }
}
