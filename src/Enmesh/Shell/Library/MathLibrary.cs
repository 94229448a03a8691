using Enmesh.Terms;

namespace Enmesh.Shell.Library;

/// <summary><c>math</c></summary>
internal static class MathLibrary
{
    internal static void AddTo(LibraryModule math)
    {
        math.Add("pi", "", _ => Math.PI).Add("e", "", _ => Math.E).Add("tau", "", _ => Math.Tau);
        foreach (var (name, function) in new (string, Func<double, double>)[]
        {
            ("sqrt", Math.Sqrt), ("exp", Math.Exp), ("log", Math.Log), ("log2", Math.Log2), ("log10", Math.Log10), ("sin", Math.Sin),
            ("cos", Math.Cos), ("tan", Math.Tan), ("asin", Math.Asin), ("acos", Math.Acos), ("atan", Math.Atan), ("sinh", Math.Sinh),
            ("cosh", Math.Cosh), ("tanh", Math.Tanh), ("asinh", Math.Asinh), ("acosh", Math.Acosh), ("atanh", Math.Atanh),
            ("ceil", Math.Ceiling), ("floor", Math.Floor),
        })
        {
            math.Add(name, "*", call => Finite(call, function(Argument(call, 0))));
        }
        math.Add("pow", "**", call => Finite(call, Math.Pow(Argument(call, 0), Argument(call, 1))))
            .Add("atan2", "**", call => Finite(call, Math.Atan2(Argument(call, 0), Argument(call, 1))))
            .Add("fmod", "**", call => Argument(call, 1) == 0
                ? throw call.Fail(new Atom("badarith")) : Finite(call, Argument(call, 0) % Argument(call, 1)));
    }

    private static double Argument(LibraryCall call, int index) =>
        call[index].Integer is null && call[index].Float is null
            ? throw call.Fail(Failures.BadArg, (index + 1, "not a number")) : call.Number(index);

    private static Term Finite(LibraryCall call, double value) => double.IsFinite(value)
        ? value : throw call.Fail(new Atom("badarith"), (1, "is outside the domain for this function"));
}
