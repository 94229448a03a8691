namespace Enmesh.Terms.Text;

/// <summary>
/// Breaks the single line of a term into lines of at most a given length, as <c>io_lib_pretty</c> does.
/// </summary>
/// <remarks>
/// <para>
/// The names of the numbers that go along are those of <c>io_lib_pretty</c>, so that the two can be read side by side:
/// Col is the column at which something begins, Ll the length of a line, M the most characters in a line (the length of
/// the whole unless the options say otherwise), LD how many brackets will close right behind, W the characters already in the line.
/// </para>
/// <para>
/// How far the elements of a tagged tuple are indented is decided for the term as a whole: behind the tag if nothing
/// then comes to lie beyond the middle of the line, else by four, else by one. To find out, everything is gone through
/// once without writing; the few places where the original reckons differently then are marked.
/// </para>
/// </remarks>
internal sealed class LineBreaker
{
    private const int BehindTag = -1;
    private const int ValueIndent = 4;

    private readonly TextBuffer _line;
    private readonly LayoutNode[] _nodes;
    private readonly TextBuffer? _output;
    private readonly int _lineLength;
    private readonly int _mostCharacters;
    private readonly int _tagIndent;
    private Level[] _levels = new Level[8];
    private int _count;
    private bool _goesTooFar;

    // Without an output this is the trial.
    private LineBreaker(TextBuffer line, LayoutNode[] nodes, ErlangPrintOptions options, int tagIndent, TextBuffer? output)
    {
        (_line, _nodes, _lineLength, _tagIndent, _output) = (line, nodes, options.LineLength, tagIndent, output);
        _mostCharacters = options.LineCharacters ?? nodes[0].Length;
    }

    private bool IsTrial => _output is null;

    internal static string Break(TextBuffer line, ReadOnlySpan<LayoutNode> notes, ErlangPrintOptions options)
    {
        if (notes.IsEmpty || notes[0].Kind == LayoutKind.Text
            || (notes[0].Length < options.LineLength - options.Column && notes[0].Length <= (options.LineCharacters ?? int.MaxValue)))
            return line.ToString();
        var nodes = notes.ToArray();
        var indent = 1;
        foreach (var candidate in (ReadOnlySpan<int>)[BehindTag, ValueIndent])
        {
            if (new LineBreaker(line, nodes, options, candidate, output: null).Run(options.Column, 0))
            {
                indent = candidate;
                break;
            }
        }
        var output = new TextBuffer(options.MaxLength);
        new LineBreaker(line, nodes, options, indent, output).Run(options.Column, options.Column - 1);
        return output.ToString();
    }

    private bool Run(int col, int ind)
    {
        Place(0, col, ind, ld: 0, w: 0);
        while (_count > 0 && !_goesTooFar && _output is not { IsCut: true })
        {
            ref var level = ref _levels[_count - 1];
            if (level.Value != 0)
                PlaceValue(ref level);
            else if (level.Next == 0)
                Leave(level.Kind == LayoutKind.List ? ']' : '}');
            else if (_nodes[level.Next].Kind == LayoutKind.Dots)
                PlaceDots(ref level);
            else if (_nodes[level.Next].IsTail)
                PlaceTail(ref level);
            else
                PlaceNext(ref level);
        }
        return !_goesTooFar;
    }

    private bool Fits(int length, int col, int ld, int w) =>
        length < _lineLength - col - ld && length + w + ld <= _mostCharacters;

    private void Place(int index, int col, int ind, int ld, int w)
    {
        ref readonly var node = ref _nodes[index];
        if (Fits(node.Length, col, ld, w))
        {
            Emit(node.Start, node.End);
            return;
        }
        switch (node.Kind)
        {
            case LayoutKind.List:
            case LayoutKind.Tuple:
                Emit(node.Start, node.Start + 1);
                Enter(node.Kind, node.FirstChild, col + 1, ind + 1, ld, w + 1);
                break;
            case LayoutKind.TaggedTuple:
                PlaceTagged(node, col, ind, ld, w + 1);
                break;
            case LayoutKind.Map:
                Emit(node.Start, node.Start + 2);
                Enter(node.Kind, node.FirstChild, col + 2, ind + 2, ld, IsTrial ? w + 2 : w + 1);
                break;
            case LayoutKind.Record:
                PlaceRecord(node, col, ind, ld, w);
                break;
            case LayoutKind.Binary:
                if (!IsTrial)
                    PlaceBytes(node, col + 2, ind + 2, ld, w);
                break;
            default:
                Emit(node.Start, node.End);
                break;
        }
    }

    private void PlaceTagged(in LayoutNode node, int col, int ind, int ld, int w)
    {
        ref readonly var tag = ref _nodes[node.FirstChild];
        var behindTag = tag.Length + 2;
        Emit(node.Start, tag.End);
        if (_tagIndent > 0 && behindTag > _tagIndent)
        {
            CheckColumn(_mostCharacters + col + _tagIndent <= _lineLength || col + _tagIndent <= _lineLength / 2);
            Enter(LayoutKind.Tuple, tag.NextSibling, col + _tagIndent, ind + _tagIndent, ld, w + tag.Length);
            _levels[_count - 1].IsStarted = true;
            _levels[_count - 1].Col = col + behindTag;
        }
        else
        {
            CheckColumn(_mostCharacters + col + behindTag < _lineLength || col + behindTag < _lineLength / 2);
            Emit(',');
            Enter(LayoutKind.Tuple, tag.NextSibling, col + behindTag, ind + behindTag, ld, w + tag.Length + 1);
        }
    }

    private void PlaceRecord(in LayoutNode node, int col, int ind, int ld, int w)
    {
        Emit(node.Start, node.NameEnd + 1);
        if (node.FirstChild == 0 || _nodes[node.FirstChild].Kind == LayoutKind.Dots)
        {
            Emit(node.NameEnd + 1, node.End);
            return;
        }
        var length = NameLength(node) + 1;
        var breaks = Indent(length, ref col, ref ind);
        if (breaks)
            NewLine(ind);
        Enter(LayoutKind.Record, node.FirstChild, col, ind, ld, breaks ? 0 : w + length);
    }

    // The next element, pair or field of a level; a separator goes before it.
    private void PlaceNext(ref Level level)
    {
        var index = level.Next;
        ref readonly var node = ref _nodes[index];
        level.Next = node.NextSibling;
        var ld = level.Next != 0 && _nodes[level.Next] is { IsTail: false, Kind: not LayoutKind.Dots }
            ? 0
            : level.Ld + 1;
        var w = 0;
        if (!level.IsStarted)
        {
            level.IsStarted = true;
            w = level.W;
        }
        else if (IsSimple(node) && Fits(node.Length + 1, level.Col, Math.Max(ld, 1), level.W))
        {
            Emit(',');
            Emit(node.Start, node.End);
            level.Col += node.Length + 1;
            level.W += node.Length + 1;
            return;
        }
        else
        {
            Emit(',');
            NewLine(level.Ind);
            level.W = 0;
        }
        var fits = Fits(node.Length, level.Col0, ld, w)
            && (IsSimple(node) || node.Kind is LayoutKind.Pair or LayoutKind.Field);
        // A length that fills the line makes sure that it ends here.
        var length = fits && IsSimple(node) ? node.Length : _lineLength;
        level.Col = level.Col0 + length;
        level.W = level.Kind == LayoutKind.Map && !IsTrial ? length : level.W + length;
        if (fits)
            Emit(node.Start, node.End);
        else if (node.Kind == LayoutKind.Pair)
            PlacePair(ref level, node, ld, w);
        else if (node.Kind == LayoutKind.Field)
            PlaceField(node, level.Col0, level.Ind, ld, w);
        else
            Place(index, level.Col0, level.Ind, ld, w);
    }

    private void PlacePair(ref Level level, in LayoutNode pair, int ld, int w)
    {
        level.Value = _nodes[pair.FirstChild].NextSibling;
        level.ValueLd = ld;
        Place(pair.FirstChild, level.Col0, level.Ind, ld, w);
    }

    private void PlaceValue(ref Level level)
    {
        var value = level.Value;
        level.Value = 0;
        var indent = _tagIndent > 0 ? _tagIndent : ValueIndent;
        Emit(" =>");
        NewLine(level.Ind + indent);
        Place(value, level.Col0 + indent, level.Ind + indent, level.ValueLd, w: 0);
    }

    private void PlaceField(in LayoutNode field, int col, int ind, int ld, int w)
    {
        var length = NameLength(field) + 3;
        Emit(field.Start, field.NameEnd);
        var breaks = Indent(length, ref col, ref ind);
        Emit(breaks ? " =" : " = ");
        if (breaks)
            NewLine(ind);
        Place(field.FirstChild, col, ind, ld, breaks ? 0 : w + length);
    }

    private void PlaceDots(ref Level level)
    {
        if (level.IsStarted)
            Emit(level.Kind == LayoutKind.List ? '|' : ',');
        Emit(TextBuffer.Dots);
        level.Next = 0;
    }

    private void PlaceTail(ref Level level)
    {
        var index = level.Next;
        ref readonly var node = ref _nodes[index];
        level.Next = 0;
        Emit('|');
        if (IsSimple(node) && Fits(node.Length + 1, level.Col, level.Ld + 1, level.W))
        {
            Emit(node.Start, node.End);
            return;
        }
        NewLine(level.Ind);
        Place(index, IsTrial ? level.Col : level.Col0, level.Ind, level.Ld + 1, w: 0);
    }

    private void PlaceBytes(in LayoutNode node, int col, int ind, int ld, int w)
    {
        var width = Math.Max(8, Math.Min(_lineLength - col, _mostCharacters - 4 - w) - ld);
        var room = width;
        var at = node.Start + 2;
        Emit(node.Start, at);
        while (at < node.End - 2)
        {
            var comma = _line.Slice(at, node.End - 2).IndexOf(',');
            var end = comma < 0 ? node.End - 2 : at + comma + 1;
            if (end - at > room)
            {
                NewLine(ind);
                room = width;
            }
            room -= end - at;
            Emit(at, end);
            at = end;
        }
        Emit(">>");
    }

    // Fields go behind the name, or on a line of their own if the name is longer than the indentation.
    private bool Indent(int nameLength, ref int col, ref int ind)
    {
        var breaks = _tagIndent > 0 && nameLength > _tagIndent;
        var indent = breaks ? _tagIndent : nameLength;
        col += indent;
        ind += indent;
        CheckColumn(_mostCharacters + col <= _lineLength || col <= _lineLength / 2);
        return breaks;
    }

    private void CheckColumn(bool isGood)
    {
        if (IsTrial && !isGood)
            _goesTooFar = true;
    }

    private bool IsSimple(in LayoutNode node) => node.Kind switch
    {
        LayoutKind.Text => true,
        LayoutKind.Pair => _nodes[node.FirstChild].Kind == LayoutKind.Text
            && _nodes[_nodes[node.FirstChild].NextSibling].Kind == LayoutKind.Text,
        LayoutKind.Field => _nodes[node.FirstChild].Kind == LayoutKind.Text,
        _ => false,
    };

    private int NameLength(in LayoutNode node) => TextBuffer.WidthOf(_line.Slice(node.Start, node.NameEnd));

    private void Enter(LayoutKind kind, int first, int col, int ind, int ld, int w)
    {
        if (_count == _levels.Length)
            Array.Resize(ref _levels, _count * 2);
        _levels[_count++] = new Level { Kind = kind, Next = first, Col0 = col, Col = col, Ind = ind, Ld = ld, W = w };
    }

    private void Leave(char end)
    {
        Emit(end);
        _count--;
    }

    private void Emit(int start, int end) => _output?.Append(_line.Slice(start, end));

    private void Emit(string text) => _output?.Append(text);

    private void Emit(char c) => _output?.Append(c);

    private void NewLine(int ind)
    {
        _output?.Append('\n');
        _output?.AppendSpaces(ind);
    }

    /// <summary>A part of the term whose elements are being placed.</summary>
    private struct Level
    {
        internal LayoutKind Kind;

        /// <summary>Whether the first element is behind us.</summary>
        internal bool IsStarted;

        /// <summary>The next element, 0 at the end.</summary>
        internal int Next;

        /// <summary>Where the elements of this level begin.</summary>
        internal int Col0;
        internal int Col;
        internal int Ind;
        internal int Ld;
        internal int W;

        /// <summary>The value that belongs to the key just placed.</summary>
        internal int Value;
        internal int ValueLd;
    }
}
