using Enmesh.Generators.Model;
using Enmesh.Generators.Parsing;

namespace Enmesh.Generators.Emitting;

/// <summary>Writes the other half of a module: its description, and what calls its methods.</summary>
internal static class ModuleEmitter
{
    private const string Namespace = "global::Enmesh.Modules";
    private const string Term = "global::Enmesh.Terms.Term";
    private const string Result = $"global::System.Threading.Tasks.ValueTask<{Term}>";
    private const string Ok = $"({Term})global::Enmesh.Terms.Atoms.Ok";
    private const string Serializer = "global::Enmesh.Terms.Serialization.TermSerializer";

    /// <summary>The class with what calls the methods.</summary>
    private const string Calls = "GeneratedCalls";

    internal static string Emit(ModuleModel model)
    {
        var source = new SourceWriter();
        ContextEmitter.EmitHead(source, model.Namespace);
        var last = model.Declarations.Count - 1;
        for (var i = 0; i < last; i++)
            source.Open(model.Declarations[i]);
        source.Line("[global::System.CodeDom.Compiler.GeneratedCode(\"Enmesh.Generators\", null)]");
        source.Open($"{model.Declarations[last]} : {Namespace}.IErlangModule<{model.TypeName}>");
        EmitInfo(source, model);
        if (!model.IsBroken)
        {
            EmitCalls(source, model);
            ContextEmitter.EmitInfos(source, model.Types);
        }
        source.Close();
        for (var i = 0; i < last; i++)
            source.Close();
        return source.ToString();
    }

    private static void EmitInfo(SourceWriter source, ModuleModel model)
    {
        var type = $"{Namespace}.ErlangModuleInfo<{model.TypeName}>";
        // What is wrong has been reported; this keeps the compiler from reporting all uses on top.
        var value = model.IsBroken ? "throw new global::System.NotSupportedException()" : $"{Calls}.Info";
        source.Line($"static {type} {Namespace}.IErlangModule<{model.TypeName}>.ErlangModule => {value};");
    }

    private static void EmitCalls(SourceWriter source, ModuleModel model)
    {
        source.Line();
        source.Line("[global::System.Diagnostics.StackTraceHidden]");
        source.Open($"private static class {Calls}");
        source.Line($"internal static readonly {Namespace}.ErlangModuleInfo<{model.TypeName}> Info = new(");
        source.Line($"    {Names.Literal(model.Module)},");
        source.Line($"    {Text(model.Documentation)},");
        source.Line("    [");
        for (var i = 0; i < model.Functions.Count; i++)
        {
            var function = model.Functions[i];
            foreach (var (arity, text) in function.Signatures.Select(signature => (signature.Arity, signature.Text)))
            {
                source.Line($"        new({Names.Literal(function.Name)}, {arity}, {Names.Literal(text)},");
                source.Line($"            {Text(function.Documentation)}, F{i}),");
            }
        }
        source.Line("    ]);");
        for (var i = 0; i < model.Functions.Count; i++)
            EmitCall(source, model, model.Functions[i], i);
        source.Close();
    }

    private static void EmitCall(SourceWriter source, ModuleModel model, FunctionModel function, int index)
    {
        var isAsync = function.Result is ResultKind.Task or ResultKind.TaskOfValue;
        source.Line();
        source.Line($"private static {(isAsync ? "async " : "")}{Result} F{index}(");
        source.Line($"    {model.TypeName} module, global::Enmesh.Processes.ProcessContext context,");
        source.Line($"    global::System.Collections.Generic.IReadOnlyList<{Term}> arguments)");
        source.Open();
        EmitArguments(source, model, function);
        if (function.Parameters.Any(parameter => parameter.Index >= 0))
            EmitResultOrRefusal(source, model, function);
        else
            EmitResult(source, function);
        source.Close();
    }

    // What the method says of its own arguments, as ArgumentOutOfRangeException.ThrowIfNegative does, is a badarg.
    private static void EmitResultOrRefusal(SourceWriter source, ModuleModel model, FunctionModel function)
    {
        var names = function.Parameters.Where(parameter => parameter.Index >= 0)
            .OrderBy(parameter => parameter.Index)
            .Select(parameter => $"({Names.Literal(parameter.Name.TrimStart('@'))}, {Names.Literal(parameter.ErlangName)})");
        source.Open("try");
        EmitResult(source, function);
        source.Close();
        source.Line("catch (global::System.ArgumentException e)");
        source.Line($"    when ({Namespace}.ArgumentErrors.From(e, arguments, [{string.Join(", ", names)}]) is {{ }} refused)");
        source.Open();
        source.Line($"throw refused.ToException({Names.Literal(model.Module)}, {Names.Literal(function.Name)}, arguments);");
        source.Close();
    }

    private static void EmitArguments(SourceWriter source, ModuleModel model, FunctionModel function)
    {
        var canFail = function.Parameters.Any(parameter => parameter.Info is not null);
        if (canFail)
            source.Line($"{Namespace}.ArgumentErrors? errors = null;");
        foreach (var parameter in function.Parameters)
        {
            if (parameter.Index >= 0)
                source.Line($"{TypeOf(parameter)} a{parameter.Index} = {Given(parameter)};");
        }
        if (!canFail)
            return;
        source.Line("if (errors is not null)");
        source.Line(
            $"    throw errors.ToException({Names.Literal(model.Module)}, {Names.Literal(function.Name)}, arguments);");
    }

    private static string TypeOf(ParameterModel parameter) => parameter.Source == ParameterSource.Progress
        ? $"global::System.IProgress<{parameter.TypeName}>{(parameter.CanBeNull ? "?" : "")}"
        : parameter.TypeName;

    private static string Given(ParameterModel parameter)
    {
        var name = Names.Literal(parameter.ErlangName);
        var read = parameter switch
        {
            { Source: ParameterSource.Progress } =>
                $"{Namespace}.ModuleArguments.Progress{(parameter.CanBeNull ? "" : "OrNone")}("
                    + $"context, arguments, {parameter.Index}, {name}, {Info(parameter.Info!)}, ref errors)",
            { Info: null } => $"arguments[{parameter.Index}]",
            _ => $"{Namespace}.ModuleArguments.Read("
                + $"arguments, {parameter.Index}, {name}, {Info(parameter.Info)}, ref errors)",
        };
        return parameter.Default is null
            ? read
            : $"arguments.Count > {parameter.Index} ? {read} : {parameter.Default}";
    }

    private static void EmitResult(SourceWriter source, FunctionModel function)
    {
        var given = function.Parameters.Select(parameter => parameter.Source switch
        {
            ParameterSource.Context => $"{parameter.Name}: context",
            ParameterSource.Cancellation => $"{parameter.Name}: context.Abandoned",
            _ => $"{parameter.Name}: a{parameter.Index}",
        });
        var call = $"{function.Target}.{function.Method}({string.Join(", ", given)})";
        switch (function.Result)
        {
            case ResultKind.Nothing:
                source.Line($"{call};");
                source.Line($"return new({Ok});");
                break;
            case ResultKind.Task:
                source.Line($"await {call}.ConfigureAwait(false);");
                source.Line($"return {Ok};");
                break;
            case ResultKind.TaskOfValue:
                source.Line($"return {Written($"await {call}.ConfigureAwait(false)", function)};");
                break;
            default:
                source.Line($"return new({Written(call, function)});");
                break;
        }
    }

    private static string Written(string value, FunctionModel function) => function.ResultInfo is { } info
        ? $"{Serializer}.ToTerm({value}, {Info(info)})"
        : value;

    private static string Info(string field) => $"{ContextEmitter.Infos}.{field}";

    private static string Text(string? text) => text is null ? "null" : Names.Literal(text);
}
