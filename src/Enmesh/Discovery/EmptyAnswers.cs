namespace Enmesh.Discovery;

/// <summary>
/// Decides when "there is nobody" is believed: only after it was said often enough in a row, and for long enough. A
/// service that is being redeployed, a zone that is being reloaded, a mistyped label: for a moment each of them looks
/// empty.
/// </summary>
/// <param name="Count">How often in a row it was said.</param>
/// <param name="Since">When it was said first, by a clock that never goes back.</param>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly record struct EmptyAnswers(int Count, TimeSpan Since)
{
    internal const int DefaultConfirmations = 3;
    internal static readonly TimeSpan DefaultAge = TimeSpan.FromSeconds(30);

    /// <summary>Takes another empty answer.</summary>
    internal EmptyAnswers Add(TimeSpan now) =>
        Count == 0 ? new(1, now) : this with { Count = Math.Max(Count, Count + 1) };

    internal bool AreBelieved(TimeSpan now, int confirmations, TimeSpan age) =>
        Count >= confirmations && now - Since >= age;
}
