using System.Diagnostics;
using System.Net;
using Enmesh.Resolver;
using Enmesh.Testing;
using Xunit;

namespace Enmesh.Tests.Resolver;

/// <summary>
/// The client against servers that follow a script. Time is virtual: a client that waits for something that never comes
/// waits until the test moves the clock, and a client that answers without the clock having moved did not wait.
/// </summary>
[Trait("Ring", "loopback")]
public sealed class DnsClientTests
{
    private static readonly TimeSpan FiveSeconds = TimeSpan.FromSeconds(5);
    private readonly VirtualTime _time = new();

    [Fact]
    public async Task An_answer_over_udp_is_found()
    {
        await using var server = new ScriptedDnsServer(request => [request.Addresses("10.0.0.1", "10.0.0.2")]);
        Assert.Equal("10.0.0.1 10.0.0.2", await AddressesAsync(server));
        var request = Assert.Single(server.Requests);
        Assert.True(request.HasEdns);
        Assert.Equal(DnsType.A, request.Question.Type);
    }

    [Fact]
    public async Task Ids_ports_and_letters_differ_from_question_to_question()
    {
        await using var server = new ScriptedDnsServer(request => [request.Addresses("10.0.0.1")]);
        for (var i = 0; i < 8; i++)
            await AddressesAsync(server, "a-rather-long-name.mesh.test");
        Assert.True(server.Requests.Select(request => (request.Bytes[0], request.Bytes[1])).Distinct().Count() >= 7);
        Assert.True(server.Requests.Select(request => request.Question.Name).Distinct().Count() >= 7);
    }

    [Fact]
    public async Task Answers_that_are_not_ours_are_passed_over_until_ours_comes()
    {
        await using var server = new ScriptedDnsServer(request =>
        {
            var wrongId = request.Addresses("6.6.6.1");
            wrongId[0] ^= 0x55;
            var notAResponse = request.Addresses("6.6.6.2");
            notAResponse[2] &= 0x7F;
            var otherName = request.Addresses("6.6.6.3");
            otherName[13] = (byte)'x';
            var otherType = request.Addresses("6.6.6.4");
            otherType[^19] = 28;
            var otherOpcode = request.Addresses("6.6.6.5");
            otherOpcode[2] |= 0x10;
            byte[] loopInTheQuestion = [.. request.Bytes[..2], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 0xC0, 0x0C, 0, 1, 0, 1];
            return
            [
                [], [1, 2, 3], wrongId, notAResponse, otherName, otherType, otherOpcode, loopInTheQuestion,
                request.Respond(0, withQuestion: false), request.Addresses("10.0.0.1"), request.Addresses("6.6.6.6"),
            ];
        });
        Assert.Equal("10.0.0.1", await AddressesAsync(server));
    }

    [Fact]
    public async Task An_answer_that_loses_our_letters_is_asked_for_again_over_tcp()
    {
        await using var server = new ScriptedDnsServer(request =>
        {
            if (request.IsTcp)
                return [ScriptedDnsServer.Framed(request.Addresses("10.0.0.1"))];
            var forged = request.Addresses("6.6.6.6");
            for (var i = 12; i < forged.Length; i++)
            {
                if (char.IsAsciiLetter((char)forged[i]))
                    forged[i] ^= 0x20;
            }
            return [forged];
        });
        Assert.Equal("10.0.0.1", await AddressesAsync(server));
        Assert.Equal([false, true], server.Requests.Select(request => request.IsTcp));
    }

    [Fact]
    public async Task A_cut_off_answer_is_asked_for_again_over_tcp_and_a_thousand_addresses_come()
    {
        var addresses = Enumerable.Range(0, 1000).Select(i => $"10.9.{i / 250}.{i % 250}").ToArray();
        await using var server = new ScriptedDnsServer(request => request.IsTcp
            ? [ScriptedDnsServer.Framed(request.Addresses(addresses))]
            : [request.Respond(0, ["6.6.6.6"], flags: 0x0200)]);
        Assert.Equal(string.Join(' ', addresses), await AddressesAsync(server));
    }

    [Fact]
    public async Task A_long_answer_over_tcp_may_come_byte_by_byte()
    {
        await using var server = new ScriptedDnsServer(request => request.IsTcp
            ? ScriptedDnsServer.Framed(request.Addresses("10.0.0.1", "10.0.0.2")).Select(b => new[] { b })
            : [request.Respond(0, flags: 0x0200)]);
        Assert.Equal("10.0.0.1 10.0.0.2", await AddressesAsync(server));
    }

    [Theory]
    [InlineData("half", "closed the connection before its answer was whole")]
    [InlineData("nothing", "closed the connection before its answer was whole")]
    [InlineData("wrong id", "answers another question")]
    [InlineData("cut off", "marked as cut off, over TCP")]
    [InlineData("empty", "answers another question")]
    [InlineData("garbage", "cannot be read")]
    public async Task What_goes_wrong_over_tcp_is_a_failure_with_its_reason(string how, string words)
    {
        await using var server = new ScriptedDnsServer(request =>
        {
            if (!request.IsTcp)
                return [request.Respond(0, flags: 0x0200)];
            var whole = ScriptedDnsServer.Framed(request.Addresses("10.0.0.1"));
            switch (how)
            {
                case "half":
                    return [whole[..20]];
                case "nothing":
                    return [];
                case "wrong id":
                    whole[2] ^= 1;
                    return [whole];
                case "cut off":
                    return [ScriptedDnsServer.Framed(request.Respond(0, flags: 0x0200))];
                case "empty":
                    return [[0, 0]];
                default:
                    whole[^5] = 200;
                    return [whole];
            }
        });
        var failed = Assert.IsType<DnsAnswer.Failed>(await AskAsync(server.EndPoint));
        Assert.Equal(DnsProblem.Malformed, failed.Problem);
        Assert.Contains(words, failed.Message, StringComparison.Ordinal);
        Assert.StartsWith(server.EndPoint.ToString(), failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_stops_halfway_over_tcp_is_given_up_at_the_time_out()
    {
        await using var server = new ScriptedDnsServer(
            request => request.IsTcp
                ? [ScriptedDnsServer.Framed(request.Addresses("10.0.0.1"))[..20]]
                : [request.Respond(0, flags: 0x0200)],
            holdTcpOpen: true);
        var asking = AskAsync(server.EndPoint);
        await UntilAsync(() => server.Requests.Any(request => request.IsTcp));
        Assert.False(asking.IsCompleted);
        _time.Advance(FiveSeconds);
        var failed = Assert.IsType<DnsAnswer.Failed>(await asking.WaitAsync(FarOff));
        Assert.Equal(DnsProblem.Timeout, failed.Problem);
        Assert.Contains("did not answer within 5 s", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_malformed_answer_is_no_answer_and_the_next_server_is_asked()
    {
        await using var broken = new ScriptedDnsServer(request =>
        {
            var response = request.Addresses("10.0.0.1");
            response[^6] = 9;
            return [response];
        });
        await using var good = new ScriptedDnsServer(request => [request.Addresses("10.0.0.2")]);
        Assert.Equal("10.0.0.2", Text(await AskAsync(broken.EndPoint, good.EndPoint)));
    }

    [Theory]
    [InlineData(2, "SERVFAIL")]
    [InlineData(4, "NOTIMP")]
    [InlineData(5, "REFUSED")]
    [InlineData(9, "code 9")]
    public async Task A_server_that_does_not_know_hands_on_to_the_next(int code, string word)
    {
        await using var bad = new ScriptedDnsServer(request => [request.Respond(code)]);
        await using var good = new ScriptedDnsServer(request => [request.Addresses("10.0.0.2")]);
        Assert.Equal("10.0.0.2", Text(await AskAsync(bad.EndPoint, good.EndPoint)));
        var failed = Assert.IsType<DnsAnswer.Failed>(await AskAsync(bad.EndPoint));
        Assert.Contains(word, failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_knows_there_is_no_such_name_ends_the_question()
    {
        await using var first = new ScriptedDnsServer(request => [request.Respond(3)]);
        await using var second = new ScriptedDnsServer(request => [request.Addresses("10.0.0.2")]);
        Assert.IsType<DnsAnswer.NoSuchName>(await AskAsync(first.EndPoint, second.EndPoint));
        Assert.Empty(second.Requests);
    }

    [Fact]
    public async Task A_silent_server_is_given_up_at_the_time_out_and_asked_last_for_a_while()
    {
        await using var silent = new ScriptedDnsServer(_ => []);
        await using var good = new ScriptedDnsServer(request => [request.Addresses("10.0.0.2")]);
        var client = new DnsClient(_time);
        var conf = Conf(silent.EndPoint, good.EndPoint);

        var asking = client.QueryAsync("orders.mesh.test", DnsType.A, conf, CancellationToken.None);
        await UntilAsync(() => silent.Requests.Count == 1);
        _time.Advance(FiveSeconds - TimeSpan.FromMilliseconds(1));
        Assert.False(asking.IsCompleted);
        Assert.Empty(good.Requests);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("10.0.0.2", Text(await asking.WaitAsync(FarOff)));

        // The clock stands still: this one did not wait for the silent server.
        Assert.Equal(
            "10.0.0.2", Text(await client.QueryAsync("orders.mesh.test", DnsType.A, conf, CancellationToken.None)));
        Assert.Single(silent.Requests);

        _time.Advance(DnsClient.SuspicionTime);
        asking = client.QueryAsync("orders.mesh.test", DnsType.A, conf, CancellationToken.None);
        await UntilAsync(() => silent.Requests.Count == 2);
        _time.Advance(FiveSeconds);
        Assert.Equal("10.0.0.2", Text(await asking.WaitAsync(FarOff)));
    }

    [Fact]
    public async Task When_every_server_is_silent_the_list_is_gone_through_as_often_as_configured()
    {
        await using var first = new ScriptedDnsServer(_ => []);
        await using var second = new ScriptedDnsServer(_ => []);
        var asking = new DnsClient(_time).QueryAsync(
            "orders.mesh.test", DnsType.A, Conf(first.EndPoint, second.EndPoint) with { Attempts = 2 },
            CancellationToken.None);
        for (var i = 1; i <= 4; i++)
        {
            await UntilAsync(() => first.Requests.Count + second.Requests.Count == i);
            await _time.TimerDueInAsync(FiveSeconds);
            _time.Advance(FiveSeconds);
        }
        var failed = Assert.IsType<DnsAnswer.Failed>(await asking.WaitAsync(FarOff));
        Assert.Equal(DnsProblem.Timeout, failed.Problem);
        Assert.Equal(
            $"{first.EndPoint} did not answer within 5 s; {second.EndPoint} did not answer within 5 s (2 attempts)",
            failed.Message);
        Assert.Equal((2, 2), (first.Requests.Count, second.Requests.Count));
    }

    [Fact]
    public async Task A_port_where_nobody_listens_is_noticed_without_waiting()
    {
        IPEndPoint nobody;
        await using (var closed = new ScriptedDnsServer(_ => []))
            nobody = closed.EndPoint;
        var failed = Assert.IsType<DnsAnswer.Failed>(await AskAsync(nobody));
        Assert.Equal(DnsProblem.Unreachable, failed.Problem);
        Assert.Contains("nothing listens on the port", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_from_before_edns_is_asked_without_it(bool withQuestion)
    {
        await using var server = new ScriptedDnsServer(
            request => [request.HasEdns ? request.Respond(1, withQuestion: withQuestion) : request.Addresses("10.0.0.1")]);
        Assert.Equal("10.0.0.1", await AddressesAsync(server));
        Assert.Equal([true, false], server.Requests.Select(request => request.HasEdns));
    }

    [Fact]
    public async Task Use_vc_asks_over_tcp_alone()
    {
        await using var server = new ScriptedDnsServer(
            request => [ScriptedDnsServer.Framed(request.Addresses("10.0.0.1"))]);
        var answer = await new DnsClient(_time).QueryAsync(
            "orders.mesh.test", DnsType.A, Conf(server.EndPoint) with { UseTcp = true }, CancellationToken.None);
        Assert.Equal("10.0.0.1", Text(answer));
        Assert.All(server.Requests, request => Assert.True(request.IsTcp));
    }

    [Fact]
    public async Task Rotation_spreads_the_questions()
    {
        await using var first = new ScriptedDnsServer(request => [request.Addresses("10.0.0.1")]);
        await using var second = new ScriptedDnsServer(request => [request.Addresses("10.0.0.1")]);
        var client = new DnsClient(_time);
        for (var i = 0; i < 64; i++)
            await client.QueryAsync(
                "orders.mesh.test", DnsType.A, Conf(first.EndPoint, second.EndPoint) with { Rotate = true },
                CancellationToken.None);
        Assert.NotEmpty(first.Requests);
        Assert.NotEmpty(second.Requests);
    }

    [Fact]
    public async Task An_unfinished_alias_is_asked_for_and_endless_ones_end()
    {
        await using var server = new ScriptedDnsServer(
            request => request.Question.Name.StartsWith("real", StringComparison.OrdinalIgnoreCase)
            ? [request.Addresses("10.0.0.1")]
            : [Alias(request, request.Question.Name.StartsWith(
                "loop", StringComparison.OrdinalIgnoreCase) ? "loop" : "real")]);
        Assert.Equal("10.0.0.1", await AddressesAsync(server, "other"));
        var looping = Assert.IsType<DnsAnswer.Failed>(
            await new DnsClient(_time).QueryAsync("loop2", DnsType.A, Conf(server.EndPoint), CancellationToken.None));
        Assert.Equal(DnsProblem.AliasLoop, looping.Problem);
        Assert.InRange(server.Requests.Count, 3, 20);
    }

    [Fact]
    public async Task Cancelling_ends_the_question_at_once()
    {
        await using var silent = new ScriptedDnsServer(_ => []);
        using var cancel = new CancellationTokenSource();
        var asking = new DnsClient(_time).QueryAsync(
            "orders.mesh.test", DnsType.A, Conf(silent.EndPoint), cancel.Token);
        await UntilAsync(() => silent.Requests.Count == 1);
        await cancel.CancelAsync();
        var e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking.WaitAsync(FarOff));
        Assert.True(cancel.IsCancellationRequested);
        Assert.NotNull(e);
    }

    [Fact]
    public async Task The_resolver_reads_its_file_anew_and_walks_the_search_list()
    {
        await using var server = new ScriptedDnsServer(request =>
            [string.Equals(request.Question.Name, "orders.b.test", StringComparison.OrdinalIgnoreCase) ? request.Addresses("10.0.0.1") : request.Respond(3)]);
        var path = Path.GetTempFileName();
        try
        {
            var resolver = new DnsResolver(_time, [server.EndPoint], path);
            await File.WriteAllTextAsync(path, "search a.test\n");
            Assert.IsType<DnsAnswer.NoSuchName>(
                await resolver.ResolveAsync("orders", DnsType.A, CancellationToken.None));
            await File.WriteAllTextAsync(path, "search a.test b.test\n");
            Assert.Equal("10.0.0.1", Text(await resolver.ResolveAsync("orders", DnsType.A, CancellationToken.None)));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static TimeSpan FarOff => TimeSpan.FromSeconds(60);

    // The owner is a pointer to the question; the target one label: 05 "real" would be 4.
    private static byte[] Alias(DnsRequest request, string target)
    {
        var response = request.Respond(0);
        response[7] = 1;
        return
        [
            .. response, 0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, (byte)(target.Length + 2),
            (byte)target.Length, .. System.Text.Encoding.ASCII.GetBytes(target), 0,
        ];
    }

    private static ResolvConf Conf(params IPEndPoint[] servers) => new() { Servers = [.. servers], Attempts = 1 };

    private static string Text(DnsAnswer answer) => string.Join(
        ' ',
        Assert.IsType<DnsAnswer.Found>(answer).Records.Cast<DnsRecord.Address>().Select(
            record => record.Value.ToString()));

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var start = Stopwatch.GetTimestamp(); !condition(); await Task.Delay(5))
            Assert.True(Stopwatch.GetElapsedTime(start) < FarOff, "It does not happen.");
    }

    private Task<DnsAnswer> AskAsync(params IPEndPoint[] servers) =>
        new DnsClient(_time).QueryAsync("orders.mesh.test", DnsType.A, Conf(servers), CancellationToken.None);

    private async Task<string> AddressesAsync(ScriptedDnsServer server, string name = "orders.mesh.test") =>
        Text(await new DnsClient(_time).QueryAsync(name, DnsType.A, Conf(server.EndPoint), CancellationToken.None).WaitAsync(FarOff));
}
