using Enmesh.Groups;
using Enmesh.Terms;
using Xunit;

namespace Enmesh.Tests.Groups;

/// <summary>
/// The pairs of releases that break each other are found, by asking or by how a scope ends, and named once.
/// </summary>
[Trait("Ring", "pure")]
public sealed class PgReleasesTests
{
    private static readonly Atom Old = new("old@sim");
    private static readonly Atom New = new("new@sim");
    private readonly PgScope _scope = new(new Pid(new Atom("ours@sim"), 1, 0, 1), new PgTable());

    [Fact]
    public void Nobody_is_asked_while_all_speak_the_first_language()
    {
        Assert.DoesNotContain(Discovered(Old, versioned: false), IsAsk);
        Assert.DoesNotContain(Discovered(new Atom("other@sim"), versioned: false), IsAsk);
    }

    [Theory]
    [InlineData(23, true)]
    [InlineData(25, true)]
    [InlineData(26, false)]
    [InlineData(28, false)]
    public void Who_does_not_speak_the_new_language_is_asked_for_its_release_once_somebody_does(
        int release, bool conflicts)
    {
        Discovered(Old, versioned: false);
        Assert.Equal(new PgEffect.AskRelease(Old), Assert.Single(Discovered(New, versioned: true), IsAsk));
        Assert.DoesNotContain(Discovered(New, versioned: true), IsAsk);
        var effects = _scope.Take(new PgEvent.ReleaseKnown(Old, release));
        Assert.Equal(conflicts ? [new PgEffect.Conflict(Old, release, New)] : [], effects);
        // Said once, whatever they do after it.
        Assert.DoesNotContain(Discovered(New, versioned: true), effect => effect is PgEffect.Conflict);
    }

    [Fact]
    public void A_scope_that_crashes_at_the_greeting_gives_its_release_away()
    {
        Discovered(New, versioned: true);
        Discovered(Old, versioned: false);
        var crash = Term.Tuple(
            new Atom("badarg"), Term.List(Term.Tuple(new Atom("pg"), new Atom("handle_info"), 2, Term.Nil)));
        Assert.Equal([new PgEffect.Conflict(Old, null, New)], _scope.Take(new PgEvent.Down(ScopeOf(Old), crash)));
    }

    [Fact]
    public void A_scope_that_ends_otherwise_says_nothing_about_its_release()
    {
        Discovered(New, versioned: true);
        Discovered(Old, versioned: false);
        Assert.Empty(_scope.Take(new PgEvent.Down(ScopeOf(Old), new Atom("noconnection"))));
        Discovered(Old, versioned: false);
        Assert.Empty(_scope.Take(new PgEvent.Down(ScopeOf(Old), new Atom("killed"))));
    }

    [Fact]
    public void A_node_that_comes_back_is_asked_again()
    {
        Discovered(New, versioned: true);
        Assert.Contains(Discovered(Old, versioned: false), IsAsk);
        _scope.Take(new PgEvent.Down(ScopeOf(Old), new Atom("noconnection")));
        _scope.Take(new PgEvent.NodeDown(Old));
        Assert.Contains(Discovered(Old, versioned: false), IsAsk);
    }

    private static Pid ScopeOf(Atom node) => new(node, 5, 0, 1);

    private static bool IsAsk(PgEffect effect) => effect is PgEffect.AskRelease;

    private IReadOnlyList<PgEffect> Discovered(Atom node, bool versioned) =>
        _scope.Take(new PgEvent.Discover(ScopeOf(node), versioned));
}
