using Enmesh.Modules;
using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;
using Xunit;

namespace Enmesh.Tests.Modules;

/// <summary>A call of a method costs what one of a function exported by hand does.</summary>
[Trait("Ring", "pure")]
public sealed class ModuleCostTests
{
    private static readonly IReadOnlyList<Term> Two = [1, 2];
    private static readonly IReadOnlyList<Term> Text = [Term.Binary("ann")];

    private readonly ExportedFunctions _functions = new();

    public ModuleCostTests()
    {
        _functions.Export(new SampleModule());
        _functions.Export("by_hand", "add", 2, (_, arguments) => arguments is [{ Int32: { } a }, { Int32: { } b }]
            ? new(a + b)
            : throw ErlangException.BadArgument());
        _functions.Export("by_hand", "note", 1, (_, _) => new(Atoms.Ok));
    }

    [Theory]
    [InlineData("add", 2)]
    [InlineData("note", 1)]
    public void A_call_of_a_method_allocates_no_more_than_one_of_a_function_exported_by_hand(string function, int arity)
    {
        var arguments = arity == 2 ? Two : Text;
        var (module, byHand) = (Find("sample", function, arity), Find("by_hand", function, arity));
        Assert.Equal(Call(module, arguments), Call(byHand, arguments));
        Assert.InRange(AllocatedBy(module, arguments), 0, AllocatedBy(byHand, arguments));
    }

    private ExportedFunction Find(string module, string function, int arity) =>
        _functions.Find(new Atom(module), new Atom(function), arity)!;

    // These neither wait nor look at the process they run in.
    private static Term Call(ExportedFunction body, IReadOnlyList<Term> arguments)
    {
        var result = body(null!, arguments);
        return result.IsCompletedSuccessfully ? result.Result : throw new InvalidOperationException("It has waited.");
    }

    private static long AllocatedBy(ExportedFunction body, IReadOnlyList<Term> arguments)
    {
        for (var i = 0; i < 3; i++)
            _ = Call(body, arguments);
        var least = long.MaxValue;
        for (var i = 0; i < 5; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            _ = Call(body, arguments);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
