namespace Enmesh.Generators.Model;

/// <summary>All that the emitter needs to know of one module.</summary>
/// <param name="HintName">Name of the generated file.</param>
/// <param name="Namespace">The class's namespace; null for the global one.</param>
/// <param name="Declarations">Heads of the partial types to reopen, outermost first; the last is the class.</param>
/// <param name="TypeName">The class as code names it from anywhere.</param>
/// <param name="Module">The module's name in Erlang.</param>
/// <param name="Documentation">What is said about it.</param>
/// <param name="IsBroken">Whether an error was reported; only the outside is generated then.</param>
/// <param name="Functions">Its functions.</param>
/// <param name="Types">The type infos of their parameters and results.</param>
internal sealed record ModuleModel(
    string HintName,
    string? Namespace,
    EquatableArray<string> Declarations,
    string TypeName,
    string Module,
    string? Documentation,
    bool IsBroken,
    EquatableArray<FunctionModel> Functions,
    TypesModel Types);

/// <summary>A method that peers may call.</summary>
/// <param name="Name">Its name in Erlang.</param>
/// <param name="Target">What it is called on: <c>module</c>, or the class that has it when it is static.</param>
/// <param name="Method">The method's own name, escaped where it is a keyword.</param>
/// <param name="Parameters">Its parameters.</param>
/// <param name="Result">What becomes of its result.</param>
/// <param name="ResultInfo">The field with the info of its result; null when it has none.</param>
/// <param name="Signatures">For each number of arguments, how it looks to Erlang.</param>
/// <param name="Documentation">What is said about it.</param>
internal sealed record FunctionModel(
    string Name,
    string Target,
    string Method,
    EquatableArray<ParameterModel> Parameters,
    ResultKind Result,
    string? ResultInfo,
    EquatableArray<SignatureModel> Signatures,
    string? Documentation);

/// <summary>What a method is called as with so many arguments.</summary>
internal sealed record SignatureModel(int Arity, string Text);

/// <summary>How a method gives its result.</summary>
internal enum ResultKind
{
    Nothing,
    Value,
    Task,
    TaskOfValue,
}

/// <summary>Where a parameter gets its value.</summary>
internal enum ParameterSource
{
    Argument,
    Progress,
    Context,
    Cancellation,
}

/// <summary>A parameter of a method that peers may call.</summary>
/// <param name="Name">Its name, escaped where it is a keyword.</param>
/// <param name="ErlangName">Its name as a variable of Erlang.</param>
/// <param name="Source">Where its value comes from.</param>
/// <param name="Index">Its place among the arguments; -1 when it is none.</param>
/// <param name="TypeName">Its type; that of what is reported for progress.</param>
/// <param name="Info">The field with its type info; null for any term, and for what is no argument.</param>
/// <param name="Default">What it gets when there are fewer arguments; null when it must be given.</param>
/// <param name="CanBeNull">Whether progress may be null.</param>
internal sealed record ParameterModel(
    string Name,
    string ErlangName,
    ParameterSource Source,
    int Index,
    string TypeName,
    string? Info,
    string? Default,
    bool CanBeNull);
