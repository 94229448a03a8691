using System.Text;
using Xunit;

namespace Enmesh.Tests;

[Trait("Ring", "pure")]
public sealed class CookieTests : IDisposable
{
    private const string Good = "QWZUBGPYNEKSNDHBVRLD";
    private readonly string _folder = Directory.CreateTempSubdirectory("enmesh-cookie-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(Good + "\n", Good)]
    [InlineData(Good, Good)]
    [InlineData(Good + "\r\n\n", Good)]
    // OTP counts trailing spaces of the line in, and so do we: the two must agree.
    [InlineData(Good + "  \n \n", Good + "  ")]
    public void The_line_of_Erlangs_own_file_is_the_cookie(string content, string expected) =>
        Assert.Equal([expected], Read(content).Select(c => c.Value));

    [Fact]
    public void Further_lines_are_accepted_beside_the_first() =>
        Assert.Equal([Good, Good + "2"], Read($"{Good}\n{Good}2\n").Select(c => c.Value));

    [Theory]
    [InlineData("", "is empty.")]
    [InlineData("\n \n", "is empty.")]
    [InlineData("monster\n", "in line 1 of {0} (the option CookieFile) has fewer than 20 characters, so it can be guessed. Make a random one")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", "is nearly the same character over and over")]
    [InlineData("Changeme-Changeme-Changeme\n", "is a well-known one from a guide or an example.")]
    [InlineData(Good + "\nshort\n", "in line 2 of {0}")]
    [InlineData(Good + "\u00e4\n", "has a character that is not printable ASCII")]
    [InlineData(Good + "\tx\n", "has a character that is not printable ASCII")]
    public void A_bad_cookie_is_refused_without_being_shown(string content, string message)
    {
        var path = Write(content);
        var e = Assert.Throws<CookieException>(() => CookieSource.Locate(path).Read());

        Assert.Contains(message.Replace("{0}", path, StringComparison.Ordinal), e.Message, StringComparison.Ordinal);
        foreach (var line in
            content.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            Assert.DoesNotContain(line, e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Insecure_takes_weak_ones_and_no_impossible_ones()
    {
        Assert.Equal("abc", Assert.Single(CookieSource.Locate(Write("abc\n")).Read(insecure: true)).Value);
        Assert.Throws<CookieException>(() => CookieSource.Locate(Write("\u00e4bc\n")).Read(insecure: true));
        Assert.Throws<CookieException>(() => CookieSource.Locate(Write("")).Read(insecure: true));
        Assert.Throws<CookieException>(() => Cookie.Create(new string('x', 256), insecure: true));
    }

    [Theory]
    [InlineData("0400", true)]
    [InlineData("0600", true)]
    [InlineData("0700", true)]
    [InlineData("0440", true)] // a Kubernetes secret with fsGroup
    [InlineData("0640", false)]
    [InlineData("0460", false)]
    [InlineData("0444", false)]
    [InlineData("0604", false)]
    [InlineData("0644", false)]
    [InlineData("0602", false)]
    public void A_file_that_others_may_read_is_refused(string mode, bool good)
    {
        var problem = CookieSource.ModeProblem((UnixFileMode)Convert.ToInt32(mode, 8));

        Assert.Equal(good, problem is null);
        if (!good)
            Assert.StartsWith(
                $"may be read or written by others than its owner (mode {mode}). Run 'chmod 400' on it", problem,
                StringComparison.Ordinal);
    }

    [Fact]
    public void The_permissions_of_the_real_file_are_looked_at_and_through_links()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no such permissions.");
        var path = Write(Good);
        var link = File.CreateSymbolicLink(Path.Combine(_folder, "link"), path).FullName;
        Assert.Single(CookieSource.Locate(link).Read());
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);

        var e = Assert.Throws<CookieException>(() => CookieSource.Locate(link).Read(insecure: true));
        Assert.StartsWith(
            $"The cookie file {link} (the option CookieFile) may be read", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_file_is_the_options_then_the_variables_then_Erlangs_own()
    {
        var home = Directory.CreateDirectory(Path.Combine(_folder, "home")).FullName;
        var variables = new Dictionary<string, string> { ["HOME"] = home, ["ENMESH_COOKIE_FILE"] = "/run/cookie" };
        Assert.Equal("/etc/cookie", CookieSource.Locate("/etc/cookie", variables.GetValueOrDefault).Path);
        Assert.Equal("/run/cookie", CookieSource.Locate("", variables.GetValueOrDefault).Path);
        variables.Remove("ENMESH_COOKIE_FILE");
        Assert.Equal(Path.Combine(home, ".erlang.cookie"), CookieSource.Locate(null, variables.GetValueOrDefault).Path);
        var xdg = Path.Combine(
            Directory.CreateDirectory(Path.Combine(home, ".config", "erlang")).FullName, ".erlang.cookie");
        File.WriteAllText(xdg, Good);
        Assert.Equal(xdg, CookieSource.Locate(null, variables.GetValueOrDefault).Path);
        File.WriteAllText(Path.Combine(home, ".erlang.cookie"), Good);
        Assert.Equal(Path.Combine(home, ".erlang.cookie"), CookieSource.Locate(null, variables.GetValueOrDefault).Path);
    }

    [Fact]
    public void A_file_that_is_not_there_says_how_to_make_one()
    {
        var path = Path.Combine(_folder, "none", "cookie");
        var e = Assert.Throws<CookieException>(() => CookieSource.Locate(path).Read());

        Assert.StartsWith(
            $"There is no cookie file {path} (the option CookieFile).", e.Message, StringComparison.Ordinal);
        Assert.Contains("openssl rand -hex 32", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_or_a_huge_file_is_no_cookie_file()
    {
        Assert.Throws<CookieException>(() => CookieSource.Locate(_folder).Read());
        var e = Assert.Throws<CookieException>(() => CookieSource.Locate(Write(new string('x', 20_000))).Read());
        Assert.Contains("has more than 16384 bytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cookie_never_shows_itself()
    {
        var cookie = Cookie.Create(Good);

        Assert.DoesNotContain(Good, $"{cookie}", StringComparison.Ordinal);
        Assert.DoesNotContain(Good, System.Text.Json.JsonSerializer.Serialize(cookie), StringComparison.Ordinal);
    }

    private IReadOnlyList<Cookie> Read(string content) => CookieSource.Locate(Write(content)).Read();

    private string Write(string content)
    {
        var path = Path.Combine(_folder, Guid.NewGuid().ToString("N"));
        File.WriteAllBytes(path, Encoding.Latin1.GetBytes(content));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }
}
