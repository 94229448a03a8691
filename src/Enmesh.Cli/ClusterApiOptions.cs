using System.CommandLine;
using Enmesh.Kubernetes.Api;

namespace Enmesh.Cli;

/// <summary>The options of verbs that talk to the Kubernetes API.</summary>
internal sealed class ClusterApiOptions
{
    internal Option<string?> KubeConfig { get; } = new("--kubeconfig")
    {
        Description = "A kubeconfig. Default: the pod's service account, else $KUBECONFIG, else ~/.kube/config.",
        HelpName = "FILE",
    };

    internal Option<string?> Context { get; } = new("--context") { Description = "A context of the kubeconfig. Default: the current one.", HelpName = "NAME" };

    internal Option<string?> Namespace { get; } = new("--namespace") { Description = "The namespace. Default: that of the pod or the context.", HelpName = "NAME" };

    internal void AddTo(Command command)
    {
        foreach (var option in new Option[] { KubeConfig, Context, Namespace })
            command.Options.Add(option);
    }

    internal KubernetesClient Connect(ParseResult parsed)
    {
        var (config, context) = (parsed.GetValue(KubeConfig), parsed.GetValue(Context));
        return new(config is null && context is null ? KubernetesAccess.Find() : KubernetesAccess.FromKubeConfig(config, context));
    }
}
