using Enmesh.Terms;
using Enmesh.Terms.Text;

namespace Enmesh.Shell;

/// <summary>Prints values as the shell does: about 30 deep, in lines of about 60 characters.</summary>
internal sealed class ValuePrinter(LocalNode node, Func<int> columns)
{
    private const int Depth = 30;
    private const int LineCharacters = 60;

    // One value that is all one string is not cut by its depth.
    private const int MaxLength = 1 << 20;

    /// <summary>Prints a value, the first character of which stands in a column counted from 1.</summary>
    internal string Print(Term value, int column = 1) => ErlangText.Print(value, new ErlangPrintOptions
    {
        Unicode = true,
        Depth = Depth,
        LineCharacters = LineCharacters,
        LineLength = Math.Clamp(columns(), 20, ushort.MaxValue),
        Column = Math.Clamp(column, 1, ushort.MaxValue),
        LocalNode = node,
        MaxLength = MaxLength,
    });

    /// <summary>Prints all of a value on as many lines as it takes.</summary>
    internal string PrintWhole(Term value, int column = 1) => ErlangText.Print(value, new ErlangPrintOptions
    {
        Unicode = true,
        LineLength = Math.Clamp(columns(), 20, ushort.MaxValue),
        Column = Math.Clamp(column, 1, ushort.MaxValue),
        LocalNode = node,
        MaxLength = MaxLength,
    });
}
