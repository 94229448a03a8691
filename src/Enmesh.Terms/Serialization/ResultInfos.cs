namespace Enmesh.Terms.Serialization;

internal sealed class ResultInfo<T, TError>(TermTypeInfo<T> ok, TermTypeInfo<TError> error)
    : TermTypeInfo<Result<T, TError>>
{
    private static readonly TermCases Cases = new("a result", ResultShapes.Ok, ResultShapes.Error);

    public override void Write(ref TermOutput output, Result<T, TError> value)
    {
        if (value.IsOk)
            ResultShapes.Write(ref output, ResultShapes.Ok, value.Value, ok);
        else if (value.IsError)
            ResultShapes.Write(ref output, ResultShapes.Error, value.Error, error);
        else
            throw ResultShapes.Neither();
    }

    public override Result<T, TError> Read(ref TermInput input) => input.PeekCase(Cases) == 0
        ? Result.Ok(ResultShapes.Read(ref input, ResultShapes.Ok, ok))
        : Result.Error(ResultShapes.Read(ref input, ResultShapes.Error, error));
}

internal sealed class ResultInfo<TError>(TermTypeInfo<TError> error) : TermTypeInfo<Result<TError>>
{
    private static readonly TermCases Cases = new("a result", ResultShapes.BareOk, ResultShapes.Error);

    public override void Write(ref TermOutput output, Result<TError> value)
    {
        if (value.IsOk)
            output.WriteAtom(Atoms.Ok);
        else if (value.IsError)
            ResultShapes.Write(ref output, ResultShapes.Error, value.Error, error);
        else
            throw ResultShapes.Neither();
    }

    public override Result<TError> Read(ref TermInput input)
    {
        if (input.PeekCase(Cases) != 0)
            return Result.Error(ResultShapes.Read(ref input, ResultShapes.Error, error));
        input.ReadTuple(ResultShapes.BareOk).End(ref input);
        return Result.Done<TError>();
    }
}

internal static class ResultShapes
{
    internal static TermShape Ok { get; } = TermShape.ForTuple("a result", "ok", "value");

    internal static TermShape BareOk { get; } = TermShape.ForTuple("a result", "ok");

    internal static TermShape Error { get; } = TermShape.ForTuple("a result", "error", "error");

    internal static TermSerializationException Neither() =>
        new("the result is the default value, neither ok nor error");

    internal static void Write<T>(ref TermOutput output, TermShape shape, T value, TermTypeInfo<T> info)
    {
        var tuple = output.WriteTuple(shape);
        try
        {
            tuple.Next(ref output);
            info.Write(ref output, value);
            tuple.End(ref output);
        }
        catch (TermSerializationException e) when (tuple.Locate(e))
        {
            throw;
        }
    }

    internal static T Read<T>(ref TermInput input, TermShape shape, TermTypeInfo<T> info)
    {
        var tuple = input.ReadTuple(shape);
        try
        {
            tuple.Next(ref input);
            var value = info.Read(ref input);
            tuple.End(ref input);
            return value;
        }
        catch (TermSerializationException e) when (tuple.Locate(e))
        {
            throw;
        }
    }
}
