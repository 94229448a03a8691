using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Enmesh.Web.Status;
using Xunit;

namespace Enmesh.Web.Tests.Status;

[Trait("Ring", "pure")]
public sealed class StatusPageTests
{
    private const string Hostile = "<script>alert(1)</script>\"onload='x' &amp; \u202E\u0007\u200B ]]> -->";

    [Fact]
    public void A_page_for_60_nodes_is_below_100_kB()
    {
        // The worst names and views: each node misses another, so that everything there is to say is said.
        var whole = StatusPage.Whole(StandIn.Cluster(60));
        Assert.InRange(Encoding.UTF8.GetByteCount(whole), 10_000, 100_000);
        var broken = StatusPage.Whole(StandIn.Cluster(60, [.. Enumerable.Range(1, 30).Select(one => (one, one + 30))]));
        Assert.InRange(Encoding.UTF8.GetByteCount(broken), 10_000, 100_000);
    }

    [Fact]
    public void Who_sees_whom_is_said_by_signs_and_not_by_colour_alone()
    {
        var mesh = StatusPage.Sections(StandIn.Cluster(3, (2, 3))).First(section => section.Id == "mesh").Html;
        var rows = Regex.Matches(mesh, "<tr><th scope=\"row\">.*?(?=<tr>|</table>)", RegexOptions.Singleline).Select(row => string.Concat(Regex.Matches(row.Value, @"<td[^>]*>(.)").Select(cell => cell.Groups[1].Value)));
        Assert.Equal(["·✓✓", "✓·✗", "✓✗·"], rows);
        Assert.Contains("3 nodes, 1 pair does not see each other", mesh, StringComparison.Ordinal);
        Assert.Single(Regex.Matches(mesh, "class=\"broken\""));
    }

    [Fact]
    public void A_peer_that_does_not_answer_is_marked_and_everybody_else_is_shown()
    {
        var status = StandIn.Cluster(3).With(status => status with
        {
            Views = [.. status.Views.Take(2), new ViewStatus(StandIn.NameOf(3), "silent", null, null, "No answer within 2 s.")],
        });
        var page = StatusPage.Whole(status);
        Assert.Contains("<td class=u>?<td class=u>?<td>·", page, StringComparison.Ordinal);
        Assert.Contains("1 peer does not say whom they see", page, StringComparison.Ordinal);
        Assert.Contains("<g class=\"node quiet\"><title>3 ", page, StringComparison.Ordinal);
    }

    [Fact]
    public void What_others_say_is_text_wherever_it_stands()
    {
        var page = StatusPage.Whole(HostileStatus());
        Assert.DoesNotContain("<script>alert", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\"onload", page, StringComparison.Ordinal);
        Assert.DoesNotContain("'x'", page, StringComparison.Ordinal);
        Assert.DoesNotContain("-->", page, StringComparison.Ordinal);
        Assert.DoesNotContain(page, rune => char.IsControl(rune) && rune != '\n');
        Assert.DoesNotContain('\u202E', page);
        Assert.Contains(@"&lt;script&gt;alert(1)&lt;/script&gt;&quot;onload=&#39;x&#39; &amp;amp; \x{202E}\x{7}\x{200B} ]]&gt; --&gt;", page, StringComparison.Ordinal);
        // No script, no style and no handler that is not in a file of our own.
        Assert.Single(Regex.Matches(page, "<script", RegexOptions.IgnoreCase));
        Assert.Empty(Regex.Matches(page, @"<[^>]*\s(style|on\w+)="));
    }

    [Fact]
    public void In_json_it_stays_what_it_is_and_can_end_no_element()
    {
        var json = Encoding.UTF8.GetString(StatusJson.Write(HostileStatus(), "")!);
        Assert.DoesNotContain('<', json);
        Assert.DoesNotContain('\u202E', json);
        using var read = JsonDocument.Parse(json);
        Assert.Equal(Hostile, read.RootElement.GetProperty("members")[0].GetProperty("lastFailure").GetProperty("message").GetString());
        Assert.Equal(Hostile, read.RootElement.GetProperty("names").GetProperty("registered")[0].GetString());
        Assert.Equal("2026-05-04T12:00:00.000Z", read.RootElement.GetProperty("at").GetString());
    }

    [Fact]
    public void A_text_without_end_is_cut_and_half_a_character_does_no_harm()
    {
        Assert.Equal(new string('a', 500) + "…", new HtmlText().Text(new string('a', 5_000)).ToString());
        Assert.Equal(new string('a', 499) + "\uFFFD…", new HtmlText().Text(new string('a', 499) + "😀😀").ToString());
        Assert.Equal("\uFFFDb", new HtmlText().Text("\uD83Db").ToString());
    }

    [Fact]
    public void A_peer_that_names_thousands_makes_no_page_of_thousands()
    {
        var names = Enumerable.Range(0, 10_000).Select(number => $"ghost{number}@nowhere.example").ToList();
        var page = StatusPage.Whole(StandIn.Cluster(3).With(status => status with { Views = [.. status.Views.Take(2), status.Views[2] with { Sees = names }] }));
        Assert.InRange(Encoding.UTF8.GetByteCount(page), 1, 200_000);
        Assert.Contains("The first 100 of 10003 nodes are shown; the JSON has all.", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_of_certificates_that_cannot_be_used_are_said()
    {
        var cluster = StandIn.Cluster(2);
        var status = cluster.With(status => status with { Node = status.Node with { CertificatesProblem = "The certificate in tls.crt is <cut off>." } });
        Assert.Equal(
            ["The files of certificates have changed and cannot be used; what was there before stays in use. The certificate in tls.crt is <cut off>."], status.Troubles);
        Assert.Contains("is &lt;cut off&gt;.", StatusPage.Whole(status), StringComparison.Ordinal);
    }

    [Fact]
    public void The_last_days_of_a_certificate_are_said_before_anything_else()
    {
        var status = StandIn.Cluster(2).With(status => status with
        {
            Certificates =
            [
                StandIn.Certificate("node", "CN=orders", "CN=Orders CA", StandIn.Now.AddDays(3)), StandIn.Certificate("authority", "CN=Old CA", "CN=Old CA", StandIn.Now.AddHours(-3)),
            ],
        });
        Assert.Equal(
            ["A certificate ends in 3 d: CN=orders.", "A certificate has expired: CN=Old CA, 3 h ago. New links cannot be made; those that are up live on."], status.Troubles);
        var page = StatusPage.Whole(status);
        Assert.Contains("class=\"warn\">! 3 d</time>", page, StringComparison.Ordinal);
        Assert.Contains("class=\"bad\">✗ expired 3 h ago</time>", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("serving", 12.2, "Phase 1 of 3: serving on", "13 s left at most.")]
    [InlineData("hooks", 4.0, "Phase 2 of 3: hooks of the program", "4 s left at most.")]
    [InlineData("closing", null, "Phase 3 of 3: closing", null)]
    public void The_way_out_is_shown_with_its_phase_and_the_time_that_is_left(string phase, double? left, string said, string? time)
    {
        DateTimeOffset? until = left is { } seconds ? StandIn.Now.AddSeconds(seconds) : null;
        var status = StandIn.Cluster(2) with { Drain = new(phase, StandIn.Now.AddSeconds(-8), until, left, ["flush"], IsHurried: false) };
        var summary = StatusPage.Sections(status with { Node = status.Node with { State = "draining" } })[0].Html;
        Assert.Contains("↓ Draining", summary, StringComparison.Ordinal);
        Assert.Contains(said, summary, StringComparison.Ordinal);
        Assert.Contains("Still running: flush.", summary, StringComparison.Ordinal);
        Assert.Equal(time is not null, summary.Contains(time ?? "left at most", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0.0004, "0 ms")]
    [InlineData(0.25, "250 ms")]
    [InlineData(1, "1 s")]
    [InlineData(119, "119 s")]
    [InlineData(120, "2 min")]
    [InlineData(7_199, "119 min")]
    [InlineData(7_200, "2 h")]
    [InlineData(172_800, "2 d")]
    [InlineData(63_200_000, "2 y")]
    public void Times_are_coarse(double seconds, string text) => Assert.Equal(text, Ago.Text(seconds));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1_000, "1.0 kB")]
    [InlineData(99_940, "99.9 kB")]
    [InlineData(99_960, "100 kB")]
    [InlineData(999_600, "1.0 MB")]
    [InlineData(long.MaxValue, "9223 PB")]
    public void Bytes_have_three_digits(long bytes, string text) => Assert.Equal(text, Ago.Bytes(bytes));

    private static NodeStatus HostileStatus()
    {
        var status = StandIn.Cluster(3);
        return status.With(status => status with
        {
            Node = status.Node with { Name = $"n@{Hostile}" },
            Nodes = [Hostile, $"n@{Hostile}"],
            Members = [status.Members[0] with { Name = Hostile, State = "Backoff", Sources = [Hostile], LastFailure = new(Hostile, Hostile, StandIn.Now) }],
            Links = [status.Links[0] with { Peer = Hostile, Address = Hostile, Transport = Hostile, Tls = status.Links[0].Tls! with { CipherSuite = Hostile } }],
            Views = [.. status.Views, new(Hostile, "silent", null, [Hostile], Hostile)],
            Sources = [status.Sources[0] with { Name = Hostile, Problem = Hostile, Peers = [Hostile], LacksSelf = true }],
            Certificates = [StandIn.Certificate("node", Hostile, Hostile, StandIn.Now.AddDays(1)) with { Names = Hostile, Key = Hostile, SerialNumber = Hostile }],
            Names = new(1, [Hostile], 1, [Hostile], 1, [new(Hostile, Hostile, 1, 1)]),
            Drain = new("hooks", StandIn.Now, StandIn.Now, 1, [Hostile], IsHurried: false),
            Parted = [new(Hostile, Hostile)],
        });
    }
}
