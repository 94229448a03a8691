using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Enmesh.Deploy;

/// <summary>Whether images are named so that only one thing can be meant.</summary>
internal static partial class Images
{
    private static readonly string Nobodys = "sha256:" + new string('0', 64);

    /// <summary>Whether a container runs our command.</summary>
    internal static bool IsOurs(JsonObject container) =>
        Reference().Match(container.Text("image") ?? "") is { Success: true } match && match.Groups["name"].Value.Split('/')[^1] is "enmesh" or "enmesh-ssh";

    /// <param name="all">What was rendered.</param>
    /// <param name="release">Whether it is about to be applied, so that each image is there by its digest.</param>
    internal static IEnumerable<string> Check(Rendering all, bool release)
    {
        var ours = new HashSet<string>();
        foreach (var (pods, container) in all.Pods.SelectMany(pods => pods.AllContainers.Select(container => (pods, container))))
        {
            var image = container.Text("image") ?? "";
            var place = $"{pods.Owner}, container {container.Text("name")}: the image {image}";
            var match = Reference().Match(image);
            if (!match.Success || match.Groups["tag"].Value is "" or "latest")
            {
                yield return $"{place} has no tag, or one that moves";
                continue;
            }
            if (IsOurs(container) && pods.Labels.GetValueOrDefault("app.kubernetes.io/version") is { } label && label != match.Groups["tag"].Value)
                yield return $"{place} is not of version {label}, as the pod's label says";
            if (IsOurs(container))
                ours.Add(match.Groups["tag"].Value);
            var digest = match.Groups["digest"].Value;
            if (all.Name == "production" && digest.Length == 0)
                yield return $"{place} has no digest";
            if (release && (digest.Length == 0 || digest == Nobodys))
                yield return $"{place} is not pinned to what was built: deploy/pin, or kustomize edit set image";
            if (pods.Owner.Kind == "Job" && Version(pods.Owner.Name) is { } named && named != match.Groups["tag"].Value.ToLowerInvariant().Replace('_', '-').Replace('.', '-'))
                yield return $"{pods.Owner}: it is named after {named}, its image is of {match.Groups["tag"].Value}";
        }
        if (ours.Count > 1)
            yield return $"images of ours of {ours.Count} versions: {string.Join(", ", ours.Order())}";
    }

    private static string? Version(string job) => job.StartsWith("enmesh-migrations-", StringComparison.Ordinal) ? job["enmesh-migrations-".Length..] : null;

    [GeneratedRegex("^(?<name>[^@:]+(:[0-9]+/[^@:]+)?)(:(?<tag>[A-Za-z0-9_][A-Za-z0-9._-]*))?(@(?<digest>sha256:[0-9a-f]{64}))?$")]
    private static partial Regex Reference();
}
