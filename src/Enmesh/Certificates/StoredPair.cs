using System.Security.Cryptography.X509Certificates;

namespace Enmesh.Certificates;

/// <summary>A chain that lies in a file, with what is to be known about it.</summary>
internal sealed class StoredPair : IDisposable
{
    private StoredPair(IReadOnlyList<X509Certificate2> chain, CertificateNames names)
    {
        Chain = chain;
        Names = names;
    }

    /// <summary>The certificate, then what has signed it.</summary>
    public IReadOnlyList<X509Certificate2> Chain { get; }

    /// <summary>The certificate itself.</summary>
    public X509Certificate2 Leaf => Chain[0];

    /// <summary>Whom it names.</summary>
    public CertificateNames Names { get; }

    /// <summary>Reads a chain, and the key if there is to be one.</summary>
    /// <param name="chainPem">The text of the chain.</param>
    /// <param name="chainPlace">Where it is from.</param>
    /// <param name="keyPem">The text with the key; null when nobody looks at it.</param>
    /// <param name="keyPlace">Where it is from.</param>
    /// <exception cref="CertificateException">One of them cannot be read, or they do not belong together.</exception>
    public static StoredPair Parse(string chainPem, string chainPlace, string? keyPem = null, string keyPlace = "")
    {
        var chain = PemText.Certificates(chainPem, chainPlace);
        try
        {
            if (keyPem is not null)
            {
                using var key = CertificateKey.FromPem(keyPem, keyPlace);
                if (!key.IsOf(chain[0]))
                    throw new CertificateException($"The private key in {keyPlace} is not that of the first certificate in {chainPlace}: the two do not belong together.");
            }
            return new(chain, CertificateNames.Of(chain[0]));
        }
        catch
        {
            // Whatever it was, nobody gets these.
            Release(chain);
            throw;
        }
    }

    /// <summary>The pair in a directory as cert-manager and Kubernetes lay it out; null when there is none.</summary>
    /// <exception cref="CertificateException">There is something, and it is no pair.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static StoredPair? Find(string directory)
    {
        // Both through one look at the link, so that they are of one set.
        var current = CertificateDirectory.Current(directory);
        var (chain, key) = (Path.Combine(current, CertificateDirectory.CertificateFile), Path.Combine(current, CertificateDirectory.KeyFile));
        if (!File.Exists(chain) && !File.Exists(key))
            return null;
        return File.Exists(chain) && File.Exists(key)
            ? Parse(File.ReadAllText(chain), chain, File.ReadAllText(key), key)
            : throw new CertificateException($"Of {chain} and {key} only one is there.");
    }

    /// <inheritdoc/>
    public void Dispose() => Release(Chain);

    private static void Release(IReadOnlyList<X509Certificate2> chain)
    {
        foreach (var one in chain)
            one.Dispose();
    }
}
