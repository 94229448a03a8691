using Enmesh.Consoles;

namespace Enmesh.Cli.Consoles;

/// <summary>The console of <c>enmesh node</c>.</summary>
internal static class NodeConsole
{
    /// <summary>Listens where the option says; a node does its work without a console, too.</summary>
    internal static IAsyncDisposable? Listen(ErlangNode node, string place)
    {
        try
        {
            return place == ConsolePath.Off ? null : node.ListenForConsoles(place == ConsolePath.Usual ? null : place);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            CommandLine.Complain($"There is no console: {e.Message}");
            return null;
        }
    }
}
