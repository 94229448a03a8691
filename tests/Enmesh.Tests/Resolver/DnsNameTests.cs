using Enmesh.Resolver;
using Xunit;

namespace Enmesh.Tests.Resolver;

[Trait("Ring", "pure")]
public sealed class DnsNameTests
{
    [Theory]
    [InlineData("orders", "066F726465727300")]
    [InlineData("orders.", "066F726465727300")]
    [InlineData("a.b_c.d-e", "016103625F6303642D6500")]
    public void Names_are_written_as_labels(string name, string hex)
    {
        var bytes = new byte[DnsName.MaxWireBytes];
        Assert.Equal(hex, Convert.ToHexString(bytes.AsSpan(0, DnsName.Write(bytes, name))));
    }

    [Theory]
    [InlineData("00", "")]
    [InlineData("0161016200", "a.b")]
    [InlineData("03612E6200", "a\\.b")]
    [InlineData("035C007F00", "\\\\\\000\\127")]
    [InlineData("02C3A400", "\\195\\164")]
    public void Names_are_read_with_what_is_unprintable_escaped(string hex, string name)
    {
        var position = 0;
        Assert.Equal(name, DnsName.Read(Convert.FromHexString(hex), ref position));
        Assert.Equal(hex.Length / 2, position);
    }

    [Fact]
    public void A_pointer_is_followed_and_the_position_is_behind_it()
    {
        // 0: b, 3: a followed by a pointer to 0
        var position = 3;
        Assert.Equal("a.b", DnsName.Read(Convert.FromHexString("016200" + "0161C000" + "FF"), ref position));
        Assert.Equal(7, position);
    }

    [Theory]
    [InlineData("orders")]
    [InlineData("orders.")]
    [InlineData("_erlang._tcp.orders.default.svc.cluster.local")]
    [InlineData("10-0-0-7.orders")]
    public void A_host_name_has_no_problem(string name) => Assert.Null(DnsName.Problem(name));

    [Theory]
    [InlineData("", "empty")]
    [InlineData(".", "empty label")]
    [InlineData(".a", "empty label")]
    [InlineData("a..b", "empty label")]
    [InlineData("a b", "' '")]
    [InlineData("orders@host", "'@'")]
    [InlineData("http://orders", "':'")]
    [InlineData("a\\b", "'\\'")]
    [InlineData("bücher.example", "xn--")]
    public void What_cannot_be_a_host_name_is_named(string name, string words) =>
        Assert.Contains(words, DnsName.Problem(name), StringComparison.Ordinal);

    [Fact]
    public void Labels_and_names_have_a_greatest_length()
    {
        var label = new string('x', 63);
        Assert.Null(DnsName.Problem(label));
        Assert.Contains("64 characters", DnsName.Problem(label + "x"), StringComparison.Ordinal);
        Assert.Null(DnsName.Problem($"{label}.{label}.{label}.{label[..61]}"));
        Assert.Contains(
            "takes 256 bytes", DnsName.Problem($"{label}.{label}.{label}.{label[..62]}"), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_letter_gets_the_case_of_its_bit()
    {
        Assert.Equal("Ab-C1.dE", DnsName.MixCase("ab-c1.de", [0b1000_1001]));
        Assert.Equal("ab-c1.de", DnsName.MixCase("AB-C1.DE", [0]));
    }

    [Fact]
    public void Names_are_the_same_in_any_case()
    {
        Assert.True(DnsName.Same("Orders.Mesh.Test", "oRDERS.mESH.tEST"));
        Assert.False(DnsName.Same("orders", "orders2"));
    }
}
