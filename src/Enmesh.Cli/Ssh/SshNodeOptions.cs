using System.CommandLine;
using Enmesh.Hosting;
using Microsoft.Extensions.Configuration;

namespace Enmesh.Cli.Ssh;

/// <summary>The options of <c>enmesh node</c> that have to do with SSH.</summary>
internal sealed class SshNodeOptions
{
    private const string Off = "off";

    private readonly Option<string?> _listen = new("--ssh")
    {
        Description = "Serve the console over SSH there. Default: off, unless there are settings in Enmesh:Ssh; then port 10022.",
        HelpName = "ADDRESS:PORT|off",
    };

    private readonly Option<string?> _keys = new("--ssh-keys")
    {
        Description = "The file with the public keys that may log in over SSH, as ~/.ssh/authorized_keys.",
        HelpName = "FILE",
    };

    internal void AddTo(Command command)
    {
        command.Options.Add(_listen);
        command.Options.Add(_keys);
    }

    internal IEnumerable<KeyValuePair<string, string?>> Settings(ParseResult parsed)
    {
        if (parsed.GetValue(_listen) is { } listen)
            yield return new($"{ErlangSshExtensions.Key}:{nameof(ErlangSshOptions.Listen)}", listen);
        if (parsed.GetValue(_keys) is { } keys)
            yield return new($"{ErlangSshExtensions.Key}:{nameof(ErlangSshOptions.AuthorizedKeysFile)}", Path.GetFullPath(keys));
    }

    /// <summary>Gives the node SSH when there are settings for it.</summary>
    internal static void AddTo(ErlangNodeBuilder node, IConfiguration configuration)
    {
        var section = configuration.GetSection($"{ErlangNodeExtensions.Section}:{ErlangSshExtensions.Key}");
        if (section.Exists() && !Off.Equals(section[nameof(ErlangSshOptions.Listen)], StringComparison.OrdinalIgnoreCase))
            node.AddSsh(options => options.OwnCommand = OwnCommand());
    }

    // Run as `dotnet Enmesh.Cli.dll` the program is dotnet.
    private static string[] OwnCommand()
    {
        var program = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(program) == "dotnet"
            ? [program, Path.Combine(AppContext.BaseDirectory, "Enmesh.Cli.dll")]
            : [program];
    }
}
