using Microsoft.CodeAnalysis;

namespace Enmesh.Generators;

/// <summary>What the generator can complain about. Ids are never reused; docs/serialization.md and
/// docs/being-called.md list them.</summary>
internal static class Diagnostics
{
    internal static readonly DiagnosticDescriptor NotPartial = Error(
        "ENM001",
        "A serializer context must be partial",
        "Make '{0}' and the types around it partial, so that type infos can be added to it");

    internal static readonly DiagnosticDescriptor UnsupportedType = Error(
        "ENM002", "A type has no form as a term", "'{0}' ({1}) has no form as a term: {2}");

    internal static readonly DiagnosticDescriptor DuplicateCase = Error(
        "ENM003",
        "Two cases of a union look the same",
        "The cases '{0}' and '{1}' of '{2}' are both written as {3}; give one of them another tag");

    internal static readonly DiagnosticDescriptor NoConstructor = Error(
        "ENM004", "No constructor to read with", "'{0}' has {1}; mark the one to use with [TermConstructor]");

    internal static readonly DiagnosticDescriptor UnmatchedParameter = Error(
        "ENM005",
        "A constructor parameter has no property",
        "The parameter '{0}' of '{1}' has no public property of the same name and type, so it could not be written");

    internal static readonly DiagnosticDescriptor FormatDoesNotFit = Error(
        "ENM006", "A format does not fit its type", "[TermFormat(TermFormat.{0})] fits no value in '{1}' ({2})");

    internal static readonly DiagnosticDescriptor DuplicateName = Error(
        "ENM007",
        "Two members have the same Erlang name",
        "'{0}' and '{1}' of '{2}' are both named '{3}'; rename one with [TermName]");

    internal static readonly DiagnosticDescriptor BadConverter = Error(
        "ENM008", "A converter does not fit", "The converter '{0}' does not fit '{1}': {2}");

    internal static readonly DiagnosticDescriptor BadCase = Error(
        "ENM009", "A type cannot be a case of a union", "'{0}' cannot be a case of '{1}': {2}");

    internal static readonly DiagnosticDescriptor ShapeConflict = Error(
        "ENM010", "Attributes contradict each other", "'{0}' has both [{1}] and [{2}]; a value has one shape");

    internal static readonly DiagnosticDescriptor BadAtom = Error(
        "ENM011", "A name is no atom", "'{0}' cannot be an atom: it has {1} characters, at most 255 are allowed");

    internal static readonly DiagnosticDescriptor NotAccessible = Error(
        "ENM012",
        "A type is not accessible from its context",
        "'{0}' is not accessible from '{1}'; make it internal or public");

    internal static readonly DiagnosticDescriptor BadContext = Error(
        "ENM013", "A serializer context is declared wrongly", "'{0}' {1}");

    internal static readonly DiagnosticDescriptor DuplicateRoot = Error(
        "ENM014",
        "Two types of a context have the same name",
        "'{0}' and '{1}' would both be the property '{2}' of '{3}'; set Name on one of them");

    internal static readonly DiagnosticDescriptor TooManyMembers = Error(
        "ENM015", "A type has too many members", "'{0}' has {1} members; at most {2} are supported");

    internal static readonly DiagnosticDescriptor ModuleNotPartial = OfModules(
        "ENM020",
        "A module must be partial",
        "Make '{0}' and the types around it partial, so that what calls its functions can be added to it");

    internal static readonly DiagnosticDescriptor BadModule = OfModules(
        "ENM021", "A module is declared wrongly", "'{0}' {1}");

    internal static readonly DiagnosticDescriptor BadFunction = OfModules(
        "ENM022", "A method cannot be a function", "'{0}' {1}");

    internal static readonly DiagnosticDescriptor BadParameter = OfModules(
        "ENM023", "A parameter cannot be an argument", "The parameter '{0}' of '{1}' cannot be an argument: {2}");

    internal static readonly DiagnosticDescriptor DuplicateFunction = OfModules(
        "ENM024",
        "Two methods would be the same function",
        "'{0}' and '{1}' would both be {2}; name one of them, or choose its Arity");

    internal static readonly DiagnosticDescriptor BadArity = OfModules(
        "ENM025", "A method has not that arity", "'{0}' can be called with {1} arguments, not with {2}");

    internal static readonly DiagnosticDescriptor NoFunctions = OfModules(
        "ENM026",
        "A module has no functions",
        "'{0}' has no method with [ErlangFunction], so that peers can call nothing of it",
        DiagnosticSeverity.Warning);

    private static DiagnosticDescriptor OfModules(
        string id, string title, string message, DiagnosticSeverity severity = DiagnosticSeverity.Error) =>
        new(id, title, message, "Enmesh.Modules", severity, isEnabledByDefault: true);

    private static DiagnosticDescriptor Error(string id, string title, string message) =>
        new(id, title, message, "Enmesh.Serialization", DiagnosticSeverity.Error, isEnabledByDefault: true);
}
