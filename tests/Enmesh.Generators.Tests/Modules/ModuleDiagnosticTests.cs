using Xunit;

namespace Enmesh.Generators.Tests.Modules;

[Trait("Ring", "pure")]
public sealed class ModuleDiagnosticTests
{
    [Fact]
    public void A_module_that_is_not_partial_is_ENM020() => Expect(
        "[ErlangModule] class C { [ErlangFunction] public void F() { } }",
        ("ENM020", "C", "Make 'C' and the types around it partial, so that what calls its functions can be added to it"));

    [Fact]
    public void A_module_inside_a_class_that_is_not_partial_is_ENM020() => Expect(
        "class Outer { [ErlangModule] partial class C { [ErlangFunction] public void F() { } } }",
        ("ENM020", "Outer", "Make 'C' and the types around it partial, so that what calls its functions can be added to it"));

    [Theory]
    [InlineData("static partial class C { [ErlangFunction] public static void F() { } }",
        "is static, and an object of it is exported; leave out 'static', its methods may be")]
    [InlineData("abstract partial class C { [ErlangFunction] public void F() { } }",
        "is abstract, so there is no object of it to export")]
    [InlineData("partial class C<T> { [ErlangFunction] public void F() { } }",
        "is generic or inside a generic type; a module is neither")]
    [InlineData("file partial class C { [ErlangFunction] public void F() { } }",
        "is local to its file, where nothing can be added to it")]
    public void A_class_that_cannot_be_a_module_is_ENM021(string type, string problem) => Expect(
        $"[ErlangModule] {type}", ("ENM021", "C", $"'C' {problem}"));

    [Theory]
    [InlineData("void F<T>() { }", "is generic; an exported method is not")]
    [InlineData("ref int F() => throw new Exception();", "returns by reference")]
    [InlineData("IAsyncEnumerable<int> F() => null!;",
        "returns an IAsyncEnumerable, which a call cannot give bit by bit; return a list, or report the items through an IProgress parameter")]
    public void A_method_that_cannot_be_a_function_is_ENM022(string method, string problem) => Expect(
        $"[ErlangModule] partial class C {{ [ErlangFunction] public {method} }}", ("ENM022", "F", $"'C.F' {problem}"));

    [Fact]
    public void The_name_of_what_every_module_has_is_ENM022() => Expect(
        "[ErlangModule] partial class C { [ErlangFunction] public void ModuleInfo(Atom item) { } }",
        ("ENM022", "ErlangFunction", "'C.ModuleInfo' would be module_info/0 or module_info/1, which every module has of itself"));

    [Theory]
    [InlineData("out int p", "it is passed by reference")]
    [InlineData("ref int p", "it is passed by reference")]
    [InlineData("ProcessContext a, ProcessContext p", "there is another ProcessContext before it")]
    [InlineData("CancellationToken a, CancellationToken p", "there is another CancellationToken before it")]
    public void A_parameter_that_cannot_be_an_argument_is_ENM023(string parameters, string problem) => Expect(
        $"[ErlangModule] partial class C {{ [ErlangFunction] public void F({parameters}) => throw new Exception(); }}",
        ("ENM023", "p", $"The parameter 'p' of 'C.F' cannot be an argument: {problem}"));

    [Fact]
    public void Methods_with_the_same_name_and_arity_are_ENM024() => Expect(
        "[ErlangModule(\"m\")] partial class C { [ErlangFunction] public void F(int a) { } [ErlangFunction] public void F(string a, int b = 0) { } }",
        ("ENM024", "ErlangFunction", "'C.F' and 'C.F' would both be m:f/1; name one of them, or choose its Arity"));

    [Fact]
    public void An_arity_that_a_method_has_not_is_ENM025() => Expect(
        "[ErlangModule] partial class C { [ErlangFunction(Arity = 4)] public void F(int a, int b = 0) { } }",
        ("ENM025", "ErlangFunction(Arity = 4)", "'C.F' can be called with 1 to 2 arguments, not with 4"));

    [Fact]
    public void A_module_without_functions_is_a_warning() => Expect(
        "[ErlangModule] partial class C { public void F() { } }",
        ("ENM026", "C", "'C' has no method with [ErlangFunction], so that peers can call nothing of it"));

    [Fact]
    public void A_type_without_a_form_is_ENM002_at_its_parameter_and_at_its_method() => Expect(
        "[ErlangModule] partial class C { [ErlangFunction] public object F(Action what) => what; }",
        ("ENM002", "what", "'Action' (C.F) has no form as a term: delegates, pointers and dynamic values cannot be sent"),
        ("ENM002", "F", "'object' (C.F) has no form as a term: it may be anything; use Enmesh.Terms.Term for that"));

    [Fact]
    public void A_format_that_fits_nothing_is_ENM006() => Expect(
        "[ErlangModule] partial class C { [ErlangFunction] public void F([TermFormat(TermFormat.Iso8601)] int a) { } }",
        ("ENM006", "a", "[TermFormat(TermFormat.Iso8601)] fits no value in 'int' (C.F)"));

    [Fact]
    public void A_name_that_is_no_atom_is_ENM011() => Expect(
        $"[ErlangModule(\"{new string('m', 256)}\")] partial class C {{ [ErlangFunction] public void F() {{ }} }}",
        ("ENM011", $"ErlangModule(\"{new string('m', 256)}\")", $"'{new string('m', 32)}...' cannot be an atom: it has 256 characters, at most 255 are allowed"));

    [Fact]
    public void What_is_wrong_with_a_module_is_not_said_again_where_it_is_exported() => Expect(
        """
        [ErlangModule] partial class C { [ErlangFunction] public void F(object a) { } }
        class User { void Export(Enmesh.Services.ExportedFunctions functions) => functions.Export(new C()); }
        """,
        ("ENM002", "a", "'object' (C.F) has no form as a term: it may be anything; use Enmesh.Terms.Term for that"));

    private static void Expect(string source, params (string Id, string Code, string Message)[] expected) =>
        Assert.Equal(expected, Compiler.Diagnostics(source));
}
