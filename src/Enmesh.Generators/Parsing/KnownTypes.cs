using Microsoft.CodeAnalysis;

namespace Enmesh.Generators.Parsing;

/// <summary>
/// The types of the BCL and of Enmesh.Terms that have a form of their own, and the formats they know.
/// </summary>
internal static class KnownTypes
{
    internal const string Infos = "global::Enmesh.Terms.Serialization.TermTypeInfos";

    private static readonly string[] TextFormats = ["Binary", "Charlist", "Atom"];
    private static readonly string[] InstantFormats =
        ["DateTuple", "Iso8601", "ElixirStruct", "ElixirNaiveDateTime", "UnixSeconds", "UnixMilliseconds"];

    private static readonly string[] DateFormats = ["DateTuple", "Iso8601", "ElixirStruct"];

    internal static readonly string[] EnumFormats = ["Atom", "Integer"];
    internal static readonly string[] SetFormats = ["ErlangSet", "ElixirStruct"];

    /// <summary>Types with one form. The value is the member of <c>TermTypeInfos</c>.</summary>
    private static readonly Dictionary<string, string> Plain = new(StringComparer.Ordinal)
    {
        ["bool"] = "Boolean",
        ["byte"] = "Byte",
        ["sbyte"] = "SByte",
        ["short"] = "Int16",
        ["ushort"] = "UInt16",
        ["int"] = "Int32",
        ["uint"] = "UInt32",
        ["long"] = "Int64",
        ["ulong"] = "UInt64",
        ["float"] = "Single",
        ["double"] = "Double",
        ["char"] = "Char",
        ["byte[]"] = "ByteArray",
        ["System.Int128"] = "Int128",
        ["System.UInt128"] = "UInt128",
        ["System.Half"] = "Half",
        ["System.Numerics.BigInteger"] = "BigInteger",
        ["System.ReadOnlyMemory<byte>"] = "Memory",
        ["Enmesh.Terms.Term"] = "Term",
        ["Enmesh.Terms.Atom"] = "Atom",
        ["Enmesh.Terms.Pid"] = "Pid",
        ["Enmesh.Terms.Reference"] = "Reference",
        ["Enmesh.Terms.PortId"] = "PortId",
        ["Enmesh.Terms.FunTerm"] = "FunTerm",
        ["Enmesh.Terms.BitString"] = "BitString",
        ["Enmesh.Terms.MapTerm"] = "MapTerm",
        ["Enmesh.Terms.ListTerm"] = "ListTerm",
        ["Enmesh.Terms.RecordTerm"] = "RecordTerm",
    };

    /// <summary>Types with several forms, the default first.</summary>
    private static readonly Dictionary<string, (string Info, string[] Formats)> Formatted = new(StringComparer.Ordinal)
    {
        ["string"] = ("String", TextFormats),
        ["decimal"] = ("Decimal", ["Binary", "ElixirStruct"]),
        ["System.Guid"] = ("Guid", ["Binary", "Bytes"]),
        ["System.DateTime"] = ("DateTime", InstantFormats),
        ["System.DateTimeOffset"] = ("DateTimeOffset", InstantFormats),
        ["System.DateOnly"] = ("DateOnly", DateFormats),
        ["System.TimeOnly"] = ("TimeOnly", DateFormats),
        ["System.TimeSpan"] = ("TimeSpan", ["Milliseconds", "Seconds", "Microseconds"]),
    };

    /// <summary>
    /// Collections of one element type: how to make them of an array <c>items</c>. <c>{0}</c> is the element.
    /// </summary>
    private static readonly Dictionary<string, string> Sequences = new(StringComparer.Ordinal)
    {
        ["System.Collections.Generic.IEnumerable<T>"] = "items",
        ["System.Collections.Generic.IReadOnlyCollection<T>"] = "items",
        ["System.Collections.Generic.IReadOnlyList<T>"] = "items",
        ["System.Collections.Generic.ICollection<T>"] = "new global::System.Collections.Generic.List<{0}>(items)",
        ["System.Collections.Generic.IList<T>"] = "new global::System.Collections.Generic.List<{0}>(items)",
        ["System.Collections.Generic.Queue<T>"] = "new global::System.Collections.Generic.Queue<{0}>(items)",
        ["System.Collections.ObjectModel.ReadOnlyCollection<T>"] =
            "new global::System.Collections.ObjectModel.ReadOnlyCollection<{0}>(items)",
        ["System.Collections.ObjectModel.Collection<T>"] =
            "new global::System.Collections.ObjectModel.Collection<{0}>("
                + "new global::System.Collections.Generic.List<{0}>(items))",
        ["System.Collections.Immutable.ImmutableArray<T>"] =
            "global::System.Runtime.InteropServices.ImmutableCollectionsMarshal.AsImmutableArray(items)",
        ["System.Collections.Immutable.ImmutableList<T>"] =
            "global::System.Collections.Immutable.ImmutableList.CreateRange(items)",
        ["System.Collections.Immutable.IImmutableList<T>"] =
            "global::System.Collections.Immutable.ImmutableList.CreateRange(items)",
    };

    private static readonly Dictionary<string, string> Sets = new(StringComparer.Ordinal)
    {
        ["System.Collections.Generic.HashSet<T>"] = "new global::System.Collections.Generic.HashSet<{0}>(items)",
        ["System.Collections.Generic.ISet<T>"] = "new global::System.Collections.Generic.HashSet<{0}>(items)",
        ["System.Collections.Generic.IReadOnlySet<T>"] = "new global::System.Collections.Generic.HashSet<{0}>(items)",
        ["System.Collections.Generic.SortedSet<T>"] = "new global::System.Collections.Generic.SortedSet<{0}>(items)",
        ["System.Collections.Immutable.ImmutableHashSet<T>"] =
            "global::System.Collections.Immutable.ImmutableHashSet.CreateRange(items)",
        ["System.Collections.Immutable.IImmutableSet<T>"] =
            "global::System.Collections.Immutable.ImmutableHashSet.CreateRange(items)",
        ["System.Collections.Immutable.ImmutableSortedSet<T>"] =
            "global::System.Collections.Immutable.ImmutableSortedSet.CreateRange(items)",
        ["System.Collections.Frozen.FrozenSet<T>"] = "global::System.Collections.Frozen.FrozenSet.ToFrozenSet(items)",
    };

    /// <summary>Dictionaries: how to make them of a <c>Dictionary</c> named <c>items</c>.</summary>
    private static readonly Dictionary<string, string> Dictionaries = new(StringComparer.Ordinal)
    {
        ["System.Collections.Generic.Dictionary<TKey, TValue>"] = "items",
        ["System.Collections.Generic.IDictionary<TKey, TValue>"] = "items",
        ["System.Collections.Generic.IReadOnlyDictionary<TKey, TValue>"] = "items",
        ["System.Collections.Generic.SortedDictionary<TKey, TValue>"] =
            "new global::System.Collections.Generic.SortedDictionary<{0}, {1}>(items)",
        ["System.Collections.Concurrent.ConcurrentDictionary<TKey, TValue>"] =
            "new global::System.Collections.Concurrent.ConcurrentDictionary<{0}, {1}>(items)",
        ["System.Collections.Immutable.ImmutableDictionary<TKey, TValue>"] =
            "global::System.Collections.Immutable.ImmutableDictionary.CreateRange(items)",
        ["System.Collections.Immutable.IImmutableDictionary<TKey, TValue>"] =
            "global::System.Collections.Immutable.ImmutableDictionary.CreateRange(items)",
        ["System.Collections.Immutable.ImmutableSortedDictionary<TKey, TValue>"] =
            "global::System.Collections.Immutable.ImmutableSortedDictionary.CreateRange(items)",
        ["System.Collections.Frozen.FrozenDictionary<TKey, TValue>"] =
            "global::System.Collections.Frozen.FrozenDictionary.ToFrozenDictionary(items)",
    };

    internal static string? PlainInfo(ITypeSymbol type) =>
        Plain.TryGetValue(Key(type), out var info) ? $"{Infos}.{info}" : null;

    internal static (string Info, string[] Formats)? FormattedInfo(ITypeSymbol type) =>
        Formatted.TryGetValue(Key(type), out var known) ? ($"{Infos}.{known.Info}", known.Formats) : null;

    /// <summary>What a type with one form is to Erlang, by its info.</summary>
    internal static string PlainSpec(string info) => info.Substring(Infos.Length + 1) switch
    {
        "Boolean" => "boolean()",
        "Byte" => "byte()",
        "UInt16" or "UInt32" or "UInt64" or "UInt128" => "non_neg_integer()",
        "SByte" or "Int16" or "Int32" or "Int64" or "Int128" or "BigInteger" => "integer()",
        "Single" or "Double" or "Half" => "float()",
        "Char" => "char()",
        "ByteArray" or "Memory" => "binary()",
        "Atom" => "atom()",
        "Pid" => "pid()",
        "Reference" => "reference()",
        "PortId" => "port()",
        "FunTerm" => "fun()",
        "BitString" => "bitstring()",
        "MapTerm" => "map()",
        "ListTerm" => "list()",
        _ => "term()",
    };

    /// <summary>What a type with several forms is to Erlang in one of them.</summary>
    internal static string FormattedSpec(string info, string format) =>
        (info.Substring(Infos.Length + 1), format) switch
        {
            (_, "Charlist") => "string()",
            (_, "Atom") => "atom()",
            ("Decimal", "ElixirStruct") => "'Elixir.Decimal':t()",
            ("DateOnly", "ElixirStruct") => "'Elixir.Date':t()",
            ("TimeOnly", "ElixirStruct") => "'Elixir.Time':t()",
            (_, "ElixirStruct") => "'Elixir.DateTime':t()",
            (_, "ElixirNaiveDateTime") => "'Elixir.NaiveDateTime':t()",
            ("DateOnly", "DateTuple") => "calendar:date()",
            ("TimeOnly", "DateTuple") => "calendar:time()",
            (_, "DateTuple") => "calendar:datetime()",
            ("TimeSpan", "Milliseconds") => "timeout()",
            ("TimeSpan", _) => "integer() | infinity",
            (_, "UnixSeconds" or "UnixMilliseconds") => "integer()",
            _ => "binary()",
        };

    internal static string? Sequence(INamedTypeSymbol type) => Find(Sequences, type);

    internal static string? Set(INamedTypeSymbol type) => Find(Sets, type);

    internal static string? Dictionary(INamedTypeSymbol type) => Find(Dictionaries, type);

    internal static bool IsKeyValuePair(ITypeSymbol type) =>
        Key(type.OriginalDefinition) == "System.Collections.Generic.KeyValuePair<TKey, TValue>";

    internal static bool IsResult(INamedTypeSymbol type) =>
        type is { Name: "Result", IsValueType: true } && Attributes.IsOurs(type);

    /// <summary>Whether the type is the platform's own: never taken for a type with members.</summary>
    internal static bool IsPlatform(ITypeSymbol type)
    {
        var space = type.ContainingNamespace;
        while (space is { IsGlobalNamespace: false, ContainingNamespace.IsGlobalNamespace: false })
            space = space.ContainingNamespace;
        return space is { Name: "System" or "Microsoft" };
    }

    private static string? Find(Dictionary<string, string> table, INamedTypeSymbol type) =>
        type.IsGenericType && table.TryGetValue(Key(type.OriginalDefinition), out var make) ? make : null;

    private static string Key(ITypeSymbol type) =>
        type.WithNullableAnnotation(NullableAnnotation.None).ToDisplayString(
            SymbolDisplayFormat.CSharpErrorMessageFormat);
}
