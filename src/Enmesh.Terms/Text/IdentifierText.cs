namespace Enmesh.Terms.Text;

/// <summary>The text of pids, ports, references and funs.</summary>
internal static class IdentifierText
{
    internal static void Write(TextBuffer output, Term term, LocalNode? local, bool unicode)
    {
        if (term.Pid is { } pid)
            WritePid(output, pid, local, "#Pid", string.Empty);
        else if (term.Port is { } port)
            WritePort(output, port, local);
        else if (term.Reference is { } reference)
            WriteReference(output, reference, local, "#Ref");
        else if (term.Fun is { } fun)
            WriteFun(output, fun, unicode);
    }

    // Full: #Pid<node id.serial/creation>. For the node itself: <0.id.serial>
    internal static void WritePid(TextBuffer output, Pid pid, LocalNode? local, string name, string localName)
    {
        var isLocal = IsLocal(local, pid.Node, pid.Creation);
        output.Append(isLocal ? localName : name);
        output.Append(isLocal ? "<0." : "<");
        if (!isLocal)
            WriteNode(output, pid.Node);
        output.AppendNumber(pid.Id);
        output.Append('.');
        output.AppendNumber(pid.Serial);
        End(output, isLocal, pid.Creation);
    }

    internal static void WritePort(TextBuffer output, PortId port, LocalNode? local)
    {
        var isLocal = IsLocal(local, port.Node, port.Creation);
        output.Append(isLocal ? "#Port<0." : "#Port<");
        if (!isLocal)
            WriteNode(output, port.Node);
        output.AppendNumber(port.Id);
        End(output, isLocal, port.Creation);
    }

    // Full: the words in the order of the wire. For the node itself: backwards, as Erlang prints them.
    internal static void WriteReference(TextBuffer output, Reference reference, LocalNode? local, string name)
    {
        var isLocal = IsLocal(local, reference.Node, reference.Creation);
        output.Append(name);
        output.Append(isLocal ? "<0." : "<");
        if (!isLocal)
            WriteNode(output, reference.Node);
        for (var i = 0; i < reference.WordCount; i++)
        {
            if (i > 0)
                output.Append('.');
            output.AppendNumber(reference[isLocal ? reference.WordCount - 1 - i : i]);
        }
        End(output, isLocal, reference.Creation);
    }

    private static void WriteFun(TextBuffer output, FunTerm fun, bool unicode)
    {
        if (fun.Function is null)
        {
            output.Append("#Fun<");
            ErlangSyntax.WriteAtom(output, fun.Module, unicode);
            output.Append('.');
            output.AppendNumber(fun.Id.Index);
            output.Append('.');
            output.AppendNumber(fun.Id.OldUnique);
            output.Append('>');
            return;
        }
        output.Append("fun ");
        ErlangSyntax.WriteAtom(output, fun.Module, unicode);
        output.Append(':');
        ErlangSyntax.WriteAtom(output, fun.Function, unicode);
        output.Append('/');
        output.AppendNumber(fun.Arity);
    }

    private static bool IsLocal(LocalNode? local, Atom node, uint creation) =>
        local is not null && local.Creation == creation && local.Name == node;

    private static void WriteNode(TextBuffer output, Atom node)
    {
        if (IsPlain(node.Text))
        {
            output.Append(node.Text);
        }
        else
        {
            output.Append('\'');
            foreach (var rune in node.Text.EnumerateRunes())
                ErlangSyntax.WriteCharacter(output, rune.Value, '\'', unicode: true);
            output.Append('\'');
        }
        output.Append(' ');
    }

    private static bool IsPlain(string node)
    {
        foreach (var c in node)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('@' or '.' or '-' or '_' or ':'))
                return false;
        }
        // A digit would make it look like an identifier of the node itself.
        return node.Length > 0 && !char.IsAsciiDigit(node[0]);
    }

    private static void End(TextBuffer output, bool isLocal, uint creation)
    {
        if (!isLocal)
        {
            output.Append('/');
            output.AppendNumber(creation, "x");
        }
        output.Append('>');
    }
}
