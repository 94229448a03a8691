using System.Text.RegularExpressions;
using Enmesh.Hosting;
using Enmesh.Kubernetes.Certificates;
using Enmesh.Web;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Xunit;

namespace Enmesh.Architecture.Tests.Reference;

/// <summary>The keys that the code reads. It says them itself, where there is one that it does not know.</summary>
internal static partial class KnownKeys
{
    private const string Unknown = "NobodyReadsThis";

    /// <summary>Each section with its keys.</summary>
    internal static IReadOnlyDictionary<string, IReadOnlyList<string>> Read()
    {
        var found = Complaints().Select(problem => UnknownKey().Match(problem)).Where(match => match.Success)
            .ToDictionary(match => match.Groups["path"].Value, match => (IReadOnlyList<string>)match.Groups["keys"].Value.Split(", "));
        Assert.NotEmpty(found);
        return found;
    }

    /// <summary>The strategies that there are.</summary>
    internal static IReadOnlyList<string> Strategies() =>
        Complaints().Select(problem => UnknownStrategy().Match(problem)).Single(match => match.Success).Groups["names"].Value.Split([", ", " and "], StringSplitOptions.None);

    private static List<string> Complaints()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        Dictionary<string, string?> settings = new()
        {
            // Else the nodes' own names are asked, whose settings are wrong as well.
            ["Enmesh:Certificate:Host"] = "10.0.0.7",
            [$"Enmesh:Discovery:{Unknown}:Strategy"] = Unknown,
        };
        foreach (var section in SettingsSection.All)
        {
            settings[$"{section.Path}:{Unknown}"] = "";
            if (section.Path.StartsWith("Enmesh:Discovery:", StringComparison.Ordinal))
                settings[$"{section.Path}:{SettingsSection.Strategy}"] = section.Path.Split(':')[^1];
        }
        builder.Configuration.AddInMemoryCollection(settings);
        builder.AddErlangNode().AddSsh();
        builder.AddErlangEndpoints();
        builder.AddNodeCertificate();
        using var host = builder.Build();
        return
        [
            .. Refused(() => host.Services.GetRequiredService<IOptionsMonitor<ErlangNodeOptions>>().CurrentValue),
            .. Refused(() => host.Services.GetRequiredService<IOptionsMonitor<ErlangEndpointOptions>>().CurrentValue),
            .. Refused(() => host.Services.GetRequiredService<IOptionsMonitor<ErlangSshOptions>>().CurrentValue),
            .. Refused(host.Services.GetRequiredService<NodeCertificateRenewal>),
        ];
    }

    private static IEnumerable<string> Refused(Func<object> make) => Assert.Throws<OptionsValidationException>(make).Failures;

    [GeneratedRegex($@"^(?<path>.+):{Unknown}: there is no such setting\. There are (?<keys>.+)\.$")]
    private static partial Regex UnknownKey();

    [GeneratedRegex($"there is no strategy '{Unknown}'; there are (?<names>.+)\\.$")]
    private static partial Regex UnknownStrategy();
}
