using Enmesh.Kubernetes.Certificates;
using Microsoft.Extensions.Hosting;
using Xunit;

// Every C# block of docs/certificates.md stands in this file.
namespace Enmesh.Hosting.Tests.Docs;

/// <summary>What docs/certificates.md shows, compiled.</summary>
[Trait("Ring", "loopback")]
public sealed class CertificateExamples
{
    [Fact]
    public async Task A_node_that_renews_its_own_certificate()
    {
        await using var host = new TestHost();
        var builder = host.Builder;
        builder.AddNodeCertificate();
        builder.AddErlangNode();

        Assert.Contains(builder.Services, service => service.ServiceType == typeof(NodeCertificateRenewal));
        Assert.Equal(2, builder.Services.Count(service => service.ServiceType == typeof(IHostedService)));
    }
}
