using System.Runtime.Versioning;
using Enmesh.Cli.Consoles;
using Xunit;

namespace Enmesh.Tests.Consoles;

/// <summary>What others name never steers a terminal; what was typed is remembered for its user alone.</summary>
[Trait("Ring", "pure")]
[UnsupportedOSPlatform("windows")]
public sealed class TextAndHistoryTests : IDisposable
{
    private readonly string _state = Directory.CreateTempSubdirectory("enmesh-history-").FullName;

    public void Dispose() => Directory.Delete(_state, recursive: true);

    [Theory]
    [InlineData("plain text", "plain text")]
    [InlineData("two\nlines\tand a tab", "two\nlines\tand a tab")]
    [InlineData("\x1b[2J", "\\x{1B}[2J")]
    [InlineData("\u009b31m", "\\x{9B}31m")]
    [InlineData("\r\a\b\x7f", "\\x{D}\\x{7}\\x{8}\\x{7F}")]
    [InlineData("\u202egro.elgoog", "\\x{202E}gro.elgoog")]
    [InlineData("\u2028\ufeff\u200b", "\\x{2028}\\x{FEFF}\\x{200B}")]
    [InlineData("żółw 日本 😀", "żółw 日本 😀")]
    public void What_would_steer_a_terminal_is_shown(string text, string safe)
    {
        Assert.Equal(safe, TerminalText.Safe(text));
    }

    [Fact]
    public void Lines_are_remembered_for_the_user_alone()
    {
        var history = Open();
        history.Add("X = 1.");
        history.Add("X = 1.");
        history.Add("f(fun() ->\n  \"a\\\\b\" end).");
        history.Add("erlang:set_cookie(node(), secret).");

        Assert.Equal(["X = 1.", "f(fun() ->\n  \"a\\\\b\" end)."], Open().Lines);
        var file = Path.Combine(_state, "enmesh", "console_history");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.DoesNotContain("cookie", File.ReadAllText(file), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_several_consoles_have_filled_is_shortened_and_closed_to_others()
    {
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(_state, "enmesh")).FullName, "console_history");
        File.WriteAllLines(file, Enumerable.Range(1, 5_000).Select(i => $"{i}."));
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);

        Assert.Equal(("4001.", "5000."), (Open().Lines[0], Open().Lines[^1]));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(1_000, File.ReadLines(file).Count());
    }

    [Fact]
    public void A_cell_of_a_table_has_one_line() => Assert.Equal(@"a\nb\tc\x{1B}", TerminalText.OneLine("a\nb\tc\u001b"));

    [Fact]
    public void Without_a_place_to_keep_them_lines_are_remembered_while_the_console_is_open()
    {
        var history = HistoryFile.Open(static _ => null);
        history.Add("1.");

        Assert.Equal(["1."], history.Lines);
    }

    private HistoryFile Open() => HistoryFile.Open(name => name == "XDG_STATE_HOME" ? _state : null);
}
