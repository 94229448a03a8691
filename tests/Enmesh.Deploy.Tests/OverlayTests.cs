using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Deploy.Tests;

/// <summary>What is shipped is right.</summary>
[Trait("Ring", "system")]
public sealed class OverlayTests(Overlays overlays)
{
    private static readonly Schema Kinds = Schema.Load();

    public static TheoryData<string> Names => Overlays.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Nothing_is_wrong_with_an_overlay(string name) =>
        Assert.Empty(Program.Check(overlays.Render(name), Kinds));

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_overlay_has_what_a_cluster_needs(string name)
    {
        var all = overlays.Render(name);
        Assert.Contains(all.Pods, pods => pods.AreNodes && pods.Node is not null);
        foreach (var kind in new[] { "Namespace", "ServiceAccount", "Role", "RoleBinding", "PodDisruptionBudget", "NetworkPolicy", "ConfigMap" })
            Assert.NotEmpty(all.Of(kind));
        Assert.Equal(2, all.Of("Service").Count());
        // A site's name server is the site's.
        Assert.DoesNotContain(all.Objects, one => one.Namespace == "kube-system" || one.Name == "coredns");
    }

    [Fact]
    public void Only_the_overlay_insecure_does_without_tls()
    {
        foreach (var name in Names.Select(row => row.Data))
        {
            var nodes = ContainerSettings.Of(overlays.Render(name)).Where(one => one.RunsNode).ToList();
            Assert.NotEmpty(nodes);
            Assert.All(nodes, node => Assert.Equal(name == "insecure", node.Node.Tls.Mode == TlsMode.Off));
        }
    }

    [Fact]
    public void Every_component_is_in_an_overlay_that_is_tested()
    {
        var used = Directory.GetFiles(Repository.PathTo("deploy"), "kustomization.yaml", SearchOption.AllDirectories)
            .Append(Repository.PathTo("tests", "Enmesh.Deploy.Tests", "Overlays.cs"))
            .Select(File.ReadAllText).ToList();
        var unused = Directory.GetDirectories(Repository.PathTo("deploy", "components")).Select(path => Path.GetFileName(path)!)
            .Where(name => !used.Exists(text => text.Contains($"/{name}\n", StringComparison.Ordinal) || text.Contains($"\"{name}\"", StringComparison.Ordinal) || text.Contains($" {name}\"", StringComparison.Ordinal)));
        Assert.Empty(unused);
    }

    [Fact]
    public void An_image_that_nobody_chose_is_not_for_release()
    {
        var problems = Program.Check(overlays.Render("production"), Kinds, release: true).ToList();
        Assert.Equal(3, problems.Count);
        Assert.All(problems, problem => Assert.Contains("is not pinned to what was built", problem, StringComparison.Ordinal));
    }

    [Fact]
    public void Images_have_the_version_of_the_build()
    {
        var version = typeof(ErlangNode).Assembly.GetName().Version!.ToString(3);
        foreach (var name in Names.Select(row => row.Data))
        {
            Assert.All(
                overlays.Render(name).Pods.SelectMany(pods => pods.AllContainers).Where(Images.IsOurs),
                container => Assert.Equal(version, container.Text("image")!.Split(':', '@')[1]));
        }
    }

    [Fact]
    public void The_rules_of_the_operator_are_those_that_promtool_has_tested()
    {
        var rule = overlays.Render("production").Of("PrometheusRule").Single();
        var file = Yaml.Documents(File.ReadAllText(Repository.PathTo("deploy", "metrics", "enmesh.rules.yml"))).Single();
        Assert.True(System.Text.Json.Nodes.JsonNode.DeepEquals(file.At("groups"), rule.Body.At("spec", "groups")));
    }

    [Fact]
    public void The_table_of_who_may_reach_whom_is_the_one_in_the_documents()
    {
        var table = new Network(overlays.Render("production")).Table();
        Assert.Contains($"```\n{table}```\n", File.ReadAllText(Repository.PathTo("docs", "kubernetes.md")), StringComparison.Ordinal);
    }
}
