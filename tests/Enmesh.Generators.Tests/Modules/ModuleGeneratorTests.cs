using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Enmesh.Generators.Tests.Modules;

[Trait("Ring", "pure")]
public sealed class ModuleGeneratorTests
{
    public static TheoryData<string> Sources { get; } = new(
        """
        [ErlangModule("calc")] partial class Calc { [ErlangFunction] public int Add(int a, int b) => a + b; }
        """,
        """
        namespace N.M;
        public partial class Outer { public partial record Middle { partial interface I {
            [ErlangModule] internal sealed partial class C { [ErlangFunction] void F() { } } } } }
        """,
        """
        [ErlangModule] partial record @class(int Seed) { [ErlangFunction("fun")] public static int @event(int @record, Term @in) => 1; }
        """,
        """
        [ErlangModule("m")] partial class C {
            [ErlangFunction] public void A(ProcessContext context) { }
            [ErlangFunction] public Task B(CancellationToken stop = default) => Task.CompletedTask;
            [ErlangFunction] public ValueTask C1(int a, CancellationToken stop, ProcessContext context, string? b) => default;
            [ErlangFunction] public Task<string?> D() => Task.FromResult<string?>(null);
            [ErlangFunction] public ValueTask<(int, string)> E() => default;
            [ErlangFunction] public Term F(Term a, ListTerm b, Atom c, params int[] d) => a;
            [ErlangFunction] public Result<int, Atom> G() => 1;
            [ErlangFunction] public async Task<Term> HAsync() { await Task.Yield(); return 1; }
            [ErlangFunction] public int I(in int a) => a;
        }
        """,
        """
        [ErlangModule("m")] partial class C {
            [ErlangFunction] public int A(int a, double b = double.NaN, string c = "x\"", DayOfWeek d = DayOfWeek.Friday,
                int? e = 5, TimeSpan f = default, char g = '\'', decimal h = 2.5m) => a;
            [ErlangFunction] public int A() => 0;
            [ErlangFunction("a", Arity = 9)] public int Nine(int a, int b, int c, int d, int e, int f, int g, int h, int i = 0, int j = 0) => 0;
        }
        """,
        """
        [ErlangModule("m")] partial class C {
            [ErlangFunction] public void A(IProgress<int> progress) { }
            [ErlangFunction] public void B(int a, IProgress<(string, int)>? progress = null) { }
        }
        """,
        """
        record Line(string Sku, int Count); record Order(int Id, List<Line> Lines, Order? Next);
        [ErlangModule("m"), TermSerializerOptions(Null = NullAtom.Nil)] partial class C {
            [ErlangFunction] [return: TermFormat(TermFormat.Charlist)] public string A(Order a, [TermFormat(TermFormat.Atom)] string b) => b;
            [ErlangFunction] public Order? B(Dictionary<string, Order> a, HashSet<int> b) => null;
            private enum Kind { One, Two }
            private record Secret([TermFormat(TermFormat.Iso8601)] DateTime At, Kind Kind);
            [ErlangFunction] private Secret? D(Secret? a, Kind b) => a;
        }
        """,
        """
        abstract class Base { [ErlangFunction] public virtual int A() => 1; [ErlangFunction] protected static int B() => 1; public int X() => 1; }
        [ErlangModule("one")] partial class One : Base { [ErlangFunction] public override int A() => 2; }
        [ErlangModule("two")] partial class Two : One;
        """,
        """
        #nullable disable
        [ErlangModule("m")] partial class C { [ErlangFunction] public string A(string a, IProgress<string> b) => a; }
        """,
        """
        [Obsolete] record R(int A);
        #pragma warning disable CS0612
        [ErlangModule("m")] partial class C { [Obsolete, ErlangFunction] public R A(R a) => a; }
        """,
        """
        [ErlangModule("m")] partial class C { [ErlangFunction] public int A() => 1; }
        partial class C { [ErlangFunction] public int B() => 1; }
        """);

    [Theory]
    [MemberData(nameof(Sources))]
    public void Generated_code_compiles_without_a_warning(string source) => Compiler.Generate(source);

    [Theory]
    [InlineData("int Add(int a, long b) => 1", "add(A :: integer(), B :: integer()) -> integer()")]
    [InlineData("Task<string?> FindUserAsync(Guid userId) => null!", "find_user(UserId :: binary()) -> binary() | undefined")]
    [InlineData("void Stop(TimeSpan? after, ProcessContext c) { }", "stop(After :: timeout() | undefined) -> ok")]
    [InlineData("ValueTask A(Term a, Atom b, Pid c, bool d, double e) => default", "a(A :: term(), B :: atom(), C :: pid(), D :: boolean(), E :: float()) -> ok")]
    [InlineData("Result<int, Kind> A(List<int> a, Dictionary<string, byte[]> b) => 1", "a(A :: [integer()], B :: #{binary() => binary()}) -> {ok, integer()} | {error, new | in_transit}")]
    [InlineData("(int, Term) A(uint a, [TermFormat(TermFormat.Charlist)] string b) => default", "a(A :: non_neg_integer(), B :: string()) -> {integer(), term()}")]
    [InlineData(
        "Node A(Request a) => null!",
        "a(A :: {deposit, Amount :: integer()} | close) -> "
            + "#{id := integer(), next => #{id := integer(), next => node() | undefined} | undefined}")]
    [InlineData("void A(IProgress<int> p) { }", "a(P :: pid() | reference() | {pid() | reference(), term()} | undefined) -> ok")]
    [InlineData("void End(DateTime a, DateOnly b) { }", "'end'(A :: calendar:datetime(), B :: calendar:date()) -> ok")]
    public void A_signature_reads_as_Erlang_writes_specs(string method, string signature) => Assert.Contains(
        $"\"{signature}\"",
        Compiler.Generate(
            $$"""
            enum Kind { New, InTransit }
            record Node(int Id, Node? Next);
            abstract record Request { [ErlangTag("deposit")] public record Deposit(int Amount) : Request; [ErlangTag] public record Close : Request; }
            [ErlangModule("m")] partial class C { [ErlangFunction] public {{method}}{{(method.EndsWith('}') ? "" : ";")}} }
            """),
        StringComparison.Ordinal);

    [Fact]
    public void Comments_and_descriptions_are_documentation()
    {
        const string Source = """
            /// <summary>Sums and
            /// quotients.</summary>
            [ErlangModule("calc")]
            partial class Calc
            {
                /// <summary>Adds <paramref name="a"/> &amp; b; see <see cref="System.Math"/>.<para>Never overflows.</para></summary>
                /// <param name="a">The first.</param>
                /// <returns>The <c>sum</c>.</returns>
                [ErlangFunction] public int Add(int a, int b = 0) => a + b;

                /// <summary>Overruled.</summary>
                [ErlangFunction, System.ComponentModel.Description("Says \"hi\".")] public void Hi() { }

                [ErlangFunction] public void Nothing() { }
            }
            """;
        var code = Compiler.Generate(Source);
        Assert.Contains("\"calc\",\n            \"Sums and quotients.\",", code, StringComparison.Ordinal);
        const string Text = @"""Adds A & b; see Math.\n\nNever overflows.\n\nA: The first.\n\nReturns: The sum.""";
        Assert.Contains($"new(\"add\", 1, \"add(A :: integer()) -> integer()\",\n                    {Text}, F0),", code, StringComparison.Ordinal);
        Assert.Contains($"new(\"add\", 2, \"add(A :: integer(), B :: integer()) -> integer()\",\n                    {Text}, F0),", code, StringComparison.Ordinal);
        Assert.Contains(@"""Says \""hi\"".""", code, StringComparison.Ordinal);
        Assert.Contains("new(\"nothing\", 0, \"nothing() -> ok\",\n                    null, F2),", code, StringComparison.Ordinal);
    }

    [Fact]
    public void A_module_of_a_library_is_exported_by_a_program_that_has_no_generator()
    {
        Compiler.Driver().RunGeneratorsAndUpdateCompilation(
            Compiler.Compile(
                """
                [ErlangModule("calc")] public partial class Calc { [ErlangFunction] public int Add(Pair p) => p.A + p.B; }
                public record Pair(int A, int B);
                """),
            out var library,
            out _,
            TestContext.Current.CancellationToken);
        var program = Compiler.Compile("class P { void Main(Enmesh.Services.ExportedFunctions f) => f.Export(new Calc()); }")
            .WithAssemblyName("Program").AddReferences(library.ToMetadataReference());
        Assert.Empty(program.GetDiagnostics(TestContext.Current.CancellationToken)
            .Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning));
    }

    [Fact]
    public void An_edit_elsewhere_generates_nothing_again()
    {
        const string Source = """
            /// <summary>Sums.</summary>
            [ErlangModule("calc")] partial class Calc { [ErlangFunction] public int Add(int a) => a; }
            """;
        var compilation = Compiler.Compile(Source);
        GeneratorDriver driver = Compiler.Driver(tracks: true);
        driver = driver.RunGenerators(compilation, TestContext.Current.CancellationToken);
        Assert.Equal([IncrementalStepRunReason.New], Reasons(driver));

        driver = driver.RunGenerators(
            compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText("class Other { int F() => 1; }")), TestContext.Current.CancellationToken);
        Assert.DoesNotContain(Reasons(driver), IsFresh);
        driver = driver.RunGenerators(
            Compiler.Compile("\n\n// moved\n" + Source.Replace("=> a;", "=> a + 1;", StringComparison.Ordinal)), TestContext.Current.CancellationToken);
        Assert.DoesNotContain(Reasons(driver), IsFresh);

        driver = driver.RunGenerators(
            Compiler.Compile(Source.Replace("Sums", "All sums", StringComparison.Ordinal)), TestContext.Current.CancellationToken);
        Assert.Contains(IncrementalStepRunReason.Modified, Reasons(driver));
    }

    private static bool IsFresh(IncrementalStepRunReason reason) =>
        reason is IncrementalStepRunReason.New or IncrementalStepRunReason.Modified;

    private static IEnumerable<IncrementalStepRunReason> Reasons(GeneratorDriver driver) =>
        driver.GetRunResult().Results.SelectMany(result => result.TrackedSteps)
            .Where(step => step.Key == ErlangModuleGenerator.ModelStep).SelectMany(step => step.Value)
            .SelectMany(step => step.Outputs).Select(output => output.Reason);
}
