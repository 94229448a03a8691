using System.Runtime.Versioning;

// Debian roots, network namespaces, processes by id: these tests are for Linux.
[assembly: SupportedOSPlatform("linux")]
