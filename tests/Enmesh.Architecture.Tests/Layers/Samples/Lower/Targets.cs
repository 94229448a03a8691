namespace Enmesh.Architecture.Tests.Layers.Samples.Lower;

internal class Target
{
    internal static int Count => 1;
}

internal interface ITarget;

internal sealed class TargetException : Exception;

[AttributeUsage(AttributeTargets.Class)]
internal sealed class TargetAttribute : Attribute;
