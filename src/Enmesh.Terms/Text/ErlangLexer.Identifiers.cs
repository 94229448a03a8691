using System.Globalization;

namespace Enmesh.Terms.Text;

/// <content>Pids, ports and references as <see cref="IdentifierText"/> prints them.</content>
internal sealed partial class ErlangLexer
{
    private const int MaxNumbers = Reference.MaxWords;

    // False when it does not look like one. What looks like one and is none is an error.
    private bool TryReadIdentifier(out Token identifier)
    {
        identifier = default;
        var start = _at;
        var what = IsNext("#Pid<") ? "#Pid<" : IsNext("#Port<") ? "#Port<" : IsNext("#Ref<") ? "#Ref<" : "<";
        if (IsNext("#Fun<"))
            Fail(start, "A local fun cannot be read from text: only its own node knows its code.");
        if (Current == '#' ? what == "<" : !LooksLikePid())
            return false;
        _at += what.Length;
        var node = char.IsAsciiDigit(Current) ? LocalNode(start) : ReadNode();
        var isLocal = char.IsAsciiDigit(_text[start + what.Length]);
        Span<ulong> numbers = stackalloc ulong[MaxNumbers];
        var count = ReadNumbers(numbers);
        var creation = isLocal ? _options.LocalNode!.Creation : ReadCreation();
        if (Current != '>')
            Fail(_at, "Expected the '>' that ends an identifier.");
        _at++;
        identifier = Make(TokenKind.Identifier, start, string.Empty, what switch
        {
            "#Port<" => MakePort(start, node, numbers[..count], creation),
            "#Ref<" => MakeReference(start, node, numbers[..count], creation, isLocal),
            _ => MakePid(start, node, numbers[..count], creation),
        });
        return true;
    }

    // <0.97.0>
    private bool LooksLikePid()
    {
        var at = _at + 1;
        for (var numbers = 1; ; numbers++)
        {
            var first = at;
            while (at < _text.Length && char.IsAsciiDigit(_text[at]))
                at++;
            if (at == first || at == _text.Length)
                return false;
            if (numbers == 3)
                return _text[at] == '>';
            if (_text[at++] != '.')
                return false;
        }
    }

    private Atom LocalNode(int start)
    {
        if (_options.LocalNode is null)
            Fail(
                start,
                "An identifier in this short form means something only on its own node, which is not known here.");
        if (Current != '0' || Peek(1) != '.')
            Fail(start, "An identifier of another node cannot be read in this form: its first number means something only on the node that printed it.");
        _at += 2;
        return _options.LocalNode.Name;
    }

    private Atom ReadNode()
    {
        var start = _at;
        if (Current == '\'')
            return ReadSpace(MakeAtom(ReadQuoted(start, '\'', "atom")));
        while (char.IsAsciiLetterOrDigit(Current) || Current is '@' or '.' or '-' or '_' or ':')
            _at++;
        if (_at == start || _at - start > Atom.MaxCharacters)
            Fail(start, "Expected the name of a node.");
        return ReadSpace(MakeAtom(_text[start.._at]));
    }

    private Atom ReadSpace(Atom node)
    {
        if (Current != ' ')
            Fail(_at, "Expected a space behind the name of the node.");
        _at++;
        return node;
    }

    private Atom MakeAtom(string text)
    {
        var atom = new Atom(text);
        return _options.Atoms?.Intern(atom) ?? atom;
    }

    private int ReadNumbers(Span<ulong> numbers)
    {
        for (var count = 0; ; _at++)
        {
            var start = _at;
            while (char.IsAsciiDigit(Current))
                _at++;
            if (count == numbers.Length
                || !ulong.TryParse(_text.AsSpan(start, _at - start), CultureInfo.InvariantCulture, out numbers[count]))
            {
                // A reference may have no words at all.
                if (count == 0 && Current == '/')
                    return 0;
                Fail(start, "Expected a number of the identifier.");
            }
            count++;
            if (Current != '.')
                return count;
        }
    }

    private uint ReadCreation()
    {
        if (Current != '/')
            Fail(_at, "Expected a '/' and the node's creation.");
        var start = ++_at;
        while (char.IsAsciiHexDigit(Current))
            _at++;
        if (!uint.TryParse(
            _text.AsSpan(start, _at - start), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
            out var creation))
            Fail(start, "Expected the node's creation, a hexadecimal number of 32 bits.");
        return creation;
    }

    private Term MakePid(int start, Atom node, ReadOnlySpan<ulong> numbers, uint creation)
    {
        if (numbers is not [<= uint.MaxValue, <= uint.MaxValue])
            Fail(start, "A pid has two numbers of 32 bits.");
        return new Pid(node, (uint)numbers[0], (uint)numbers[1], creation);
    }

    private Term MakePort(int start, Atom node, ReadOnlySpan<ulong> numbers, uint creation)
    {
        if (numbers.Length != 1)
            Fail(start, "A port has one number.");
        return new PortId(node, numbers[0], creation);
    }

    // Erlang prints the words of its own references backwards.
    private Term MakeReference(int start, Atom node, ReadOnlySpan<ulong> numbers, uint creation, bool isBackwards)
    {
        Span<uint> words = stackalloc uint[numbers.Length];
        for (var i = 0; i < numbers.Length; i++)
        {
            if (numbers[i] > uint.MaxValue)
                Fail(start, "The numbers of a reference have 32 bits.");
            words[isBackwards ? numbers.Length - 1 - i : i] = (uint)numbers[i];
        }
        return new Reference(node, creation, words);
    }
}
