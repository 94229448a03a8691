using System.Diagnostics.CodeAnalysis;

namespace Enmesh.Terms.Serialization;

/// <summary><c>{ok, Value} | {error, Error}</c>.</summary>
/// <remarks>
/// Made from either side: <c>Result&lt;int, string> r = 5;</c> or <c>Result.Error("no")</c>. The default value is
/// neither.
/// </remarks>
/// <typeparam name="T">What an answer carries.</typeparam>
/// <typeparam name="TError">What an error carries.</typeparam>
public readonly struct Result<T, TError> : IEquatable<Result<T, TError>>
{
    private readonly T? _value;
    private readonly TError? _error;
    private readonly ResultState _state;

    private Result(T? value, TError? error, ResultState state) => (_value, _error, _state) = (value, error, state);

    /// <summary>Whether this is <c>{ok, Value}</c>.</summary>
    public bool IsOk => _state == ResultState.Ok;

    /// <summary>Whether this is <c>{error, Error}</c>.</summary>
    public bool IsError => _state == ResultState.Error;

    /// <summary>What the answer carries.</summary>
    /// <exception cref="InvalidOperationException">This is no answer.</exception>
    public T Value => IsOk ? _value! : throw Results.Not("ok", _state);

    /// <summary>What the error carries.</summary>
    /// <exception cref="InvalidOperationException">This is no error.</exception>
    public TError Error => IsError ? _error! : throw Results.Not("error", _state);

    /// <summary>An answer.</summary>
    public static implicit operator Result<T, TError>(T value) => new(value, default, ResultState.Ok);

    /// <summary>An answer.</summary>
    public static implicit operator Result<T, TError>(OkValue<T> ok) => new(ok.Value, default, ResultState.Ok);

    /// <summary>An error.</summary>
    public static implicit operator Result<T, TError>(ErrorValue<TError> error) =>
        new(default, error.Value, ResultState.Error);

    /// <summary>Whether the two are equal.</summary>
    public static bool operator ==(Result<T, TError> left, Result<T, TError> right) => left.Equals(right);

    /// <summary>Whether the two differ.</summary>
    public static bool operator !=(Result<T, TError> left, Result<T, TError> right) => !left.Equals(right);

    /// <summary>Gives the one side or the other.</summary>
    /// <returns>True for an answer.</returns>
    /// <exception cref="InvalidOperationException">This is neither.</exception>
    public bool TryGetValue([MaybeNullWhen(false)] out T value, [MaybeNullWhen(true)] out TError error)
    {
        if (_state == ResultState.None)
            throw Results.Not("ok or error", _state);
        (value, error) = (_value, _error);
        return IsOk;
    }

    /// <inheritdoc/>
    public bool Equals(Result<T, TError> other) =>
        _state == other._state && EqualityComparer<T?>.Default.Equals(_value, other._value)
            && EqualityComparer<TError?>.Default.Equals(_error, other._error);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Result<T, TError> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_state, _value, _error);

    /// <summary><c>{ok, Value}</c> or <c>{error, Error}</c>.</summary>
    public override string ToString() => _state switch
    {
        ResultState.Ok => $"{{ok, {_value}}}",
        ResultState.Error => $"{{error, {_error}}}",
        _ => "neither ok nor error",
    };
}

/// <summary><c>ok | {error, Error}</c>.</summary>
/// <typeparam name="TError">What an error carries.</typeparam>
public readonly struct Result<TError> : IEquatable<Result<TError>>
{
    private readonly TError? _error;
    private readonly ResultState _state;

    internal Result(TError? error, ResultState state) => (_error, _state) = (error, state);

    /// <summary>Whether this is <c>ok</c>.</summary>
    public bool IsOk => _state == ResultState.Ok;

    /// <summary>Whether this is <c>{error, Error}</c>.</summary>
    public bool IsError => _state == ResultState.Error;

    /// <summary>What the error carries.</summary>
    /// <exception cref="InvalidOperationException">This is no error.</exception>
    public TError Error => IsError ? _error! : throw Results.Not("error", _state);

    /// <summary>An error.</summary>
    public static implicit operator Result<TError>(ErrorValue<TError> error) => new(error.Value, ResultState.Error);

    /// <summary>Whether the two are equal.</summary>
    public static bool operator ==(Result<TError> left, Result<TError> right) => left.Equals(right);

    /// <summary>Whether the two differ.</summary>
    public static bool operator !=(Result<TError> left, Result<TError> right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(Result<TError> other) =>
        _state == other._state && EqualityComparer<TError?>.Default.Equals(_error, other._error);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Result<TError> other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_state, _error);

    /// <summary><c>ok</c> or <c>{error, Error}</c>.</summary>
    public override string ToString() => _state switch
    {
        ResultState.Ok => "ok",
        ResultState.Error => $"{{error, {_error}}}",
        _ => "neither ok nor error",
    };
}

/// <summary>Makes results; the type that is missing comes from where they go.</summary>
public static class Result
{
    /// <summary>An answer.</summary>
    public static OkValue<T> Ok<T>(T value) => new(value);

    /// <summary>An error.</summary>
    public static ErrorValue<TError> Error<TError>(TError error) => new(error);

    /// <summary>The bare <c>ok</c>.</summary>
    public static Result<TError> Done<TError>() => new(default, ResultState.Ok);
}

/// <summary>The <c>ok</c> half of a <see cref="Result{T, TError}"/>.</summary>
/// <param name="Value">What the answer carries.</param>
/// <typeparam name="T">Its type.</typeparam>
public readonly record struct OkValue<T>(T Value);

/// <summary>The <c>error</c> half of a result.</summary>
/// <param name="Value">What the error carries.</param>
/// <typeparam name="TError">Its type.</typeparam>
public readonly record struct ErrorValue<TError>(TError Value);

internal enum ResultState : byte
{
    None,
    Ok,
    Error,
}

internal static class Results
{
    internal static InvalidOperationException Not(string asked, ResultState state)
    {
        var found = state switch
        {
            ResultState.Ok => "ok",
            ResultState.Error => "error",
            _ => "the default value, neither ok nor error",
        };
        return new($"This result is not {asked}: it is {found}.");
    }
}
