using System.ComponentModel;
using Enmesh.Modules;
using Enmesh.Processes;
using Enmesh.Terms;
using Enmesh.Terms.Serialization;

namespace Enmesh.Tests.Modules;

public enum Rounding
{
    Down,
    HalfUp,
}

public sealed record Item(string Name, int Price, Item? Part = null);

/// <summary>What can be called, of every kind there is.</summary>
[ErlangModule("sample")]
public sealed partial class SampleModule
{
    /// <summary>Completes when a call that can be cancelled has begun; its result tells that it was.</summary>
    public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Calls { get; private set; }

    /// <summary>Adds two numbers.</summary>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    [ErlangFunction]
    public int Add(int a, int b) => checked(a + b);

    [ErlangFunction("add")]
    public int AddThree(int a, int b, int c) => Add(Add(a, b), c);

    [ErlangFunction]
    [Description("Rounds.")]
    public static long Round(double value, Rounding how = Rounding.HalfUp, int digits = 0) =>
        how == Rounding.Down ? (long)value : (long)(value + 0.5 + digits);

    [ErlangFunction]
    public void Note(Term anything)
    {
        _ = anything;
        Calls++;
    }

    [ErlangFunction]
    public Task NoteAsync() => Task.Run(() => Calls++);

    [ErlangFunction]
    public async ValueTask NoteLaterAsync()
    {
        await Task.Yield();
        Calls++;
    }

    [ErlangFunction]
    public async Task<string?> FindAsync(string name, CancellationToken cancellationToken)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        return name.Length == 0 ? null : name.ToUpperInvariant();
    }

    [ErlangFunction]
    public ValueTask<IReadOnlyList<Item>> Cheapest(IReadOnlyList<Item> items) =>
        new(items.Where(item => item.Price == items.Min(other => other.Price)).ToList());

    [ErlangFunction]
    public Result<int, Atom> Divide(int a, int b) => b == 0 ? Result.Error(new Atom("by_zero")) : a / b;

    [ErlangFunction]
    public Term Who(ProcessContext context) => context.Self;

    [ErlangFunction]
    public async Task SpeakAsync(ProcessContext context, Pid to, Term what)
    {
        await context.SendAsync(to, Term.Tuple(context.Self, what));
        await context.ReceiveAsync();
    }

    [ErlangFunction]
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        Begun.TrySetResult();
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Cancelled.TrySetResult();
            throw;
        }
    }

    [ErlangFunction]
    public int Work(int steps, IProgress<int> progress)
    {
        for (var step = 1; step <= steps; step++)
            progress.Report(step);
        return steps;
    }

    [ErlangFunction]
    public bool HasListener(IProgress<int>? progress = null) => progress is not null;

    [ErlangFunction]
    public void Fail(string how) => throw how switch
    {
        "throw" => ErlangException.Throw(new Atom("ball")),
        "exit" => ErlangException.Exit(new Atom("out")),
        "error" => ErlangException.Error(new Atom("oops")),
        _ => new InvalidOperationException("broken"),
    };

    [ErlangFunction]
    public async Task FailLaterAsync(string how)
    {
        await Task.Yield();
        Fail(how);
    }

    [ErlangFunction]
    public int Pick(IReadOnlyList<int> numbers, int place = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(place);
        ArgumentOutOfRangeException.ThrowIfZero(numbers.Count);
        return place < numbers.Count ? numbers[place] : throw new ArgumentException("No such place.");
    }

    [ErlangFunction]
    public async Task<int> PickLaterAsync(IReadOnlyList<int> numbers, int place)
    {
        await Task.Yield();
        return Pick(numbers, place);
    }

    [ErlangFunction]
    public double NotANumber() => double.NaN;
}
