using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Enmesh.Generators.Tests;

[Trait("Ring", "pure")]
public sealed class GeneratorTests
{
    public static TheoryData<string> Sources { get; } = new(
        """
        record R(int A, string? B);
        [TermSerializable(typeof(R))] partial class C : TermSerializerContext;
        """,
        """
        namespace N.M;
        partial class Outer { partial record Middle { partial interface I {
            [TermSerializable(typeof(int))] public sealed partial class C : TermSerializerContext; } } }
        """,
        """
        partial struct S { [TermSerializable(typeof(int))] partial class C : TermSerializerContext; }
        """,
        """
        record @class(int @event, int @record);
        [TermSerializable(typeof(@class))] partial class @namespace : TermSerializerContext;
        """,
        """
        record R(double A = double.NaN, float B = 1.5f, decimal C = 2.5m, string D = "x\"", char E = '\'',
            R? F = null, DayOfWeek G = DayOfWeek.Friday, int? H = 5, TimeSpan I = default,
            double J = double.NegativeInfinity, ulong K = ulong.MaxValue, bool L = true);
        [TermSerializable(typeof(R))] partial class C : TermSerializerContext;
        """,
        """
        record G<T>(T Value, List<T> Values, G<int>? Other);
        [TermSerializable(typeof(G<string>)),
            TermSerializable(typeof(G<int?>))] partial class C : TermSerializerContext;
        """,
        """
        #nullable disable
        class R { public string A { get; set; } public List<string> B { get; set; } }
        [TermSerializable(typeof(R))] partial class C : TermSerializerContext;
        """,
        """
        [Obsolete] class R { [Obsolete("no")] public int A { get; set; } }
        #pragma warning disable CS0612
        [TermSerializable(typeof(R))] partial class C : TermSerializerContext;
        """,
        """
        abstract record T<V> { [ErlangTag] public record Leaf(V Value) : T<V>;
            [ErlangTag] public record Node(T<V> L, T<V> R) : T<V>; }
        [TermSerializable(typeof(T<int>))] partial class C : TermSerializerContext;
        """,
        """
        abstract record E { [ErlangTag] public record Add(E L, E R) : E;
            [ErlangTag] public record N(int V) : E; }
        [TermSerializable(typeof(E.Add)),
            TermSerializable(typeof(E))] partial class C : TermSerializerContext;
        """,
        """
        abstract record E { public abstract record Op : E; [ErlangTag] public record Add(E L) : Op;
            [ErlangTag] public record N(int V) : E; }
        [TermSerializable(typeof(E))] partial class C : TermSerializerContext;
        """,
        """
        class B { public virtual int A { get; set; } public int Hidden { get; init; } }
        class D : B { public override int A { get; set; } public new int Hidden { get; init; }
            public required int Must { get; init; } }
        [TermSerializable(typeof(D))] partial class C : TermSerializerContext;
        """,
        """
        [TermSerializable(typeof((int, string)))] [TermSerializable(typeof((int A, (string B,
            long) C)[]))] [TermSerializable(typeof(int?[]))] partial class C : TermSerializerContext;
        """,
        """
        record Infos(int A);
        record InfosInfo(int A);
        [TermSerializable(typeof(Infos)),
            TermSerializable(typeof(InfosInfo))] partial class C : TermSerializerContext;
        """,
        """
        record R(int A);
        [TermSerializable(typeof(R))] partial class C : TermSerializerContext;
        [TermSerializable(typeof(int))] partial class C;
        """,
        """
        class R { public R(int a, string b) { A = a; } public R() { } public int A { get; }
            public string B { get; set; } = ""; }
        [TermSerializable(typeof(R))] partial class C : TermSerializerContext;
        """,
        """
        record R([TermFormat(TermFormat.ElixirStruct)] HashSet<DateTime> Set,
            [TermFormat(TermFormat.Integer)] DayOfWeek? Day);
        [TermSerializable(typeof(R))] partial class C : TermSerializerContext;
        """,
        """
        struct P { public int X { get; } public P(int x) { X = x; } }
        readonly record struct Q(P P);
        [TermSerializable(typeof(Q?))] partial class C : TermSerializerContext;
        """,
        """
        record R(int A, [property: TermIgnore] object? B = null, [TermIgnore] object? C = null,
            int @default = 5);
        [TermSerializable(typeof(R))] partial class C : TermSerializerContext;
        """);

    [Theory]
    [MemberData(nameof(Sources))]
    public void Generated_code_compiles_without_a_warning(string source) => Compiler.Generate(source);

    [Fact]
    public void References_of_code_that_does_not_speak_of_null_may_be_null()
    {
        const string Source = """
            #nullable disable
            public class R { public string A { get; set; } }
            [TermSerializable(typeof(R))] partial class C : TermSerializerContext;
            """;
        Assert.Contains("NullableReference<string>", Compiler.Generate(Source), StringComparison.Ordinal);
    }

    [Fact]
    public void An_edit_elsewhere_generates_nothing_again()
    {
        const string Source = "record R(int A); [TermSerializable(typeof(R))] partial class C : TermSerializerContext;";
        var compilation = Compiler.Compile(Source);
        GeneratorDriver driver = CSharpGeneratorDriver.Create(
            [new TermSerializerGenerator().AsSourceGenerator()],
            driverOptions: new GeneratorDriverOptions(default, trackIncrementalGeneratorSteps: true));
        driver = driver.RunGenerators(compilation, TestContext.Current.CancellationToken);
        Assert.Equal([IncrementalStepRunReason.New], Reasons(driver));

        driver = driver.RunGenerators(
            compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText("class Other { int F() => 1; }")), TestContext.Current.CancellationToken);
        Assert.DoesNotContain(Reasons(driver), IsFresh);
        Assert.All(
            driver.GetRunResult().Results[0].TrackedOutputSteps.SelectMany(step => step.Value).SelectMany(step => step.Outputs),
            output => Assert.Equal(IncrementalStepRunReason.Cached, output.Reason));

        var moved = Compiler.Compile("\n\n// moved\n" + Source);
        driver = driver.RunGenerators(moved, TestContext.Current.CancellationToken);
        Assert.DoesNotContain(Reasons(driver), IsFresh);

        driver = driver.RunGenerators(
            Compiler.Compile(Source.Replace("int A", "int A, int B", StringComparison.Ordinal)), TestContext.Current.CancellationToken);
        Assert.Contains(IncrementalStepRunReason.Modified, Reasons(driver));
    }

    private static bool IsFresh(IncrementalStepRunReason reason) =>
        reason is IncrementalStepRunReason.New or IncrementalStepRunReason.Modified;

    private static IEnumerable<IncrementalStepRunReason> Reasons(GeneratorDriver driver) =>
        driver.GetRunResult().Results[0].TrackedSteps[TermSerializerGenerator.ModelStep]
            .SelectMany(step => step.Outputs).Select(output => output.Reason);
}
