using System.Globalization;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Interop.Tests.Fixture;

/// <summary>Programs started by tests, down to their last child.</summary>
[Trait("Ring", "interop")]
public sealed class ChildProcessTests
{
    [Fact]
    public async Task A_program_ends_with_its_children()
    {
        int grandchild;
        await using (var child = ChildProcess.Start(["sh", "-c", "sleep 1000 & echo child $!; wait"]))
        {
            grandchild = int.Parse((await child.WaitForLineAsync("child")).Split(' ')[1], CultureInfo.InvariantCulture);
            Assert.True(Runs(child.Id));
            Assert.True(Runs(grandchild));
        }

        // It is told at once, and gone when the system comes to it.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (Runs(grandchild))
            await Task.Delay(5, patience.Token);
    }

    [Fact]
    public async Task Killing_a_program_spares_its_children_and_does_not_wait_for_them()
    {
        await using var child = ChildProcess.Start(["sh", "-c", "sleep 1000 & echo child $!; wait"]);
        var grandchild = int.Parse((await child.WaitForLineAsync("child")).Split(' ')[1], CultureInfo.InvariantCulture);

        await child.KillAsync();

        Assert.True(child.HasExited);
        Assert.True(Runs(grandchild));
    }

    [Fact]
    public async Task What_a_program_printed_and_how_it_ended_is_known()
    {
        var result = await ChildProcess.RunAsync(
            ["sh", "-c", "cat; echo \"$SAID\"; echo wrong >&2; exit 3"],
            new Dictionary<string, string?> { ["SAID"] = "there" },
            "here\n");

        Assert.Equal(new(3, "here\nthere\n", "wrong\n"), result);
        Assert.Contains("wrong", Assert.Throws<InvalidOperationException>(() => result.Successful).Message);
    }

    [Fact]
    public async Task A_line_that_never_comes_is_reported_with_what_came()
    {
        await using var child = ChildProcess.Start(["sh", "-c", "echo something; exit 4"]);

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => child.WaitForLineAsync("nothing"));

        Assert.Contains("ended with 4 without printing \"nothing\"", failure.Message);
        Assert.Contains("something", failure.Message);
    }

    /// <summary>Whether there is such a process; one that only waits to be collected has ended.</summary>
    private static bool Runs(int id)
    {
        try
        {
            // The state is the first field after the name, which is in parentheses.
            return File.ReadAllText($"/proc/{id}/stat").Split(") ")[1][0] != 'Z';
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }
}
