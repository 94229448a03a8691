using System.Text;
using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.Terms.Text;
using Xunit;

namespace Enmesh.Tests.Services;

/// <summary>What the IO device answers, and what it writes.</summary>
[Trait("Ring", "pure")]
public sealed class IoRequestTests
{
    [Theory]
    [InlineData("{put_chars,unicode,\"hi\"}", "ok", "hi")]
    [InlineData("{put_chars,unicode,[<<\"a\">>,[\"b\",8364]|<<\"c\">>]}", "ok", "ab€c")]
    [InlineData("{put_chars,latin1,<<246>>}", "ok", "ö")]
    [InlineData("{put_chars,unicode,<<246>>}", "{error,{put_chars,unicode,<<246>>}}", "")]
    [InlineData("{put_chars,latin1,[300]}", "{error,{put_chars,latin1,[300]}}", "")]
    [InlineData("{put_chars,unicode,[55296]}", "{error,{put_chars,unicode,[55296]}}", "")]
    [InlineData("{put_chars,unicode,io_lib,format,[\"~p ~ts\",[{a},[8364]]]}", "ok", "{a} €")]
    [InlineData("{put_chars,latin1,io_lib,format,[\"~ts\",[[8364]]]}", "{error,{put_chars,latin1,[8364]}}", "")]
    [InlineData("{put_chars,unicode,io_lib,format,[\"~p\",[]]}", "{error,format}", "")]
    [InlineData("{put_chars,unicode,io_lib,write,[[1]]}", "ok", "[1]")]
    [InlineData("{put_chars,unicode,os,cmd,[\"id\"]}", "{error,cmd}", "")]
    [InlineData("{put_chars,\"old\"}", "ok", "old")]
    [InlineData("{put_chars,io_lib,format,[\"~w\",[b]]}", "ok", "b")]
    [InlineData("{requests,[{put_chars,unicode,\"a\"},{put_chars,unicode,\"b\"}]}", "ok", "ab")]
    [InlineData("{requests,[{put_chars,unicode,\"a\"},nonsense,{put_chars,unicode,\"b\"}]}", "{error,request}", "a")]
    [InlineData("{requests,[]}", "ok", "")]
    [InlineData("{requests,[a|b]}", "{error,request}", "")]
    [InlineData("{get_line,unicode,\"> \"}", "eof", "")]
    [InlineData("{get_chars,unicode,\"> \",3}", "eof", "")]
    [InlineData("{get_until,unicode,\"> \",io_lib,fread,[\"~d\"]}", "eof", "")]
    [InlineData("{get_password,unicode}", "{error,enotsup}", "")]
    [InlineData("{get_geometry,columns}", "80", "")]
    [InlineData("{get_geometry,rows}", "24", "")]
    [InlineData("{setopts,[binary,{encoding,latin1}]}", "ok", "")]
    [InlineData("{setopts,[{foo,bar}]}", "{error,enotsup}", "")]
    [InlineData("{}", "{error,request}", "")]
    [InlineData("7", "{error,request}", "")]
    public void A_request_is_answered(string request, string reply, string text)
    {
        var written = new StringBuilder();
        Assert.Equal(
            reply, new IoRequests(new(), static () => (80, 24)).Handle(ErlangText.Parse(request), written) is var answer
            ? ErlangText.Print(answer, ErlangPrintOptions.Write) : "");
        Assert.Equal(text, written.ToString());
    }

    [Fact]
    public void Options_that_are_set_are_told()
    {
        var device = new IoRequests(new(), static () => null);
        Assert.Contains("{binary,false},{encoding,unicode},{terminal,false}", Ask("getopts"), StringComparison.Ordinal);
        Assert.Equal("ok", Ask("{setopts,[{binary,true},{encoding,latin1}]}"));
        Assert.Equal("{error,enotsup}", Ask("{setopts,[{encoding,unicode},{no,way}]}"));
        Assert.Contains("{binary,true},{encoding,latin1}", Ask("getopts"), StringComparison.Ordinal);
        Assert.Equal("{error,enotsup}", Ask("{get_geometry,columns}"));

        string Ask(string request) => device.Handle(ErlangText.Parse(request), new()).ToString();
    }

    [Fact]
    public void Requests_within_requests_end_somewhere()
    {
        var request = Term.Tuple(new Atom("put_chars"), new Atom("unicode"), Term.CharList("x"));
        for (var i = 0; i < 100; i++)
            request = Term.Tuple(new Atom("requests"), Term.List(request));
        Assert.Equal("{error,request}", new IoRequests(new(), static () => null).Handle(request, new()).ToString());
    }

    [Fact]
    public void What_is_no_request_is_told_apart()
    {
        var pid = new Pid(new Atom("a@b"), 1, 2, 3);
        Assert.True(IoRequests.TryRead(
            Term.Tuple(new Atom("io_request"), pid, 7, new Atom("getopts")), out var from, out var replyAs,
            out var request));
        Assert.Equal((pid, "7", "getopts"), (from, replyAs.ToString(), request.AtomText));
        Assert.Equal("{io_reply,7,ok}", IoRequests.Reply(replyAs, Atoms.Ok).ToString());
        foreach (var other in new[] { "{io_request,x,7,getopts}", "{io_reply,7,ok}", "io_request", "{io_request,1,2}" })
            Assert.False(IoRequests.TryRead(ErlangText.Parse(other), out _, out _, out _));
    }
}
