using Enmesh.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Enmesh.Generators.Parsing;

/// <summary>Turns methods with <c>[ErlangFunction]</c> into models.</summary>
internal sealed class FunctionParser(ContextOptions options, TypeResolver resolver)
{
    private const string ProgressSpec = "pid() | reference() | {pid() | reference(), term()} | undefined";

    private readonly Dictionary<(string Name, int Arity), string> _taken = [];

    /// <summary>The method as a function; null when something is wrong, which was reported then.</summary>
    internal FunctionModel? Parse(IMethodSymbol method, AttributeData attribute, string module)
    {
        var place = method.Locations.FirstOrDefault(location => location.IsInSource) ?? attribute.Place();
        if (ProblemOf(method) is { } problem)
        {
            resolver.Report(Diagnostics.BadFunction, place, $"{method.ContainingType.Name}.{method.Name}", problem);
            return null;
        }
        var parameters = ParametersOf(method, place);
        var result = ResultOf(method, place);
        if (parameters is null || result is not var (kind, info, spec))
            return null;
        var name = attribute.First() as string ?? Names.SnakeCase(WithoutAsync(method.Name));
        ModuleParser.CheckAtom(name, attribute.Place() ?? place, resolver);
        var arities = AritiesOf(method, parameters, attribute, place);
        foreach (var arity in arities)
            CheckFree(method, module, name, arity, attribute.Place() ?? place);
        return new FunctionModel(
            name,
            method.IsStatic ? Names.InCode(method.ContainingType) : "module",
            Names.Escaped(method.Name),
            parameters.ConvertAll(parameter => parameter.Model).ToEquatableArray(),
            kind,
            info,
            arities.Select(arity => new SignatureModel(arity, Signature(name, parameters, arity, spec)))
                .ToEquatableArray(),
            Documentation.Of(method, CancellationToken.None));
    }

    private static string? ProblemOf(IMethodSymbol method) => method switch
    {
        { MethodKind: not MethodKind.Ordinary } => "is no ordinary method",
        { IsGenericMethod: true } => "is generic; an exported method is not",
        { IsAbstract: true } => "is abstract; put the attribute on what overrides it",
        { RefKind: not RefKind.None } => "returns by reference",
        _ => null,
    };

    private List<(ParameterModel Model, string Spec)>? ParametersOf(IMethodSymbol method, Location? place)
    {
        var all = new List<(ParameterModel Model, string Spec)>();
        var index = 0;
        var isGood = true;
        foreach (var parameter in method.Parameters)
        {
            if (ParameterOf(method, parameter, ref index, place) is not { } known)
                isGood = false;
            else if (known.Model.Index < 0 && all.Exists(other => other.Model.Source == known.Model.Source))
                isGood = Refuse(parameter, method, $"there is another {parameter.Type.Name} before it", place);
            else
                all.Add(known);
        }
        return isGood ? all : null;
    }

    private (ParameterModel Model, string Spec)? ParameterOf(
        IMethodSymbol method, IParameterSymbol parameter, ref int index, Location? place)
    {
        var name = Names.Escaped(parameter.Name);
        var variable = Names.Variable(parameter.Name);
        if (parameter.RefKind is not (RefKind.None or RefKind.In))
        {
            Refuse(parameter, method, "it is passed by reference", place);
            return null;
        }
        var typeName = Names.InCode(parameter.Type);
        switch (parameter.Type.OriginalDefinition.ToDisplayString())
        {
            case "Enmesh.Processes.ProcessContext":
                return (new(name, variable, ParameterSource.Context, -1, typeName, null, null, false), "");
            case "System.Threading.CancellationToken":
                return (new(name, variable, ParameterSource.Cancellation, -1, typeName, null, null, false), "");
        }
        var isProgress = parameter.Type.OriginalDefinition.ToDisplayString() == "System.IProgress<T>";
        var valueType = isProgress ? ((INamedTypeSymbol)parameter.Type).TypeArguments[0] : parameter.Type;
        var scope = MemberScope.OfSlot(
            $"{method.ContainingType.Name}.{method.Name}", PlaceOf(parameter, place), IsOblivious(valueType),
            parameter.GetAttributes(), options.Formats);
        if (resolver.ResolveSlot(valueType, scope) is not { } info)
            return null;
        var at = index++;
        var @default = parameter.HasExplicitDefaultValue ? Names.DefaultOf(parameter) : null;
        if (isProgress)
        {
            var canBeNull = parameter.Type.NullableAnnotation != NullableAnnotation.NotAnnotated;
            var model = new ParameterModel(
                name, variable, ParameterSource.Progress, at, Names.InCode(valueType), info, @default, canBeNull);
            return (model, ProgressSpec);
        }
        var isAnything = valueType.ToDisplayString() == "Enmesh.Terms.Term";
        return (
            new(name, variable, ParameterSource.Argument, at, typeName, isAnything ? null : info, @default, false),
            resolver.SpecOf(info));
    }

    private (ResultKind Kind, string? Info, string Spec)? ResultOf(IMethodSymbol method, Location? place)
    {
        var returned = method.ReturnType;
        var kind = returned.SpecialType == SpecialType.System_Void ? ResultKind.Nothing : ResultKind.Value;
        switch (returned.OriginalDefinition.ToDisplayString())
        {
            case "System.Threading.Tasks.Task" or "System.Threading.Tasks.ValueTask":
                kind = ResultKind.Task;
                break;
            case "System.Threading.Tasks.Task<TResult>" or "System.Threading.Tasks.ValueTask<TResult>":
                kind = ResultKind.TaskOfValue;
                returned = ((INamedTypeSymbol)returned).TypeArguments[0];
                break;
            case "System.Collections.Generic.IAsyncEnumerable<T>":
                const string Reason = "returns an IAsyncEnumerable, which a call cannot give bit by bit; "
                    + "return a list, or report the items through an IProgress parameter";
                resolver.Report(Diagnostics.BadFunction, place, $"{method.ContainingType.Name}.{method.Name}", Reason);
                return null;
        }
        if (kind is ResultKind.Nothing or ResultKind.Task)
            return (kind, null, "ok");
        var scope = MemberScope.OfSlot(
            $"{method.ContainingType.Name}.{method.Name}", place, IsOblivious(returned),
            method.GetReturnTypeAttributes(), options.Formats);
        if (resolver.ResolveSlot(returned, scope) is not { } info)
            return null;
        return (kind, returned.ToDisplayString() == "Enmesh.Terms.Term" ? null : info, resolver.SpecOf(info));
    }

    /// <summary>The numbers of arguments it can be called with.</summary>
    private List<int> AritiesOf(
        IMethodSymbol method, List<(ParameterModel Model, string Spec)> parameters, AttributeData attribute,
        Location? place)
    {
        var arguments = parameters.FindAll(parameter => parameter.Model.Index >= 0);
        var least = arguments.FindLastIndex(argument => argument.Model.Default is null) + 1;
        var all = Enumerable.Range(least, arguments.Count - least + 1).ToList();
        if (attribute.Named("Arity") is not int chosen || chosen == -1)
            return all;
        if (!all.Contains(chosen))
        {
            var range = least == arguments.Count ? $"{least}" : $"{least} to {arguments.Count}";
            resolver.Report(
                Diagnostics.BadArity, attribute.Place() ?? place, $"{method.ContainingType.Name}.{method.Name}", range,
                $"{chosen}");
        }
        return [chosen];
    }

    private void CheckFree(IMethodSymbol method, string module, string name, int arity, Location? place)
    {
        var own = $"{method.ContainingType.Name}.{method.Name}";
        if (name == "module_info" && arity <= 1)
        {
            const string Problem = "would be module_info/0 or module_info/1, which every module has of itself";
            resolver.Report(Diagnostics.BadFunction, place, own, Problem);
        }
        if (_taken.TryGetValue((name, arity), out var other))
            resolver.Report(Diagnostics.DuplicateFunction, place, other, own, $"{module}:{name}/{arity}");
        else
            _taken.Add((name, arity), own);
    }

    // add(A :: integer(), B :: integer()) -> integer()
    private static string Signature(
        string name, List<(ParameterModel Model, string Spec)> parameters, int arity, string result)
    {
        var arguments = parameters.Where(parameter => parameter.Model.Index >= 0 && parameter.Model.Index < arity)
            .Select(parameter => $"{parameter.Model.ErlangName} :: {parameter.Spec}");
        return $"{Names.Atom(name)}({string.Join(", ", arguments)}) -> {result}";
    }

    private bool Refuse(IParameterSymbol parameter, IMethodSymbol method, string reason, Location? place)
    {
        var where = $"{method.ContainingType.Name}.{method.Name}";
        resolver.Report(Diagnostics.BadParameter, PlaceOf(parameter, place), parameter.Name, where, reason);
        return false;
    }

    private static Location? PlaceOf(IParameterSymbol parameter, Location? place) =>
        parameter.Locations.FirstOrDefault(location => location.IsInSource) ?? place;

    private static bool IsOblivious(ITypeSymbol type) =>
        type is { IsReferenceType: true, NullableAnnotation: NullableAnnotation.None };

    private static string WithoutAsync(string name) =>
        name.Length > 5 && name.EndsWith("Async", StringComparison.Ordinal)
        ? name.Substring(0, name.Length - 5)
        : name;
}
