using Microsoft.Extensions.Logging;

namespace Enmesh.Tls;

/// <summary>What a node's settings make of TLS.</summary>
/// <param name="Files">Where the certificates are.</param>
/// <param name="Identity">Which of them may call as whom.</param>
internal sealed record TlsSetup(TlsFiles Files, TlsIdentity Identity)
{
    /// <summary>Whether the keys of all TLS of this process are written to a file.</summary>
    internal bool KeyLog { get; init; }

    /// <inheritdoc cref="TlsOptions.RenewLinksWithin"/>
    internal TimeSpan? RenewLinksWithin { get; init; }

    /// <summary>Reads the settings; null when TLS is not wanted.</summary>
    /// <exception cref="TlsSettingsException">The option file cannot be used.</exception>
    internal static TlsSetup? From(TlsOptions options)
    {
        if (!options.IsOn)
            return null;
        var identity = new TlsIdentity([.. options.AllowedNames], [.. options.ToolNames]);
        string[] lists = [.. options.CrlFiles.Select(Path.GetFullPath)];
        if (options.OptionFile is { } file)
            return new(OptionFile.Read(file, lists), identity) { KeyLog = options.KeyLog, RenewLinksWithin = options.RenewLinksWithin };
        var role = new TlsRoleFiles(
            Path.GetFullPath(options.CertificateFile!), Path.GetFullPath(options.KeyFile ?? options.CertificateFile!),
            Path.GetFullPath(options.CaFile!), lists);
        return new(new TlsFiles(role, role), identity) { KeyLog = options.KeyLog, RenewLinksWithin = options.RenewLinksWithin };
    }

    /// <summary>Reads the files once.</summary>
    /// <exception cref="TlsSettingsException">They cannot be used.</exception>
    internal void Check(TimeProvider time)
    {
        TlsMaterial.Load(Files.Server, time.GetUtcNow());
        if (!Files.Client.Equals(Files.Server))
            TlsMaterial.Load(Files.Client, time.GetUtcNow());
    }

    /// <summary>Begins to keep the certificates.</summary>
    /// <exception cref="TlsSettingsException">They cannot be used.</exception>
    internal TlsSource Open(TimeProvider time, ILogger logger)
    {
        if (KeyLog)
            LogKeys(logger);
        return new(Files, time, logger);
    }

    // The runtime looks at the switch once, before the first handshake of the process.
    private static void LogKeys(ILogger logger)
    {
        if (Environment.GetEnvironmentVariable("SSLKEYLOGFILE") is not { Length: > 0 } file)
            throw new TlsSettingsException("KeyLog: SSLKEYLOGFILE names no file to write the keys to.");
        AppContext.SetSwitch("System.Net.EnableSslKeyLogging", true);
        logger.TlsKeysLogged(file);
    }
}
