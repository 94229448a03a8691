using System.Diagnostics;
using Enmesh.Files;
using Enmesh.Testing;
using Xunit;

namespace Enmesh.Tests.Files;

[Trait("Ring", "loopback")]
public sealed class FileWatchTests : IDisposable
{
    private static readonly TimeSpan FarOff = TimeSpan.FromSeconds(60);
    private readonly string _directory = Directory.CreateTempSubdirectory("enmesh-watch-").FullName;
    private readonly VirtualTime _time = new();
    private readonly SemaphoreSlim _noticed = new(0);

    private string Watched => Path.Combine(_directory, "cookie");

    public void Dispose()
    {
        _noticed.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Every_way_in_which_a_file_changes_is_told_at_once()
    {
        using var watch = Watch(Watched);
        await File.WriteAllTextAsync(Watched, "one");
        await NoticedAsync();
        var other = Path.Combine(_directory, "new");
        await File.WriteAllTextAsync(other, "two");
        Drain();
        File.Move(other, Watched, overwrite: true);
        await NoticedAsync();
        Drain();
        File.Delete(Watched);
        await NoticedAsync();
    }

    [Fact]
    public async Task A_volume_of_kubernetes_that_is_swapped_is_told_at_once()
    {
        MakeVolume("one");
        using var watch = Watch(Watched);
        Swap("two");
        await NoticedAsync();
    }

    [Fact]
    public async Task Nobody_is_told_of_other_files()
    {
        var tooEarly = 0;
        using var watch = new FileWatch(
            [Watched],
            () =>
            {
                if (!File.Exists(Watched))
                    tooEarly++;
                _noticed.Release();
            },
            _time);
        await File.WriteAllTextAsync(Path.Combine(_directory, "other"), "one");
        _time.Advance(FileWatch.LookEvery);
        await File.WriteAllTextAsync(Watched, "one");
        await NoticedAsync();
        Assert.Equal(0, tooEarly);
    }

    [Fact]
    public async Task A_directory_that_comes_later_is_found_by_looking()
    {
        var late = Path.Combine(_directory, "later", "cookie");
        using var watch = Watch(late);
        Directory.CreateDirectory(Path.GetDirectoryName(late)!);
        await File.WriteAllTextAsync(late, "one");
        Assert.Equal(0, _noticed.CurrentCount);
        _time.Advance(FileWatch.LookEvery);
        await NoticedAsync();
        Drain();
        await File.WriteAllTextAsync(late, "two"); // from here on the system tells
        await NoticedAsync();
    }

    [Fact]
    public async Task What_the_system_does_not_tell_is_found_by_looking()
    {
        // The link's own directory is watched, and nothing happens there.
        var elsewhere = Directory.CreateDirectory(Path.Combine(_directory, "elsewhere")).FullName;
        await File.WriteAllTextAsync(Path.Combine(elsewhere, "cookie"), "one");
        File.CreateSymbolicLink(Watched, Path.Combine(elsewhere, "cookie"));
        using var watch = Watch(Watched);
        await File.WriteAllTextAsync(Path.Combine(elsewhere, "cookie"), "longer than before");
        _time.Advance(FileWatch.LookEvery);
        await NoticedAsync();
        _time.Advance(FileWatch.LookEvery);
        Assert.Equal(0, _noticed.CurrentCount);
    }

    [Fact]
    public async Task After_the_end_nobody_is_told()
    {
        var watch = Watch(Watched);
        watch.Dispose();
        await File.WriteAllTextAsync(Watched, "one");
        _time.Advance(FileWatch.LookEvery * 2);
        Assert.Equal(0, _noticed.CurrentCount);
    }

    private FileWatch Watch(string file) => new([file], () => _noticed.Release(), _time);

    private void MakeVolume(string text)
    {
        Fill("first", text);
        File.CreateSymbolicLink(Path.Combine(_directory, "..data"), "first");
        File.CreateSymbolicLink(Watched, Path.Combine("..data", "cookie"));
    }

    private void Swap(string text)
    {
        Fill("second", text);
        File.CreateSymbolicLink(Path.Combine(_directory, "..data_tmp"), "second");
        // A rename over the old link, as the kubelet does it; File.Move takes no link to a directory.
        using var mv = Process.Start("mv", ["-T", Path.Combine(_directory, "..data_tmp"), Path.Combine(_directory, "..data")]);
        mv.WaitForExit();
        Assert.Equal(0, mv.ExitCode);
    }

    private void Fill(string name, string text) => File.WriteAllText(
        Path.Combine(Directory.CreateDirectory(Path.Combine(_directory, name)).FullName, "cookie"), text);

    private async Task NoticedAsync() => Assert.True(await _noticed.WaitAsync(FarOff));

    private void Drain()
    {
        while (_noticed.Wait(0))
        {
            // What the step before has brought about.
        }
    }
}
