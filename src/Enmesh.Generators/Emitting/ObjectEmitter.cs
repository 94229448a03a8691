using Enmesh.Generators.Model;
using Enmesh.Generators.Parsing;

namespace Enmesh.Generators.Emitting;

/// <summary>Writes the type info of a type with members.</summary>
internal static class ObjectEmitter
{
    private const string Namespace = ContextEmitter.Namespace;
    private const string Exception = $"{Namespace}.TermSerializationException";

    internal static void Emit(SourceWriter source, ObjectModel model)
    {
        source.Line();
        source.Open($"internal sealed class {model.ClassName} : {Namespace}.TermTypeInfo<{model.TypeName}>");
        EmitShape(source, model);
        source.Line();
        EmitWrite(source, model);
        source.Line();
        EmitRead(source, model);
        source.Close();
    }

    private static void EmitShape(SourceWriter source, ObjectModel model)
    {
        var shape = model.Shape;
        var type = Names.Literal(model.DisplayName);
        var tag = shape.Tag is null ? "null" : Names.Literal(shape.Tag);
        var names = string.Join(", ", model.Members.Select(member => Names.Literal(member.TermName)));
        var required = string.Join(", ", model.Members.Select(member => member.IsRequired ? "true" : "false"));
        var keys = $"{Namespace}.MapKeys.{(shape.BinaryKeys ? "Binary" : "Atom")}";
        var unknown = $"{Namespace}.UnknownKeys.{(shape.RefuseUnknown ? "Refuse" : "Ignore")}";
        var made = shape.Kind switch
        {
            ShapeKind.Tuple => $"ForTuple({type}, {tag}, [{names}])",
            ShapeKind.Proplist => $"ForProplist({type}, {unknown}, [{names}], [{required}])",
            _ => $"ForMap({type}, {tag}, {keys}, {unknown}, [{names}], [{required}])",
        };
        source.Line($"internal static readonly {Namespace}.TermShape Shape = {Namespace}.TermShape.{made};");
    }

    private static void EmitWrite(SourceWriter source, ObjectModel model)
    {
        source.Open($"public override void Write(ref {Namespace}.TermOutput output, {model.TypeName} value)");
        if (model.IsReferenceType)
        {
            source.Line("if (value is null)");
            source.Line($"    throw {Namespace}.TermOutput.Null(Shape);");
        }
        var isTuple = model.Shape.Kind == ShapeKind.Tuple;
        if (isTuple)
            source.Line("var members = output.WriteTuple(Shape);");
        else
            EmitCount(source, model);
        EmitGuarded(source, () =>
        {
            for (var i = 0; i < model.Members.Count; i++)
            {
                var member = model.Members[i];
                var isOptional = !isTuple && model.Shape.OmitNull && member.CanBeNull;
                if (isOptional)
                    source.Open($"if (value.{member.Name} is not null)");
                source.Line($"members.Next(ref output{(isTuple ? "" : $", {i}")});");
                source.Line($"{member.Info}.Write(ref output, value.{member.Name});");
                if (isOptional)
                    source.Close();
            }
        });
        source.Line("members.End(ref output);");
        source.Close();
    }

    private static void EmitCount(SourceWriter source, ObjectModel model)
    {
        source.Line($"var count = {model.Members.Count};");
        foreach (var member in model.Members.Where(member => model.Shape.OmitNull && member.CanBeNull))
        {
            source.Line($"if (value.{member.Name} is null)");
            source.Line("    count--;");
        }
        var factory = model.Shape.Kind == ShapeKind.Map ? "WriteMap" : "WriteProplist";
        source.Line($"var members = output.{factory}(Shape, count);");
    }

    private static void EmitRead(SourceWriter source, ObjectModel model)
    {
        source.Open($"public override {model.TypeName} Read(ref {Namespace}.TermInput input)");
        for (var i = 0; i < model.Members.Count; i++)
            source.Line($"{model.Members[i].TypeName} m{i} = {model.Members[i].Default};");
        var opened = model.Shape.Kind switch
        {
            ShapeKind.Tuple => "ReadTuple",
            ShapeKind.Map => "ReadMap",
            _ => "ReadProplist",
        };
        source.Line($"var members = input.{opened}(Shape);");
        EmitGuarded(source, () =>
        {
            if (model.Shape.Kind == ShapeKind.Tuple)
                EmitReadTuple(source, model);
            else
                EmitReadKeys(source, model);
        });
        source.Open("try");
        EmitConstruction(source, model);
        source.Close();
        source.Open("catch (global::System.ArgumentException e)");
        source.Line($"throw {Exception}.Refused(typeof({model.TypeName}), e);");
        source.Close();
        source.Close();
    }

    private static void EmitReadTuple(SourceWriter source, ObjectModel model)
    {
        for (var i = 0; i < model.Members.Count; i++)
        {
            source.Line("members.Next(ref input);");
            source.Line($"m{i} = {model.Members[i].Info}.Read(ref input);");
        }
        source.Line("members.End(ref input);");
    }

    private static void EmitReadKeys(SourceWriter source, ObjectModel model)
    {
        source.Open("for (var member = members.Next(ref input); member >= 0; member = members.Next(ref input))");
        source.Open("switch (member)");
        for (var i = 0; i < model.Members.Count; i++)
        {
            source.Line($"case {i}:");
            source.Line($"    m{i} = {model.Members[i].Info}.Read(ref input);");
            source.Line("    break;");
        }
        source.Close();
        source.Close();
    }

    private static void EmitConstruction(SourceWriter source, ObjectModel model)
    {
        if (model.IsValueTuple)
        {
            source.Line($"return ({string.Join(", ", model.Members.Select((_, i) => $"m{i}"))});");
            return;
        }
        var indexed = model.Members.Select((member, i) => (Member: member, Index: i)).ToList();
        // By name: an optional parameter may be left out.
        var arguments = string.Join(", ", indexed.Where(m => m.Member.Target == MemberTarget.Constructor)
            .Select(m => $"{m.Member.Parameter}: m{m.Index}"));
        var required = indexed.Where(m => m.Member.Target == MemberTarget.Initializer)
            .Select(m => $"{m.Member.Name} = m{m.Index}").ToList();
        var optional = indexed.Where(m => m.Member.Target == MemberTarget.OptionalInitializer).ToList();
        var made = $"new {model.TypeName}({arguments})";
        if (optional.Count > 0)
        {
            // What an init-only property is without its key, only an object made without it can tell.
            var hasAll = string.Join(" && ", optional.Select(m => $"members.Has({m.Index})"));
            source.Line($"{model.TypeName} plain = {hasAll}");
            source.Line("    ? default!");
            source.Line($"    : {made}{Initializer(required)};");
        }
        var all = required.Concat(optional.Select(m =>
            $"{m.Member.Name} = members.Has({m.Index}) ? m{m.Index} : plain.{m.Member.Name}"));
        var setters = indexed.Where(m => m.Member.Target == MemberTarget.Setter).ToList();
        source.Line($"{(setters.Count == 0 ? "return" : "var result =")} {made}{Initializer(all)};");
        if (setters.Count == 0)
            return;
        foreach (var (member, index) in setters)
        {
            source.Line($"if (members.Has({index}))");
            source.Line($"    result.{member.Name} = m{index};");
        }
        source.Line("return result;");
    }

    private static string Initializer(IEnumerable<string> assignments)
    {
        var all = string.Join(", ", assignments);
        return all.Length == 0 ? "" : $" {{ {all} }}";
    }

    /// <summary>The body in a try whose filter adds the member to the path of an exception on its way out.</summary>
    private static void EmitGuarded(SourceWriter source, Action body)
    {
        source.Open("try");
        body();
        source.Close();
        source.Open($"catch ({Exception} e) when (members.Locate(e))");
        source.Line("throw;");
        source.Close();
    }
}

/// <summary>Writes the type info of a union.</summary>
internal static class UnionEmitter
{
    private const string Namespace = ContextEmitter.Namespace;

    internal static void Emit(SourceWriter source, UnionModel model)
    {
        var shapes = string.Join(", ", model.Cases.Select(@case => $"{@case.ClassName}.Shape"));
        source.Line();
        source.Open($"internal sealed class {model.ClassName} : {Namespace}.TermTypeInfo<{model.TypeName}>");
        var name = Names.Literal(model.DisplayName);
        source.Line($"private static readonly {Namespace}.TermCases Cases = new({name}, [{shapes}]);");
        source.Line();
        source.Open($"public override void Write(ref {Namespace}.TermOutput output, {model.TypeName} value)");
        source.Open("switch (value)");
        foreach (var @case in model.Cases)
        {
            source.Line($"case {@case.TypeName} v:");
            source.Line($"    {@case.Info}.Write(ref output, v);");
            source.Line("    break;");
        }
        source.Line("default:");
        source.Line($"    throw {Namespace}.TermOutput.NotACase(value, Cases);");
        source.Close();
        source.Close();
        source.Line();
        source.Open($"public override {model.TypeName} Read(ref {Namespace}.TermInput input)");
        source.Open("switch (input.PeekCase(Cases))");
        for (var i = 0; i < model.Cases.Count; i++)
        {
            source.Line(i < model.Cases.Count - 1 ? $"case {i}:" : "default:");
            source.Line($"    return {model.Cases[i].Info}.Read(ref input);");
        }
        source.Close();
        source.Close();
        source.Close();
    }
}
