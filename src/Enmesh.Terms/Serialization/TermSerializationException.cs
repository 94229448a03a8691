using System.ComponentModel;

namespace Enmesh.Terms.Serialization;

/// <summary>
/// A term does not have the shape that a C# type asks for, or a value has no term. Says where and what.
/// </summary>
public sealed class TermSerializationException : Exception
{
    private readonly string _problem;

    /// <summary>Makes the exception; the way to the value is added as it passes the types around it.</summary>
    /// <param name="problem">
    /// What is wrong, as a sentence without the place: <c>expected a currency code, found "EURO"</c>.
    /// </param>
    public TermSerializationException(string problem)
        : this(problem, inner: null)
    {
    }

    /// <summary>Makes the exception with its cause.</summary>
    public TermSerializationException(string problem, Exception? inner)
        : base(problem, inner) => _problem = problem;

    /// <summary>The way from the outermost value to the one that is wrong: <c>$.items[3].price</c>.</summary>
    public string Path { get; private set; } = "$";

    /// <inheritdoc/>
    public override string Message => $"{Path}: {_problem}";

    /// <summary>
    /// Puts a step before the path. Always false, so that an exception filter can call it without catching.
    /// </summary>
    internal bool Under(string step)
    {
        // The path is bounded by the depth of the types, but the steps may be keys of a peer's map.
        if (Path.Length < 1000)
            Path = string.Concat("$", step, Path.AsSpan(1));
        return false;
    }

    /// <summary>What a constructor or setter of a user's type said about the value it was given.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static TermSerializationException Refused(Type type, Exception cause)
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentNullException.ThrowIfNull(cause);
        return new($"{type.Name} refused the value: {cause.Message}", cause);
    }
}
