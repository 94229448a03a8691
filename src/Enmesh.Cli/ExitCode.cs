namespace Enmesh.Cli;

/// <summary>What the command's exit status says.</summary>
internal static class ExitCode
{
    /// <summary>It did what it was asked, and the answer is yes.</summary>
    internal const int Success = 0;

    /// <summary>The answer is no: a node that cannot be reached, a mesh that is not complete.</summary>
    internal const int No = 1;

    /// <summary>
    /// It was asked wrongly: arguments, settings, a cookie file that cannot be used, input that is no term.
    /// </summary>
    internal const int Usage = 2;

    /// <summary>Of <c>enmesh doctor</c>: it works, and there is something to look after. Its failures have numbers from 10 on.</summary>
    internal const int Warnings = 3;

    internal const string Help = """
        Exit status:
          0  done, and the answer is yes
          1  the answer is no: not reached, not complete
          2  wrong arguments, settings, cookie file or input
        """;
}
