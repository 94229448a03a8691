using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Enmesh.Discovery;

/// <summary>
/// Our own packets, which prove that their sender knows the secret, and that they were made a moment ago and are seen
/// for the first time.
/// </summary>
/// <remarks>
/// <para>Layout: 8 bytes <c>enmesh</c>, 0, 1 | 16 bytes sender, random for each start of a node | u64 counter |
/// encrypted: i64 milliseconds since 1970, the name in UTF-8 | 16 bytes tag. Numbers are big-endian; the first 32 bytes
/// are authenticated with the rest.</para>
/// <para>Key: HKDF-SHA256 of the secret with the sender as salt. So every start of a node has a key of its own, and the
/// counter can be the nonce of AES-256-GCM: no two packets share both.</para>
/// <para>Against packets that are sent again: for each sender the highest counter is remembered, and which of the 63
/// before it were seen (as in IPsec, RFC 4303 section 3.4.3). A sender that was silent for twice the allowed difference
/// of clocks is forgotten; its packets are too old by then.</para>
/// </remarks>
internal sealed class SealedCodec : IGossipCodec
{
    internal const int MaxSenders = 4096;

    private const int SenderBytes = 16;
    private const int HeadBytes = 8 + SenderBytes + 8;
    private const int TimeBytes = 8;
    private const int TagBytes = 16;
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;

    private readonly byte[][] _secrets;
    private readonly TimeProvider _time;
    private readonly long _skew;
    private readonly byte[] _sender;
    private readonly byte[] _key;
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Window> _windows = [];
    private ulong _counter;

    /// <param name="secrets">The first seals, each is tried on what comes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="skew">How far the clocks of two nodes may differ.</param>
    /// <param name="sender">For tests: what is random otherwise.</param>
    internal SealedCodec(IReadOnlyList<byte[]> secrets, TimeProvider time, TimeSpan skew, byte[]? sender = null)
    {
        _secrets = [.. secrets];
        _time = time;
        _skew = (long)skew.TotalMilliseconds;
        _sender = sender ?? RandomNumberGenerator.GetBytes(SenderBytes);
        _key = KeyOf(_secrets[0], _sender);
    }

    private static ReadOnlySpan<byte> Magic => "enmesh\0\u0001"u8;

    private static UTF8Encoding Strict { get; } = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <inheritdoc/>
    public byte[] Write(NodeName node)
    {
        var name = node.Atom.Utf8;
        var plain = new byte[TimeBytes + name.Length];
        BinaryPrimitives.WriteInt64BigEndian(plain, Now());
        name.CopyTo(plain.AsSpan(TimeBytes));
        var packet = new byte[HeadBytes + plain.Length + TagBytes];
        Magic.CopyTo(packet);
        _sender.CopyTo(packet, Magic.Length);
        BinaryPrimitives.WriteUInt64BigEndian(packet.AsSpan(HeadBytes - 8), Interlocked.Increment(ref _counter));
        Span<byte> nonce = stackalloc byte[NonceBytes];
        WriteNonce(packet, nonce);
        using var gcm = new AesGcm(_key, TagBytes);
        gcm.Encrypt(
            nonce, plain, packet.AsSpan(HeadBytes, plain.Length), packet.AsSpan(HeadBytes + plain.Length),
            packet.AsSpan(0, HeadBytes));
        return packet;
    }

    /// <inheritdoc/>
    public GossipRefusal Read(ReadOnlySpan<byte> packet, out NodeName? node)
    {
        node = null;
        if (packet.Length is <= HeadBytes + TimeBytes + TagBytes or > IGossipCodec.MaxBytes || !packet.StartsWith(Magic))
            return GossipRefusal.Foreign;
        Span<byte> plain = stackalloc byte[packet.Length - HeadBytes - TagBytes];
        if (!TryOpen(packet, plain))
            return GossipRefusal.OtherSecret;
        var now = Now();
        var made = BinaryPrimitives.ReadInt64BigEndian(plain);
        if (made < now - _skew || made > now + _skew)
            return GossipRefusal.WrongTime;
        var sender = new Guid(packet.Slice(Magic.Length, SenderBytes));
        if (!IsNew(sender, BinaryPrimitives.ReadUInt64BigEndian(packet[(HeadBytes - 8)..]), now))
            return GossipRefusal.Replayed;
        return TryReadName(plain[TimeBytes..], out node) ? GossipRefusal.None : GossipRefusal.Malformed;
    }

    private static byte[] KeyOf(byte[] secret, ReadOnlySpan<byte> sender)
    {
        var key = new byte[KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, key, sender, "enmesh gossip 1"u8);
        return key;
    }

    private static void WriteNonce(ReadOnlySpan<byte> packet, Span<byte> nonce)
    {
        nonce.Clear();
        packet.Slice(HeadBytes - 8, 8).CopyTo(nonce[(NonceBytes - 8)..]);
    }

    private static bool TryReadName(ReadOnlySpan<byte> bytes, out NodeName? node)
    {
        node = null;
        try
        {
            return NodeName.TryParse(Strict.GetString(bytes), out node);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private bool TryOpen(ReadOnlySpan<byte> packet, Span<byte> plain)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        WriteNonce(packet, nonce);
        foreach (var secret in _secrets)
        {
            using var gcm = new AesGcm(KeyOf(secret, packet.Slice(Magic.Length, SenderBytes)), TagBytes);
            try
            {
                gcm.Decrypt(nonce, packet[HeadBytes..^TagBytes], packet[^TagBytes..], plain, packet[..HeadBytes]);
                return true;
            }
            catch (AuthenticationTagMismatchException)
            {
                // Another secret, or a packet that was changed on its way; the next secret may open it.
            }
        }
        return false;
    }

    private bool IsNew(Guid sender, ulong counter, long now)
    {
        // Each socket is read by a loop of its own.
        lock (_lock)
        {
            if (!_windows.TryGetValue(sender, out var window))
            {
                MakeRoom(now);
                _windows.Add(sender, new Window(counter, 1, now));
                return true;
            }
            var next = window.Take(counter, now);
            if (next is { } taken)
                _windows[sender] = taken;
            return next is not null;
        }
    }

    private void MakeRoom(long now)
    {
        foreach (var (sender, window) in _windows)
        {
            if (now - window.LastHeard > _skew * 2)
                _windows.Remove(sender);
        }
        // Only who knows the secret can get us here. The one that is forgotten could be repeated, for as long as the
        // clocks may differ.
        if (_windows.Count >= MaxSenders)
            _windows.Remove(_windows.MinBy(pair => pair.Value.LastHeard).Key);
    }

    /// <param name="Highest">The highest counter that came.</param>
    /// <param name="Seen">Bit N is set when the counter N below it came.</param>
    /// <param name="LastHeard">When, in milliseconds since 1970.</param>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Window(ulong Highest, ulong Seen, long LastHeard)
    {
        private const int Width = 64;

        /// <returns>The window with the counter in it; null when it was taken before, or is too old to tell.</returns>
        internal Window? Take(ulong counter, long now)
        {
            if (counter > Highest)
            {
                var ahead = counter - Highest;
                return new Window(counter, ahead >= Width ? 1 : Seen << (int)ahead | 1, now);
            }
            var behind = Highest - counter;
            return behind >= Width || (Seen >> (int)behind & 1) != 0
                ? null
                : this with { Seen = Seen | 1UL << (int)behind, LastHeard = now };
        }
    }
}
