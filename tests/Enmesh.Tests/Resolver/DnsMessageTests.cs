using System.Net;
using Enmesh.Resolver;
using Xunit;

namespace Enmesh.Tests.Resolver;

[Trait("Ring", "pure")]
public sealed class DnsMessageTests
{
    [Theory]
    [InlineData("dnsmasq a", "10.1.0.1 10.1.0.2")]
    [InlineData("dnsmasq a plain", "10.1.0.1 10.1.0.2")]
    [InlineData("dnsmasq a mixed case", "10.1.0.1 10.1.0.2")]
    [InlineData("dnsmasq aaaa", "fd00:1::1 fd00:1::2")]
    [InlineData("dnsmasq alias", "10.1.0.1 10.1.0.2")]
    [InlineData("dnsmasq alias aaaa", "fd00:1::1 fd00:1::2")]
    [InlineData("knot a", "10.1.0.1 10.1.0.2")]
    [InlineData("knot a plain", "10.1.0.1 10.1.0.2")]
    [InlineData("knot a mixed case", "10.1.0.1 10.1.0.2")]
    [InlineData("knot aaaa", "fd00:1::1")]
    [InlineData("knot alias", "10.1.0.1 10.1.0.2")]
    [InlineData("knot alias aaaa", "fd00:1::1")]
    public void Addresses_in_the_answers_of_real_servers_are_read(string id, string expected)
    {
        var found = Assert.IsType<DnsAnswer.Found>(Interpret(id));
        var addresses = found.Records.Cast<DnsRecord.Address>()
            .Select(record => record.Value.ToString())
            .Order(StringComparer.Ordinal);
        Assert.Equal(expected, string.Join(' ', addresses));
    }

    [Theory]
    [InlineData("dnsmasq many")]
    [InlineData("knot many")]
    public void A_thousand_addresses_are_read(string id)
    {
        var found = Assert.IsType<DnsAnswer.Found>(Interpret(id));
        var addresses = found.Records.Cast<DnsRecord.Address>().Select(record => record.Value).ToHashSet();
        Assert.Equal(1000, addresses.Count);
        Assert.Contains(IPAddress.Parse("10.2.3.250"), addresses);
    }

    [Theory]
    [InlineData("dnsmasq nxdomain", typeof(DnsAnswer.NoSuchName))]
    [InlineData("dnsmasq nodata", typeof(DnsAnswer.NoData))]
    [InlineData("knot nxdomain", typeof(DnsAnswer.NoSuchName))]
    [InlineData("knot nodata", typeof(DnsAnswer.NoData))]
    public void A_name_that_is_not_there_and_a_name_without_such_records_are_told_apart(string id, Type expected) =>
        Assert.IsType(expected, Interpret(id));

    [Theory]
    [InlineData("dnsmasq refused", nameof(DnsProblem.Refused), "answered REFUSED")]
    [InlineData("knot refused", nameof(DnsProblem.Refused), "answered REFUSED")]
    [InlineData("knot edns version 1", nameof(DnsProblem.ServerFailure), "answered with code 16")]
    [InlineData("knot alias loop", nameof(DnsProblem.AliasLoop), "a loop")]
    [InlineData("knot referral", nameof(DnsProblem.Lame), "no recursion")]
    public void What_is_no_answer_is_a_failure_that_says_why(string id, string problem, string words)
    {
        var failed = Assert.IsType<DnsAnswer.Failed>(Interpret(id));
        Assert.Equal(problem, failed.Problem.ToString());
        Assert.Contains(words, failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_alias_whose_target_the_server_does_not_look_up_is_continued() =>
        Assert.Equal(new DnsAnswer.Continued("orders.elsewhere.test"), Interpret("knot alias outside"));

    [Theory]
    [InlineData("dnsmasq srv")]
    [InlineData("knot srv")]
    public void Service_records_are_read(string id)
    {
        var found = Assert.IsType<DnsAnswer.Found>(Interpret(id));
        Assert.Equal(
            [("a.mesh.test", 10, 5, 4370), ("b.mesh.test", 20, 7, 4371)],
            found.Records.Cast<DnsRecord.Service>()
                .Select(r => (r.Target, (int)r.Priority, (int)r.Weight, (int)r.Port))
                .Order());
    }

    [Theory]
    [InlineData("dnsmasq ptr")]
    [InlineData("knot ptr")]
    public void Pointers_are_read(string id) =>
        Assert.Equal(
            "a.mesh.test",
            ((DnsRecord.Pointer)Assert.Single(Assert.IsType<DnsAnswer.Found>(Interpret(id)).Records)).Target);

    [Fact]
    public void The_start_of_authority_is_read_and_a_dot_within_a_label_is_escaped()
    {
        var record = Assert.Single(Assert.IsType<DnsAnswer.Found>(Interpret("knot soa")).Records);
        Assert.Equal(
            new DnsRecord.Authority(
                "mesh.test", 30, "ns.mesh.test", "host\\.master.mesh.test", 2030010101, 3600, 600, 86400, 30),
            record with { Ttl = 30 });
    }

    [Fact]
    public void A_type_we_do_not_know_is_kept_by_its_number()
    {
        var message = DnsMessage.Read(DnsVector.Of("knot txt").Response);
        Assert.Equal(new DnsRecord.Other("text.mesh.test", 60, 16, 1, 2), Assert.Single(message.Answers));
    }

    [Theory]
    [InlineData("dnsmasq truncated")]
    [InlineData("dnsmasq truncated plain")]
    [InlineData("knot truncated")]
    [InlineData("knot truncated plain")]
    public void A_cut_off_answer_says_so_in_its_header(string id)
    {
        Assert.True(DnsMessage.TryReadHeader(DnsVector.Of(id).Response, out var header, out var question));
        Assert.True(header.IsTruncated);
        Assert.Equal(new DnsQuestion("many.mesh.test", DnsType.A), question);
    }

    [Fact]
    public void Queries_are_the_bytes_that_real_servers_took()
    {
        foreach (var vector in DnsVector.All.Where(vector => vector.Edns is not 1))
        {
            var query = new byte[DnsQuery.MaxBytes];
            var written = DnsQuery.Write(query, 0x1234, vector.Question, edns: vector.Edns is not null);
            Assert.Equal(vector.Query, query[..written]);
        }
    }

    [Fact]
    public void Queries_can_be_read_as_well()
    {
        var vector = DnsVector.Of("dnsmasq a mixed case");
        var message = DnsMessage.Read(vector.Query);
        Assert.Equal(vector.Question, Assert.Single(message.Questions));
        Assert.Equal(new DnsRecord.Options(1232, 0, 0), Assert.Single(message.Additionals));
        Assert.False(message.Header.IsResponse);
    }

    [Theory]
    // Header: id 1, response, one question; the question a/A/IN; then an answer whose name begins at byte 19.
    [InlineData("C013 0001 0001 00000000 0004 01020304", "points to byte 19, which is not before it")]
    [InlineData("C014 0001 0001 00000000 0004 01020304", "points to byte 20, which is not before it")]
    [InlineData("0161C013 0001 0001 00000000 0004 01020304", "points to byte 19, which is not before it")]
    [InlineData("C00C 0001 0001 00000000 0003 010203", "An A record does not have 4 bytes")]
    [InlineData("C00C 001C 0001 00000000 0004 01020304", "An AAAA record does not have 16 bytes")]
    [InlineData("C00C 0005 0001 00000000 0004 C00C0000", "does not end with its name")]
    [InlineData("C00C 0005 0001 00000000 0003 036162", "ends within a name")]
    [InlineData("C00C 0021 0001 00000000 0006 000000000000", "An SRV record is too short")]
    [InlineData("C00C 0006 0001 00000000 0004 C00CC00C", "does not end with five numbers")]
    [InlineData("4161 0001 0001 00000000 0004 01020304", "begins with 0x41")]
    [InlineData("8161 0001 0001 00000000 0004 01020304", "begins with 0x81")]
    [InlineData("C00C 0001 0001 00000000 0005 01020304", "ends within a record's data")]
    [InlineData("C00C 0001 0001 000000", "ends within a record")]
    [InlineData("C0", "ends within a name")]
    [InlineData("", "ends within a name")]
    public void A_malformed_record_is_refused_with_the_reason(string record, string words)
    {
        var bytes = Convert.FromHexString(
            "000180000001000100000000" + "0161000001" + "0001" + record.Replace(" ", "", StringComparison.Ordinal));
        var e = Assert.Throws<DnsFormatException>(() => DnsMessage.Read(bytes));
        Assert.Contains(words, e.Message, StringComparison.Ordinal);
        Assert.InRange(e.Offset, 0, bytes.Length);
    }

    [Fact]
    public void A_name_of_more_than_255_bytes_is_refused_even_when_pointers_hide_it()
    {
        // Four labels of 60 bytes, each in an answer of its own that ends with a pointer to the one before.
        var bytes = new List<byte>(Convert.FromHexString("000180000001000500000000" + "00" + "00010001"));
        var previous = 12;
        for (var i = 0; i < 5; i++)
        {
            var start = bytes.Count;
            bytes.AddRange([60, .. Enumerable.Repeat((byte)'x', 60), (byte)(0xC0 | previous >> 8), (byte)previous]);
            bytes.AddRange(Convert.FromHexString("00010001000000000004" + "01020304"));
            previous = start;
        }
        var e = Assert.Throws<DnsFormatException>(() => DnsMessage.Read(bytes.ToArray()));
        Assert.Contains("longer than 255 bytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Announced_records_that_are_not_there_cost_nothing()
    {
        var bytes = Convert.FromHexString("0001800000" + "01FFFFFFFFFFFF" + "0161000001" + "0001");
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<DnsFormatException>(() => DnsMessage.Read(bytes));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000);
    }

    [Fact]
    public void A_question_of_another_class_is_refused()
    {
        var bytes = Convert.FromHexString("000180000001000000000000" + "0161000001" + "0003");
        Assert.Contains(
            "class 3", Assert.Throws<DnsFormatException>(() => DnsMessage.Read(bytes)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_that_is_there_and_not_there_at_once_is_not_believed()
    {
        var response = DnsVector.Of("knot a").Response.ToArray();
        response[3] = (byte)(response[3] & 0xF0 | 3);
        var failed = Assert.IsType<DnsAnswer.Failed>(
            DnsInterpretation.Interpret(DnsMessage.Read(response), DnsVector.Of("knot a").Question));
        Assert.Equal(DnsProblem.Malformed, failed.Problem);
    }

    private static DnsAnswer Interpret(string id) =>
        DnsInterpretation.Interpret(DnsMessage.Read(DnsVector.Of(id).Response), DnsVector.Of(id).Question);
}
