using System.Net;
using Enmesh.Hosting.Ssh;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Enmesh.Hosting;

/// <summary>A node's console over SSH.</summary>
public static class ErlangSshExtensions
{
    internal const string Key = "Ssh";

    /// <summary>The module whose functions peers call for the node's host key.</summary>
    internal const string Module = "enmesh_ssh";

    /// <summary>
    /// Serves the node's console over SSH, by OpenSSH's <c>sshd</c> as a child of this program. Settings come from the section <c>Enmesh:Ssh</c>, that of a
    /// named node from <c>Enmesh:Nodes:NAME:Ssh</c>, then from <paramref name="configure"/>; see <see cref="ErlangSshOptions"/>.
    /// </summary>
    /// <remarks>
    /// It starts when the node has joined its cluster, and ends when that has drained. The host does not start when it cannot be had, and says why; should it
    /// end later it is started again. Peers may ask for its host key: <c>enmesh_ssh:host_key/0</c>.
    /// </remarks>
    /// <param name="node">The node.</param>
    /// <param name="configure">Changes the options.</param>
    public static ErlangNodeBuilder AddSsh(this ErlangNodeBuilder node, Action<ErlangSshOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(node);
        var services = node.Services;
        var name = node.Name;
        if (services.Any(service => service.ServiceType == typeof(SshService) && Equals(service.ServiceKey, name)))
            throw new InvalidOperationException("The node has SSH already.");
        var section = name.Length == 0 ? $"{ErlangNodeExtensions.Section}:{Key}" : $"{ErlangNodeExtensions.NodesSection}:{name}:{Key}";
        var problems = new List<string>();
        services.AddOptions<ErlangSshOptions>(name)
            .Configure<IConfiguration>((options, configuration) => Bind(new SettingKeys(section, configuration.GetSection(section), problems), options, problems))
            .Configure(options => configure?.Invoke(options))
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<ErlangSshOptions>>(new Validation(name, section, problems));
        services.AddKeyedSingleton(name, (provider, _) => new SshService(
            section,
            () => provider.GetRequiredService<IOptionsMonitor<ErlangSshOptions>>().Get(name),
            () => provider.GetRequiredKeyedService<ErlangNode>(name),
            provider.GetRequiredService<ILoggerFactory>().CreateLogger("Enmesh.Ssh"),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<SshService>(name));
        return node.Export((provider, functions) =>
        {
            var keys = new SshKeyExchange(
                () => provider.GetRequiredKeyedService<SshService>(name).HostKey, () => provider.GetRequiredKeyedService<ErlangNode>(name));
            functions.Export(Module, SshKeyExchange.OwnFunction, 0, (_, _) => ValueTask.FromResult(keys.Own()));
            functions.Export(Module, SshKeyExchange.AllFunction, 0, async (context, _) => await keys.AllAsync(context.Abandoned).ConfigureAwait(false));
        });
    }

    internal static void Bind(SettingKeys keys, ErlangSshOptions options, List<string> problems)
    {
        problems.Clear();
        if (keys.Take(nameof(options.Listen)) is { } text)
        {
            if (OperatorAddress.TryParse(text, out IPEndPoint? endPoint))
                options.Listen = endPoint!;
            else
                keys.Problem(nameof(options.Listen), $"'{text}' is not an address with a port (0.0.0.0:10022, [::]:10022) or a port alone.");
        }
        keys.Text(nameof(options.AuthorizedKeysFile), value => options.AuthorizedKeysFile = value);
        keys.Text(nameof(options.UserAuthoritiesFile), value => options.UserAuthoritiesFile = value);
        keys.OwnTexts(nameof(options.Principals), options.Principals);
        keys.Text(nameof(options.RevokedKeysFile), value => options.RevokedKeysFile = value);
        keys.Text(nameof(options.HostKeyFile), value => options.HostKeyFile = value);
        keys.Text(nameof(options.HostCertificateFile), value => options.HostCertificateFile = value);
        keys.Text(nameof(options.Directory), value => options.Directory = value);
        keys.Duration(nameof(options.IdleTimeout), value => options.IdleTimeout = value);
        keys.Flag(nameof(options.LogExpressions), value => options.LogExpressions = value);
        keys.Flag(nameof(options.StrictModes), value => options.StrictModes = value);
        keys.Text(nameof(options.Server), value => options.Server = value);
        keys.Text(nameof(options.Command), value => options.Command = value);
        keys.RefuseOthers();
    }

    // What the machine lacks is said with what is wrong in the settings: both are mended before the next start.
    private sealed class Validation(string node, string section, List<string> problems) : IValidateOptions<ErlangSshOptions>
    {
        public ValidateOptionsResult Validate(string? name, ErlangSshOptions options)
        {
            if (name != node)
                return ValidateOptionsResult.Skip;
            List<string> all = [.. problems, .. options.Validate().Concat(SshSurroundings.Problems(options)).Select(problem => $"{section}:{problem}")];
            return all.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(all);
        }
    }
}
