using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Enmesh.Cli;

/// <summary>A command whose help says more than one sentence: how it behaves, and examples to copy.</summary>
/// <param name="name">Its name.</param>
/// <param name="summary">What it does, in one sentence.</param>
/// <param name="more">What stands below the options.</param>
internal sealed class Verb(string name, string summary, string more) : Command(name, summary)
{
    internal string More => more;
}

/// <summary>The usual help, and below it what a <see cref="Verb"/> has to add.</summary>
internal sealed class VerbHelp(HelpAction usual) : SynchronousCommandLineAction
{
    // Help is given whatever else is missing on the command line.
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var result = usual.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is Verb verb)
            output.WriteLine(verb.More.Replace("enmesh ", $"{CommandLine.Program} ", StringComparison.Ordinal));
        output.WriteLine();
        output.WriteLine(ExitCode.Help);
        return result;
    }
}
