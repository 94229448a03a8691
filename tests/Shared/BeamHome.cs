using System.Globalization;
using System.Security.Cryptography;

namespace Enmesh.TestSupport;

/// <summary>
/// A private home directory inside a root, with the cookie where Erlang looks for it and only its owner may read it: a
/// cookie never appears on a command line.
/// </summary>
internal sealed class BeamHome : IDisposable
{
    private readonly string _root;
    private readonly IDisposable _atExit;

    private BeamHome(string root, string name)
    {
        _root = root;
        Inside = $"/tmp/{name}";
        Outside = $"{root}/tmp/{name}";
        _atExit = AtExit.Run($"rm -rf '{Outside}'");
    }

    /// <summary>Its path for programs in the root.</summary>
    internal string Inside { get; }

    /// <summary>Its path for us.</summary>
    internal string Outside { get; }

    /// <summary>The words before a command that make it run in the root.</summary>
    internal IReadOnlyList<string> Enter => ["chroot", _root];

    internal static BeamHome Create(string root, string cookie)
    {
        var home = new BeamHome(root, $"enmesh-{RandomNumberGenerator.GetHexString(12, lowercase: true)}");
        Directory.CreateDirectory(
            home.Outside, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var file = Path.Combine(home.Outside, ".erlang.cookie");
        File.WriteAllText(file, cookie);
        File.SetUnixFileMode(file, UnixFileMode.UserRead);
        return home;
    }

    /// <summary>The environment of a program in the root: nothing of the caller's own Erlang settings.</summary>
    internal Dictionary<string, string?> Environment(int? epmdPort)
    {
        return new(StringComparer.Ordinal)
        {
            ["HOME"] = Inside,
            ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ["LANG"] = "C.UTF-8",
            ["LC_ALL"] = "C.UTF-8",
            ["ERL_CRASH_DUMP"] = "/dev/null",
            ["ERL_EPMD_PORT"] = epmdPort?.ToString(CultureInfo.InvariantCulture),
            ["ERL_EPMD_ADDRESS"] = null,
            ["ERL_DIST_PORT"] = null,
            ["ERL_FLAGS"] = null,
            ["ERL_AFLAGS"] = null,
            ["ERL_ZFLAGS"] = null,
            ["ERL_LIBS"] = null,
        };
    }

    public void Dispose()
    {
        if (Directory.Exists(Outside))
            Directory.Delete(Outside, recursive: true);
        _atExit.Dispose();
    }
}
