namespace Enmesh;

/// <summary>
/// Where a node prints what its process <c>user</c> is asked to print: the output of <c>io:format</c> and the like.
/// </summary>
public enum UserOutput
{
    /// <summary>The console.</summary>
    Console,

    /// <summary>The log, category <c>Enmesh.User</c>, a line an event.</summary>
    Log,

    /// <summary>Nowhere.</summary>
    None,
}
