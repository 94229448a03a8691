namespace Enmesh.Consoles;

/// <summary>Somebody who came to a console from elsewhere, as whoever let him in knows him.</summary>
/// <param name="Address">Where from.</param>
/// <param name="Fingerprint">What he showed for himself.</param>
/// <param name="Key">Of what kind it is.</param>
/// <param name="Certificate">The name in his certificate; empty without one.</param>
/// <param name="IsInteractive">Whether he types, and has not come with one thing to evaluate.</param>
internal sealed record ConsoleVisitor(string Address, string Fingerprint, string Key, string Certificate, bool IsInteractive);

/// <summary>Keeps a record of a visit; it is disposed of when that is over.</summary>
internal interface IConsoleRecord : IDisposable
{
    /// <summary>An expression is about to be evaluated.</summary>
    void Evaluating(string text);
}
