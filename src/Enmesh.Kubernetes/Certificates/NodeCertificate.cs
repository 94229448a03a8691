namespace Enmesh.Kubernetes.Certificates;

/// <summary>The certificate that a node has, or just got.</summary>
/// <param name="Host">The host part it was asked for.</param>
/// <param name="Names">Whom it names, in words.</param>
/// <param name="Serial">Its serial number.</param>
/// <param name="NotBefore">From when on it is valid.</param>
/// <param name="NotAfter">Until when it is valid.</param>
/// <param name="IsNew">Whether it was just issued; else the one that was there was kept.</param>
public sealed record NodeCertificate(
    string Host, string Names, string Serial, DateTimeOffset NotBefore, DateTimeOffset NotAfter, bool IsNew)
{
    /// <summary>From when on it is to be renewed: two thirds of its life.</summary>
    public DateTimeOffset RenewFrom => NotBefore + ((NotAfter - NotBefore) * 2 / 3);
}
