using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Enmesh.Handshake;

// erl_dist_protocol, "Distribution Handshake", gen_digest():
//   MD5(cookie, the other side's challenge as decimal digits)

/// <summary>The proof that a node knows the cookie. The protocol demands MD5 here, and nothing else uses it.</summary>
internal static class ChallengeDigest
{
    internal const int Bytes = MD5.HashSizeInBytes;

    /// <summary>The digest of a challenge with a cookie.</summary>
    /// <exception cref="ArgumentException">The cookie has a character above U+00FF, which no node accepts.</exception>
    internal static byte[] Compute(string cookie, uint challenge)
    {
        if (cookie.AsSpan().ContainsAnyExceptInRange('\0', 'ÿ'))
            throw new ArgumentException("A cookie has Latin-1 characters only.", nameof(cookie));
        var input = new byte[cookie.Length + 10];
        try
        {
            var length = Encoding.Latin1.GetBytes(cookie, input);
            Utf8Formatter.TryFormat(challenge, input.AsSpan(length), out var digits);
            return MD5.HashData(input.AsSpan(0, length + digits));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(input);
        }
    }

    /// <summary>Whether the digest is that of the challenge with the cookie, in a time that tells nothing.</summary>
    internal static bool Matches(ReadOnlySpan<byte> digest, string cookie, uint challenge) =>
        CryptographicOperations.FixedTimeEquals(digest, Compute(cookie, challenge));
}
