using Enmesh.Architecture.Tests.Layers.Samples.Lower;

namespace Enmesh.Architecture.Tests.Layers.Samples.Upper;

/// <summary>The ways in which code names a type of another namespace; each has a sample <c>By…</c> below.</summary>
internal enum Kinds
{
    BaseType,
    Interface,
    Field,
    Parameter,
    TypeArgument,
    Constraint,
    Attribute,
    Call,
    Lambda,
    AsyncBody,
    TypeOf,
    Catch,
}

internal sealed class ByBaseType : Target;

internal sealed class ByInterface : ITarget;

internal sealed class ByField
{
    internal Target? Value { get; set; }
}

internal static class ByParameter
{
    internal static void Take(Target? value) => _ = value;
}

internal sealed class ByTypeArgument : List<Target[]>;

internal sealed class ByConstraint<T>
    where T : ITarget;

[Target]
internal sealed class ByAttribute;

internal static class ByCall
{
    internal static int Get() => Target.Count;
}

internal static class ByLambda
{
    internal static Func<int> Get() => static () => Target.Count;
}

internal static class ByAsyncBody
{
    internal static async Task<int> GetAsync()
    {
        await Task.Yield();
        return Target.Count;
    }
}

internal static class ByTypeOf
{
    internal static string Get() => typeof(Target).Name;
}

internal static class ByCatch
{
    internal static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (TargetException)
        {
            // Only its type matters here.
        }
    }
}
