using Enmesh.TestSupport;

namespace Enmesh.SystemTests.Ssh;

/// <summary>
/// What a container is to the programs in it: the root of a Debian that cannot be written, a user of its own with an entry in passwd, a devpts whose terminals
/// are the group tty's, memory for <c>/tmp</c> and <c>/run</c>, <c>/srv</c> mounted from a directory, the command in <c>/opt</c>.
/// </summary>
internal static class Container
{
    internal const int User = 10_000;

    private const string Script = """
        root=$1 pod=$2 program=$3 sdk=$4
        shift 4
        at=$pod/root
        mkdir -p "$at"
        rm -rf "$pod/opt"
        mount --bind "$root" "$at"
        mount -t tmpfs -o mode=1777 tmpfs "$at/tmp"
        mount -t tmpfs -o mode=755 tmpfs "$at/run"
        mkdir -m 1777 "$at/run/enmesh"
        mount -t proc proc "$at/proc"
        mount -t tmpfs -o mode=755 tmpfs "$at/dev"
        mkdir "$at/dev/pts"
        mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$at/dev/pts"
        ln -s pts/ptmx "$at/dev/ptmx"
        for device in null zero random urandom tty; do touch "$at/dev/$device"; mount --bind "/dev/$device" "$at/dev/$device"; done
        mount --bind "$pod/passwd" "$at/etc/passwd"
        mount --bind "$pod/etc" "$at/srv"
        cp -R "$program" "$pod/opt"
        chmod -R a+rX "$pod/opt"
        mount --bind "$pod/opt" "$at/opt"
        mount --bind "$sdk" "$at/mnt"
        mount -o remount,bind,ro "$at"
        exec env -i PATH=/usr/sbin:/usr/bin:/bin HOME=/tmp DOTNET_ROOT=/mnt DOTNET_EnableDiagnostics=0 "$@"
        """;

    /// <summary>The file <c>passwd</c> of its directory.</summary>
    internal static string Users => $"root:x:0:0::/root:/bin/sh\nenmesh:x:{User}:{User}::/tmp:/bin/sh\n";

    /// <summary>The words before a command that put it there, variables first, still as root: <see cref="As"/> comes next.</summary>
    /// <param name="root">The root.</param>
    /// <param name="directory">A directory with <c>passwd</c> and <c>etc</c>, which is mounted as <c>/srv</c>.</param>
    internal static string[] Enter(string root, string directory)
    {
        var current = File.ReadAllText(Repository.PathTo("artifacts", "enmesh", "current")).Trim().Split(' ', 2);
        return
        [
            "unshare", "--mount", "sh", "-euc", Script, "contain", root, directory,
            Repository.PathTo("artifacts", "enmesh", current[0]), current[1],
        ];
    }

    /// <summary>The words that make it the user's.</summary>
    internal static string[] As(string directory) => ["chroot", $"--userspec={User}:{User}", $"{directory}/root"];
}
