using System.Globalization;
using System.Text;

namespace Enmesh.Terms.Text;

/// <content>What has no elements: numbers, atoms, identifiers, funs, strings and bytes.</content>
internal sealed partial class ElixirInspector
{
    private void WriteScalar(Term term)
    {
        switch (term.Kind)
        {
            case TermKind.Integer when term.Int64 is { } small:
                output.AppendNumber(small);
                break;
            case TermKind.Integer:
                WriteBig(term.Integer!.Value);
                break;
            case TermKind.Float:
                ElixirSyntax.WriteFloat(output, term.Float!.Value);
                break;
            case TermKind.Atom:
                ElixirSyntax.WriteAtom(output, term.Atom!);
                break;
            case TermKind.Nil:
                output.Append("[]");
                break;
            case TermKind.Tuple:
                output.Append("{}");
                break;
            case TermKind.Pid:
                IdentifierText.WritePid(output, term.Pid!, options.LocalNode, "#PID", "#PID");
                break;
            case TermKind.Port:
                IdentifierText.WritePort(output, term.Port!, options.LocalNode);
                break;
            case TermKind.Reference:
                IdentifierText.WriteReference(output, term.Reference!, options.LocalNode, "#Reference");
                break;
            case TermKind.Fun:
                WriteFun(term.Fun!);
                break;
            case TermKind.Record:
                output.Append(ErlangText.Print(
                    term, new() { LocalNode = options.LocalNode, MaxLength = Math.Max(16, output.Room) }));
                break;
        }
    }

    private void WriteBig(System.Numerics.BigInteger integer)
    {
        if (LinePrinter.DigitCount(integer) <= output.Room)
            output.Append(integer.ToString(CultureInfo.InvariantCulture));
        else
            output.Cut();
    }

    private void WriteFun(FunTerm fun)
    {
        if (fun.Function is null)
        {
            output.Append("#Function<");
            output.AppendNumber(fun.Id.Index);
            output.Append('.');
            output.AppendNumber(fun.Id.OldUnique);
            output.Append('/');
            output.AppendNumber(fun.Arity);
            output.Append(" in ");
            ElixirSyntax.WriteAtom(output, fun.Module);
            output.Append('>');
            return;
        }
        output.Append('&');
        ElixirSyntax.WriteAtom(output, fun.Module);
        output.Append('.');
        ElixirSyntax.WriteFunction(output, fun.Function);
        output.Append('/');
        output.AppendNumber(fun.Arity);
    }

    private void WriteKey(Atom key)
    {
        ElixirSyntax.WriteKey(output, key);
        output.Append(' ');
    }

    // The limit once was one of characters as they are written, of which #{ is one.
    private void WriteCharlist(ListTerm list)
    {
        var limit = options.PrintableLimit ?? int.MaxValue;
        var characters = new StringBuilder();
        var taken = 0;
        while (taken < list.Count && taken < (_isFrom119 ? limit : 2L * limit)
            && list[taken].Int32 is { } point && Rune.IsValid(point))
        {
            characters.Append(new Rune(point).ToString());
            taken++;
        }
        var bytes = Encoding.UTF8.GetBytes(characters.ToString());
        output.Append("~c\"");
        var written = ElixirSyntax.WriteEscaped(output, bytes, _isFrom119 ? int.MaxValue : limit);
        output.Append(written < bytes.Length || taken < list.Count ? "\" ++ ..." : "\"");
    }

    private void WriteBits(BitString bits, int limit)
    {
        if (options.Strings && bits.IsBinary)
        {
            var most = options.PrintableLimit ?? int.MaxValue;
            if (ElixirSyntax.IsPrintable(bits.Span, most))
            {
                output.Append('"');
                var written = ElixirSyntax.WriteEscaped(output, bits.Span, most);
                output.Append(written < bits.ByteLength ? "\" <> ..." : "\"");
                return;
            }
        }
        if (bits.ByteLength == 0)
            output.Append("<<>>");
        else
            WriteBytes(bits, limit);
    }

    private void WriteBytes(BitString bits, int limit)
    {
        if (_count > 0)
            _levels[_count - 1].IsAllText = false;
        layout.OpenGroup();
        output.Append("<<");
        layout.Indent(2);
        var bytes = bits.Span;
        for (var i = 0; i < bytes.Length && !output.IsCut; i++)
        {
            if (i > 0)
            {
                output.Append(',');
                layout.Break(0, isFlexible: true);
            }
            if (options.Limit is not null && i >= limit)
            {
                output.Append(TextBuffer.Dots);
                break;
            }
            var isOdd = i == bytes.Length - 1 && !bits.IsBinary;
            output.AppendNumber(isOdd ? bytes[i] >> (8 - bits.BitsInLastByte) : bytes[i]);
            if (isOdd)
            {
                output.Append("::size(");
                output.AppendNumber(bits.BitsInLastByte);
                output.Append(')');
            }
        }
        layout.Unindent();
        output.Append(">>");
        layout.CloseGroup();
        if (_isFrom119 && options.Limit is not null)
            _left = Math.Max(0, _left - bits.ByteLength);
    }
}
