using System.Runtime.Versioning;

// kubectl runs in a Debian root; the analyzers are told so once.
[assembly: SupportedOSPlatform("linux")]
