using System.Collections.Concurrent;
using Enmesh.Web.Status;
using Xunit;

namespace Enmesh.Web.Tests.Status;

[Trait("Ring", "pure")]
public sealed class PeerViewsTests
{
    private readonly ManualTime _time = new();
    private readonly ConcurrentDictionary<NodeName, TaskCompletionSource<IReadOnlyCollection<NodeName>>> _questions = new();
    private NodeName[] _peers = [.. Enumerable.Range(0, 40).Select(number => NodeName.Parse($"n{number:00}@h.x"))];

    [Fact]
    public async Task So_many_are_asked_at_a_time_and_one_that_hangs_only_takes_its_own_place()
    {
        await using var views = Views();
        var round = views.Refresh();
        Assert.Same(round, views.Refresh()); // who looks meanwhile begins no other round
        await UntilAsync(() => _questions.Count == PeerViews.AtATime);
        var hanging = _questions.Keys.First();
        foreach (var question in _questions.Where(one => one.Key != hanging))
            question.Value.SetResult([]);
        await UntilAsync(() =>
        {
            foreach (var question in _questions.Where(one => one.Key != hanging))
                question.Value.TrySetResult([]);
            return views.Known.Count == _peers.Length - 1;
        });
        Assert.False(round.IsCompleted);
        await UntilAsync(() =>
        {
            _time.Move(PeerViews.Patience); // more than once: its clock may only just be wound up
            return round.IsCompleted;
        });
        await round;
        Assert.Null(views.Known[hanging].Sees);
        Assert.Equal("No answer within 2 s.", views.Known[hanging].Problem);
    }

    [Fact]
    public async Task An_answer_holds_for_a_while_and_silence_for_longer()
    {
        _peers = _peers[..2];
        await using var views = Views();
        await AnswerAsync(views, _peers[0], silent: _peers[1]);
        await views.Refresh();
        Assert.Empty(_questions); // nothing is old yet
        _time.Move(PeerViews.Every);
        var second = views.Refresh();
        await UntilAsync(() => !_questions.IsEmpty);
        Assert.Equal([_peers[0]], _questions.Keys);
        _questions[_peers[0]].SetResult([_peers[1]]);
        await second;
        Assert.Equal([_peers[1]], views.Known[_peers[0]].Sees!);
    }

    [Fact]
    public async Task Who_is_gone_is_forgotten()
    {
        _peers = _peers[..2];
        await using var views = Views();
        await AnswerAsync(views, _peers[0], silent: _peers[1]);
        var gone = _peers[0];
        _peers = [];
        await views.Refresh();
        Assert.Empty(views.Known);
        Assert.DoesNotContain(gone, views.Known.Keys);
    }

    [Fact]
    public async Task The_end_waits_for_nobody_who_does_not_answer()
    {
        var views = Views();
        var round = views.Refresh();
        await UntilAsync(() => _questions.Count == PeerViews.AtATime);
        await views.DisposeAsync();
        Assert.True(round.IsCompletedSuccessfully);
        Assert.True(views.Refresh().IsCompleted);
    }

    private PeerViews Views() => new(() => _peers, (peer, _) => (_questions[peer] = new(TaskCreationOptions.RunContinuationsAsynchronously)).Task, _time);

    private async Task AnswerAsync(PeerViews views, NodeName answers, NodeName silent)
    {
        var round = views.Refresh();
        await UntilAsync(() => _questions.ContainsKey(answers) && _questions.ContainsKey(silent));
        _questions[answers].SetResult([]);
        _questions[silent].SetException(new TimeoutException());
        await round;
        _questions.Clear();
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!condition())
            await Task.Delay(TimeSpan.FromMilliseconds(5), limit.Token);
    }
}
