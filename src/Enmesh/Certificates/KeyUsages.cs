namespace Enmesh.Certificates;

/// <summary>Extended key usages (RFC 5280, 4.2.1.12): a node needs both.</summary>
internal static class KeyUsages
{
    /// <summary>For being called.</summary>
    internal const string ServerAuth = "1.3.6.1.5.5.7.3.1";

    /// <summary>For dialling.</summary>
    internal const string ClientAuth = "1.3.6.1.5.5.7.3.2";
}
