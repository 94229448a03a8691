using Enmesh.Peers;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Enmesh.Tests.Peers;

/// <summary>Those who follow the calls of a node.</summary>
[Trait("Ring", "pure")]
public sealed class HandshakeJournalTests
{
    private readonly HandshakeJournal _journal = new(TimeProvider.System, NullLogger.Instance);

    [Fact]
    public void One_that_fails_ends_no_call_and_is_told_no_more()
    {
        var (failed, told) = (0, new List<string>());
        using var bad = _journal.Follow(_ =>
        {
            failed++;
            throw new InvalidOperationException("it has gone");
        });
        using var good = _journal.Follow(notice => told.Add($"{notice.Call} {notice.Peer} {notice.Text}"));

        var call = _journal.Begin(isIncoming: true, "10.0.0.9:4000");
        call.Connected("tcp 10.0.0.9:4000");
        call.Failed(new IOException("it was closed"));

        Assert.Equal(1, failed);
        Assert.Equal(["1 10.0.0.9:4000 the connection stands (tcp 10.0.0.9:4000)", "1 10.0.0.9:4000 it was closed"], told);
    }

    [Fact]
    public void Who_has_left_is_told_no_more()
    {
        var told = 0;
        var following = _journal.Follow(_ => told++);
        var call = _journal.Begin(isIncoming: false, "a@10.0.0.9");
        call.Connected("tcp");
        following.Dispose();
        following.Dispose();
        call.Failed(new IOException("it was closed"));
        Assert.Equal(1, told);
    }
}
