using System.Text;

namespace Enmesh.Generators.Emitting;

/// <summary>Lines of C# with the right indentation.</summary>
internal sealed class SourceWriter
{
    private readonly StringBuilder _text = new();
    private int _depth;

    internal void Line(string line = "")
    {
        if (line.Length > 0)
            _text.Append(' ', 4 * _depth).Append(line);
        _text.Append('\n');
    }

    /// <summary>Opens a block under a head.</summary>
    internal void Open(string head)
    {
        Line(head);
        Open();
    }

    /// <summary>Opens a block.</summary>
    internal void Open()
    {
        Line("{");
        _depth++;
    }

    /// <summary>Closes the block.</summary>
    internal void Close()
    {
        _depth--;
        Line("}");
    }

    public override string ToString() => _text.ToString();
}
