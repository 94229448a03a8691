using Enmesh.Shell.Library;

namespace Enmesh.Shell;

// How a line may go on.
public sealed partial class ShellSession
{
    /// <summary>How a line may go on: modules and functions, commands, registered names, nodes, variables.</summary>
    /// <param name="text">What stands before the cursor.</param>
    public ShellCompletion Complete(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var functions = ShellLibrary.All.Concat(_environment.Host.Functions).ToList();
        return Completion.Find(text, new()
        {
            Modules = [.. functions.Select(function => function.Module).Distinct(StringComparer.Ordinal)],
            FunctionsOf = module => functions.Where(function => function.Module == module && char.IsLetter(function.Function[0]))
                .Select(function => function.Function),
            Commands = [.. AutoImported.Names, .. ShellCommands.Names],
            Registered = [.. _runtime.RegisteredNames.Select(name => name.Text)],
            Nodes = [_runtime.Name.Text, .. _runtime.Links.Select(link => link.Peer.Text)],
            Variables = Variables,
        });
    }
}
