using System.Runtime.InteropServices;

namespace Enmesh.Hosting.Ssh;

/// <summary>A user, as the system knows him.</summary>
/// <param name="Name">His name.</param>
/// <param name="Shell">What runs his commands.</param>
internal sealed record UnixAccount(string Name, string Shell);

/// <summary>What the runtime has no words for.</summary>
internal static partial class Unix
{
    private const int SetParentDeathSignal = 1; // PR_SET_PDEATHSIG
    private const int Terminate = 15; // SIGTERM

    /// <summary>The user whose process this is; null when the system has no entry for him. Linux only.</summary>
    internal static UnixAccount? Account()
    {
        var entry = PasswordEntry(EffectiveUser());
        if (entry == 0)
            return null;
        // struct passwd of glibc and musl: name, passwd, uid, gid, gecos, dir, shell.
        var shell = Marshal.ReadIntPtr(entry, (4 * nint.Size) + (2 * sizeof(uint)));
        return new(Marshal.PtrToStringUTF8(Marshal.ReadIntPtr(entry)) ?? "", Marshal.PtrToStringUTF8(shell) ?? "");
    }

    internal static bool IsRoot => EffectiveUser() == 0;

    /// <summary>Has this process end when the one does that has started it. Linux only.</summary>
    /// <returns>Whether it still runs.</returns>
    internal static bool EndWithParent()
    {
        var parent = Parent();
        return Control(SetParentDeathSignal, Terminate, 0, 0, 0) == 0 && parent == Parent() && parent != 1;
    }

    [LibraryImport("libc", EntryPoint = "getpwuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial nint PasswordEntry(uint user);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial uint EffectiveUser();

    [LibraryImport("libc", EntryPoint = "getppid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Parent();

    [LibraryImport("libc", EntryPoint = "prctl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Control(int option, nuint argument2, nuint argument3, nuint argument4, nuint argument5);
}
