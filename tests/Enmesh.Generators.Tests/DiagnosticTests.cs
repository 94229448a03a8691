using Xunit;

namespace Enmesh.Generators.Tests;

[Trait("Ring", "pure")]
public sealed class DiagnosticTests
{
    private const string Context = "partial class C : TermSerializerContext;";
    private const string Methods =
        "public override Term ToTerm(string v) => 1; public override string FromTerm(Term t) => \"\";";

    // What the generator would have added.
    private const string Lookup = "{ public override TermTypeInfo? GetTypeInfo(Type t) => null; }";

    [Fact]
    public void A_context_that_is_not_partial_is_ENM001() => Expect(
        $"[TermSerializable(typeof(int))] class C : TermSerializerContext {Lookup}",
        ("ENM001", "C", "Make 'C' and the types around it partial, so that type infos can be added to it"));

    [Fact]
    public void A_context_inside_a_class_that_is_not_partial_is_ENM001() => Expect(
        $"class Outer {{ [TermSerializable(typeof(int))] partial class C : TermSerializerContext {Lookup} }}",
        ("ENM001", "Outer", "Make 'C' and the types around it partial, so that type infos can be added to it"));

    [Theory]
    [InlineData("object", "it may be anything; use Enmesh.Terms.Term for that")]
    [InlineData("Action", "delegates, pointers and dynamic values cannot be sent")]
    [InlineData("Uri", "it is a type of the platform without an Erlang counterpart; write a TermConverter for it")]
    [InlineData("int[,]", "arrays of several dimensions are not supported; use an array of arrays")]
    [InlineData("MyList", "it is a collection of its own kind; use one of the platform's, or write a TermConverter for it")]
    [InlineData("IDisposable", "it is a type of the platform without an Erlang counterpart; write a TermConverter for it")]
    public void A_type_without_a_form_is_ENM002_at_its_member(string type, string reason) => Expect(
        $"class MyList : List<int>; record R(int Id, List<{type}> Value); [TermSerializable(typeof(R))] {Context}",
        ("ENM002", "Value", $"'{type}' (R.Value) has no form as a term: {reason}"));

    [Fact]
    public void An_abstract_type_without_cases_is_ENM002() => Expect(
        $"abstract record B; record D : B; [TermSerializable(typeof(B))] {Context}",
        ("ENM002", "TermSerializable(typeof(B))", "'B' (C) has no form as a term: it is abstract and has no cases; give types nested in it that "
            + "derive from it an [ErlangTag], or name them with [TermCase]"));

    [Fact]
    public void A_type_local_to_its_file_is_ENM002() => Expect(
        $"file record R(int A); [TermSerializable(typeof(R))] {Context}",
        ("ENM002", "TermSerializable(typeof(R))", "'R' (C) has no form as a term: it is local to its file, where generated code cannot see it"));

    [Fact]
    public void An_open_generic_type_is_ENM002() => Expect(
        $"[TermSerializable(typeof(List<>))] {Context}",
        ("ENM002", "TermSerializable(typeof(List<>))", "'List<>' (C) has no form as a term: it is an open generic type; name the closed ones"));

    [Fact]
    public void A_proplist_that_is_no_dictionary_is_ENM002() => Expect(
        $"record R([ErlangProplist] List<int> Values); [TermSerializable(typeof(R))] {Context}",
        ("ENM002", "Values", "'List<int>' (R.Values) has no form as a term: [ErlangProplist] on a member needs a dictionary"));

    [Fact]
    public void Cases_with_the_same_tag_and_size_are_ENM003() => Expect(
        $$"""
        abstract record B { [ErlangTag("x")] public record One(int A) : B; [ErlangTag("x")] public record Two(string S) : B; }
        [TermSerializable(typeof(B))] {{Context}}
        """,
        ("ENM003", "B", "The cases 'One' and 'Two' of 'B' are both written as {x, ...} of 2 elements; give one of them another tag"));

    [Fact]
    public void Cases_with_the_same_struct_are_ENM003() => Expect(
        $$"""
        [TermCase(typeof(One)), TermCase(typeof(Two))] interface B;
        [ElixirStruct("M")] record One(int A) : B; [ElixirStruct("Elixir.M")] record Two(string S) : B;
        [TermSerializable(typeof(B))] {{Context}}
        """,
        ("ENM003", "B", "The cases 'One' and 'Two' of 'B' are both written as %Elixir.M{}; give one of them another tag"));

    [Theory]
    [InlineData("public R(int a) { A = a; } public R(long b) { A = 1; }", "several constructors")]
    [InlineData("private R(int a) { A = a; }", "no accessible constructor")]
    [InlineData(
        "[TermConstructor] public R(int a) { A = a; } [TermConstructor] public R() { }", "several constructors marked with [TermConstructor]")]
    public void A_type_that_cannot_be_made_is_ENM004(string constructors, string problem) => Expect(
        $"class R {{ public int A {{ get; }} {constructors} }} [TermSerializable(typeof(R))] {Context}",
        ("ENM004", "R", $"'R' has {problem}; mark the one to use with [TermConstructor]"));

    [Fact]
    public void A_constructor_parameter_without_a_property_is_ENM005() => Expect(
        $"class R {{ public R(int size) {{ A = size; }} public int A {{ get; }} }} [TermSerializable(typeof(R))] {Context}",
        ("ENM005", "size", "The parameter 'size' of 'R' has no public property of the same name and type, so it could not be written"));

    [Fact]
    public void An_ignored_constructor_parameter_without_a_default_is_ENM005() => Expect(
        $"record R(int A, [TermIgnore] int B); [TermSerializable(typeof(R))] {Context}",
        ("ENM005", "B", "The parameter 'B' of 'R' has no public property of the same name and type, so it could not be written"));

    [Fact]
    public void A_format_that_fits_nothing_is_ENM006() => Expect(
        $"record R([TermFormat(TermFormat.Charlist)] List<int> Values); [TermSerializable(typeof(R))] {Context}",
        ("ENM006", "Values", "[TermFormat(TermFormat.Charlist)] fits no value in 'List<int>' (R.Values)"));

    [Fact]
    public void Members_with_the_same_name_are_ENM007() => Expect(
        $"record R(int UnitPrice, [TermName(\"unit_price\")] int Other); [TermSerializable(typeof(R))] {Context}",
        ("ENM007", "R", "'UnitPrice' and 'Other' of 'R' are both named 'unit_price'; rename one with [TermName]"));

    [Fact]
    public void Enum_values_with_the_same_name_are_ENM007() => Expect(
        $"enum E {{ A, [TermName(\"a\")] B }} [TermSerializable(typeof(E))] {Context}",
        ("ENM007", "B", "'A' and 'B' of 'E' are both named 'a'; rename one with [TermName]"));

    [Theory]
    [InlineData("class K { }", "it does not derive from TermConverter<T>")]
    [InlineData("abstract class K : TermConverter<int>;", "it is abstract or an open generic type")]
    [InlineData($"class K(int n) : TermConverter<string> {{ int N => n; {Methods} }}", "it has no accessible constructor without parameters")]
    [InlineData($"class K : TermConverter<string> {{ {Methods} }}", "it converts 'string'")]
    public void A_converter_that_does_not_fit_is_ENM008(string converter, string problem)
    {
        Expect(
            $"{converter} record R([TermConverter(typeof(K))] int Value); [TermSerializable(typeof(R))] {Context}",
            ("ENM008", "Value", $"The converter 'K' does not fit 'R.Value': {problem}"));
        Expect(
            $"{converter} [TermConverter(typeof(K))] struct S; [TermSerializable(typeof(S))] {Context}",
            ("ENM008", "TermConverter(typeof(K))", $"The converter 'K' does not fit 'S': {problem}"));
        Expect(
            $"{converter} struct S; [TermSerializable(typeof(S), Converter = typeof(K))] {Context}",
            ("ENM008", "TermSerializable(typeof(S), Converter = typeof(K))", $"The converter 'K' does not fit 'S': {problem}"));
    }

    [Fact]
    public void A_case_without_a_tag_or_outside_the_union_is_ENM009()
    {
        Expect(
            $"[TermCase(typeof(D))] abstract record B; record D : B; [TermSerializable(typeof(B))] {Context}",
            ("ENM009", "D", "'D' cannot be a case of 'B': it has neither [ErlangTag] nor [ElixirStruct]"));
        Expect(
            $"[TermCase(typeof(D)), TermCase(typeof(E))] abstract record B; [ErlangTag] record D; [ErlangTag] record E : B; [TermSerializable(typeof(B))] {Context}",
            ("ENM009", "TermCase(typeof(D))", "'D' cannot be a case of 'B': it does not derive from it"));
    }

    [Fact]
    public void Two_shapes_are_ENM010() => Expect(
        $"[ErlangTag, ErlangTuple] record R(int A); [TermSerializable(typeof(R))] {Context}",
        ("ENM010", "ErlangTuple", "'R' has both [ErlangTag] and [ErlangTuple]; a value has one shape"));

    [Fact]
    public void A_name_too_long_for_an_atom_is_ENM011()
    {
        var name = new string('x', 256);
        Expect(
            $"[ErlangTag(\"{name}\")] record R(int A); [TermSerializable(typeof(R))] {Context}",
            ("ENM011", $"ErlangTag(\"{name}\")", $"'{name[..32]}...' cannot be an atom: it has 256 characters, at most 255 are allowed"));
        Expect(
            $"record R([TermName(\"{name}\")] int A); [TermSerializable(typeof(R))] {Context}",
            ("ENM011", "R", $"'{name[..32]}...' cannot be an atom: it has 256 characters, at most 255 are allowed"));
    }

    [Fact]
    public void A_type_out_of_reach_is_ENM012() => Expect(
        $"class Outer {{ [TermCase(typeof(X))] public interface I; [ErlangTag] private record X : I; }} [TermSerializable(typeof(Outer.I))] {Context}",
        ("ENM012", "TermSerializable(typeof(Outer.I))", "'X' is not accessible from 'C'; make it internal or public"));

    [Theory]
    [InlineData("partial class C;", "has [TermSerializable] but does not derive from TermSerializerContext")]
    [InlineData("partial class C<T> : TermSerializerContext;", "is generic or inside a generic type; a context is neither")]
    [InlineData("abstract partial class C : TermSerializerContext;", "is abstract, so it could not be made")]
    [InlineData("file partial class C : TermSerializerContext;", "is local to its file, where nothing can be added to it")]
    public void A_context_declared_wrongly_is_ENM013(string context, string problem)
    {
        var found = Compiler.Diagnostics($"[TermSerializable(typeof(int))] {context}");
        Assert.Contains(("ENM013", "C", $"'C' {problem}"), found);
    }

    [Fact]
    public void Types_with_the_same_name_are_ENM014() => Expect(
        $"namespace A {{ public record R; }} namespace B {{ public record R; }} [TermSerializable(typeof(A.R)), TermSerializable(typeof(B.R))] {Context}",
        ("ENM014", "TermSerializable(typeof(B.R))", "'R' and 'R' would both be the property 'R' of 'C'; set Name on one of them"));

    [Fact]
    public void More_than_128_members_are_ENM015() => Expect(
        $"record R({string.Join(", ", Enumerable.Range(0, 129).Select(i => $"int A{i}"))}); [TermSerializable(typeof(R))] {Context}",
        ("ENM015", "R", "'R' has 129 members; at most 128 are supported"));

    private static void Expect(string source, params (string Id, string Code, string Message)[] expected) =>
        Assert.Equal(expected, Compiler.Diagnostics(source));
}
