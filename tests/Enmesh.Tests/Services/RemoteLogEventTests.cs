using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.Terms.Text;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Enmesh.Tests.Services;

/// <summary>Log events of Erlang nodes, as they come to <c>logger_proxy</c>.</summary>
[Trait("Ring", "pure")]
public sealed class RemoteLogEventTests
{
    [Theory]
    [InlineData("{log,error,\"broken ~p\",[{a,1}],#{}}", LogLevel.Error, "broken {a,1}")]
    [InlineData("{log,error,\"broken ~p\",[],#{}}", LogLevel.Error, "FORMAT ERROR: \"broken ~p\" - []")]
    [InlineData("{log,emergency,\"text\",#{}}", LogLevel.Critical, "text")]
    [InlineData("{log,alert,<<\"text\">>,#{}}", LogLevel.Critical, "text")]
    [InlineData("{log,critical,[\"deep\",<<\" text\">>],#{}}", LogLevel.Critical, "deep text")]
    [InlineData("{log,warning,#{a => 1,b => \"x\"},#{}}", LogLevel.Warning, "a: 1\nb: \"x\"")]
    [InlineData("{log,notice,[{a,1},b],#{}}", LogLevel.Information, "a: 1\nb")]
    [InlineData("{log,info,[],#{}}", LogLevel.Information, "")]
    [InlineData("{log,debug,{what,ever},#{}}", LogLevel.Debug, "{what,ever}")]
    public void Levels_and_messages_are_read(string message, LogLevel level, string text)
    {
        var logged = RemoteLogEvent.TryRead(ErlangText.Parse(message));
        Assert.NotNull(logged);
        Assert.Equal((level, text), (logged.Level, logged.Message));
    }

    [Fact]
    public void Metadata_become_properties()
    {
        var pid = new Pid(new Atom("other@host"), 1, 2, 3);
        var metadata = Term.Map(
            (new Atom("pid"), pid), (new Atom("time"), 1_700_000_000_000_000),
            (new Atom("file"), Term.CharList("a.erl")), (new Atom("custom"), 7), (8, 9));
        var logged = RemoteLogEvent.TryRead(
            Term.Tuple(new Atom("log"), new Atom("error"), Term.CharList("x"), metadata))!;
        var properties = logged.ToDictionary(pair => pair.Key, pair => pair.Value?.ToString());
        Assert.Equal("other@host", properties["Node"]);
        Assert.Equal("#Pid<other@host 1.2/3>", properties["Pid"]);
        Assert.StartsWith(
            "11/14/2023",
            DateTimeOffset.Parse(properties["Time"]!, System.Globalization.CultureInfo.CurrentCulture)
                .ToString("MM/dd/yyyy", System.Globalization.CultureInfo.InvariantCulture),
            StringComparison.Ordinal);
        Assert.Equal(
            ("a.erl", "7", "error", "{Message}"),
            (properties["File"]!, properties["custom"]!, properties["ErlangLevel"]!, properties["{OriginalFormat}"]!));
    }

    [Theory]
    [InlineData("{log,error}")]
    [InlineData("{log,error,\"x\",[]}")]
    [InlineData("{log,1,\"x\",#{}}")]
    [InlineData("{other,error,\"x\",#{}}")]
    [InlineData("log")]
    public void Anything_else_is_none(string message) => Assert.Null(RemoteLogEvent.TryRead(ErlangText.Parse(message)));

    [Fact]
    public void A_message_has_a_limit()
    {
        var logged = RemoteLogEvent.TryRead(Term.Tuple(
            new Atom("log"), new Atom("error"), Term.Binary(new string('x', 100_000)), ErlangText.Parse("#{}")))!;
        Assert.Equal((32 << 10) + 3, logged.Message.Length);
    }
}
