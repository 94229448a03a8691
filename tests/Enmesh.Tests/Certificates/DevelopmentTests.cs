using Enmesh.Certificates;
using Xunit;

namespace Enmesh.Tests.Certificates;

/// <summary>What is made for machines of one's own, and the text of option files; whether nodes take those is tried with real ones.</summary>
[Trait("Ring", "pure")]
public sealed class DevelopmentTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("enmesh-development-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void An_authority_is_made_once_and_goes_on()
    {
        var place = Path.Combine(_directory, "tls");
        string subject;
        using (var first = DevelopmentDirectory.Open(place))
        {
            Assert.True(first.IsNew);
            Assert.Equal(Path.Combine(place, "orders@10.0.0.7"), first.Add("orders@10.0.0.7"));
            subject = first.Authority.Certificate.SerialNumber;
        }
        using var second = DevelopmentDirectory.Open(place);
        Assert.False(second.IsNew);
        Assert.Equal(subject, second.Authority.Certificate.SerialNumber);
        second.Add("shop@fd00::7");
        foreach (var (name, expected) in new[] { ("orders@10.0.0.7", "DNS:10.0.0.7, IP:10.0.0.7"), ("shop@fd00::7", "DNS:fd00::7, IP:fd00::7") })
        {
            using var pair = StoredPair.Find(second.PathTo(name))!;
            Assert.Equal(expected, pair.Names.Text);
            Assert.Null(TrustCheck.Problem(pair.Chain, [second.Authority.Certificate], TimeProvider.System.GetUtcNow()));
        }
        Assert.Contains("nothing is overwritten", Assert.Throws<CertificateException>(() => second.Add("shop@fd00::7")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("orders@")]
    [InlineData("../orders")]
    [InlineData("..")]
    [InlineData("a@*.shop")]
    [InlineData("a@[fd00::7]")]
    [InlineData("a b")]
    public void What_is_no_name_makes_no_directory(string name)
    {
        using var made = DevelopmentDirectory.Open(_directory);
        Assert.Throws<CertificateException>(() => made.Add(name));
        Assert.Empty(Directory.GetDirectories(_directory));
    }

    [Theory]
    [InlineData("ca.crt")]
    [InlineData("ca.key")]
    public void Half_an_authority_is_not_completed(string file)
    {
        File.WriteAllText(Path.Combine(_directory, file), "something");
        Assert.Contains("only one is there", Assert.Throws<CertificateException>(() => DevelopmentDirectory.Open(_directory)).Message, StringComparison.Ordinal);
        Assert.Equal("something", File.ReadAllText(Path.Combine(_directory, file)));
    }

    [Theory]
    [InlineData(22)]
    [InlineData(30)]
    public void Releases_that_nobody_has_tried_are_refused(int release) =>
        Assert.Throws<CertificateException>(() => OptionFile.Write(new(release, "a", "b", "c")));

    [Fact]
    public void A_literal_option_file_has_no_fun_and_any_path_is_written_in_ascii()
    {
        var text = OptionFile.Write(new(27, "/a \"b\"\\c/\u00fc\U0001f600.pem", "/k", "/ca") { Literal = true });
        Assert.Contains("""{certfile, "/a \"b\"\\c/\x{fc}\x{1f600}.pem"}""", text, StringComparison.Ordinal);
        Assert.DoesNotContain("fun", text, StringComparison.Ordinal);
        Assert.All(text, c => Assert.True(c < 128));
        Assert.Throws<CertificateException>(() => OptionFile.Write(new(27, "/a\nb", "/k", "/ca")));
    }

    [Fact]
    public void The_fun_is_the_one_that_the_release_lacks()
    {
        Assert.Equal(OptionFile.Write(new(23, "a", "b", "c")), OptionFile.Write(new(25, "a", "b", "c")));
        Assert.Equal(OptionFile.Write(new(26, "a", "b", "c")), OptionFile.Write(new(29, "a", "b", "c")));
        Assert.Contains("{dns_id, Host}, {iPAddress, Bytes}", OptionFile.Write(new(25, "a", "b", "c")), StringComparison.Ordinal);
        Assert.Contains("{ip, Address}, {dNSName, Name}", OptionFile.Write(new(27, "a", "b", "c")), StringComparison.Ordinal);
        Assert.Contains("{versions, ['tlsv1.3']}", OptionFile.Write(new(27, "a", "b", "c") { Tls12 = false }), StringComparison.Ordinal);
    }
}
