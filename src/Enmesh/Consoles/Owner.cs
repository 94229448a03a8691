using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Enmesh.Consoles;

/// <summary>Whose something is, as the kernel says. Only Linux is asked; elsewhere it is not known.</summary>
internal static partial class Owner
{
    // struct statx of Linux is the same on all of its processors: stx_uid at 20, stx_mode at 28, 256 bytes in all.
    private const int StatxBytes = 256, UserAt = 20, ModeAt = 28;
    private const uint StatxBasic = 0x7ff;
    private const int CurrentDirectory = -100, NoFollow = 0x100;
    private const int TypeOfFile = 0xf000, SocketFile = 0xc000;

    // SOL_SOCKET, SO_PEERCRED: struct ucred { pid, uid, gid }.
    private const int SolSocket = 1, SoPeerCred = 17, CredentialBytes = 12, CredentialUserAt = 4;

    /// <summary>The user whose rights this process has.</summary>
    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    internal static partial uint EffectiveUser();

    /// <summary>Who is at the other end of a Unix domain socket: whoever has connected, or whoever listens. Null when it is not known.</summary>
    internal static uint? OfPeer(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        Span<byte> credentials = stackalloc byte[CredentialBytes];
        socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials);
        return BitConverter.ToUInt32(credentials[CredentialUserAt..]);
    }

    /// <summary>Whose file it is, and whether it is a socket; a symbolic link is looked at itself. Null when it is not known.</summary>
    internal static (uint User, bool IsSocket)? OfFile(string path)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        Span<byte> found = stackalloc byte[StatxBytes];
        if (Statx(CurrentDirectory, path, NoFollow, StatxBasic, ref MemoryMarshal.GetReference(found)) != 0)
            return null;
        var mode = BitConverter.ToUInt16(found[ModeAt..]);
        return (BitConverter.ToUInt32(found[UserAt..]), (mode & TypeOfFile) == SocketFile);
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Statx(int directory, string path, int flags, uint mask, ref byte found);
}
