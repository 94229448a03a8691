using System.CommandLine;
using Enmesh.Kubernetes.Certificates;

namespace Enmesh.Cli;

/// <summary><c>enmesh certs cleanup</c>: removes requests nobody needs any more, as a cron job does.</summary>
internal static class CertsCleanupCommand
{
    internal static Command Create()
    {
        var api = new ClusterApiOptions();
        var finished = NumberOptions.Seconds("--finished", "How long a request is kept after it was issued, denied or failed.", 3600, 60, 316_224_000);
        var stale = NumberOptions.Seconds("--stale", "How long a request is kept that nobody settles.", 86_400, 60, 316_224_000);
        var limit = NumberOptions.Count("--limit", "How many are removed at most.", 1000, 1_000_000);
        var selector = new Option<string?>("--selector") { Description = "Further labels that a request must have.", HelpName = "LABELS" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be removed." };
        var json = new Option<bool>("--json") { Description = "Print JSON, for programs." };
        var command = new Verb(
            "cleanup",
            "Remove the certificate requests that Enmesh made and nobody needs any more.",
            """
            Only requests with the label app.kubernetes.io/managed-by=enmesh, the oldest first, each only if it is still the very one that was
            looked at. Running it twice, or twice at a time, does no harm. Needs list and delete on certificaterequests. Requests that belong to a
            pod go with it anyway; what is left to this verb are those of long-lived pods, and those without one.

            Examples:
              enmesh certs cleanup --dry-run
              enmesh certs cleanup --finished 900 --selector app=orders
            """) { finished, stale, limit, selector, dryRun, json };
        api.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(
            api, parsed,
            new RequestCleanerOptions
            {
                Namespace = parsed.GetValue(api.Namespace),
                FinishedAge = TimeSpan.FromSeconds(parsed.GetValue(finished)),
                StaleAge = TimeSpan.FromSeconds(parsed.GetValue(stale)),
                Limit = Math.Max(1, parsed.GetValue(limit)),
                Selector = parsed.GetValue(selector),
                DryRun = parsed.GetValue(dryRun),
            },
            parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        ClusterApiOptions api, ParseResult parsed, RequestCleanerOptions options, bool asJson, CancellationToken cancellationToken)
    {
        using var client = api.Connect(parsed);
        var looked = await new RequestCleaner(client, options).CleanAsync(asJson ? null : one => Tell(one, options.DryRun), cancellationToken)
            .ConfigureAwait(false);
        var removed = looked.Count(one => one.Outcome == CleaningOutcome.Removed);
        if (asJson)
        {
            Json.Print(new CleanupResult(
                options.DryRun, removed,
                [.. looked.Select(one => new CleanedResult(one.Name, one.State, Math.Round(one.Age.TotalSeconds), Word(one.Outcome)))]));
        }
        else
        {
            Console.Out.WriteLine($"{removed} of {looked.Count} {(options.DryRun ? "would be removed" : "removed")}.");
        }
        return ExitCode.Success;
    }

    private static void Tell(CleanedRequest one, bool dryRun)
    {
        if (one.Outcome != CleaningOutcome.Kept)
            Console.Out.WriteLine($"{one.Name}: {one.State} for {Age(one.Age)}, {(dryRun && one.Outcome == CleaningOutcome.Removed ? "would be removed" : Word(one.Outcome))}");
    }

    private static string Age(TimeSpan age) => age.TotalDays >= 2
        ? FormattableString.Invariant($"{age.TotalDays:0.#} days")
        : FormattableString.Invariant($"{age.TotalHours:0.#} h");

    private static string Word(CleaningOutcome outcome) => outcome switch
    {
        CleaningOutcome.Removed => "removed",
        CleaningOutcome.Gone => "gone already",
        CleaningOutcome.Changed => "changed meanwhile, kept",
        CleaningOutcome.OverLimit => "over the limit, kept",
        _ => "kept",
    };
}
