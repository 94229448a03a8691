using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Enmesh.Wire;

namespace Enmesh.Tests.Wire;

/// <summary>One line of frames.jsonl: a frame between a real node and a hand-written peer.</summary>
internal sealed class RecordedFrame
{
    private RecordedFrame(JsonElement line)
    {
        Otp = line.GetProperty("otp").GetInt32();
        Scenario = line.Text("scenario");
        Mode = line.Text("mode");
        Flags = (DistributionFlags)Convert.ToUInt64(line.Text("flags"), 16);
        Number = line.GetProperty("n").GetInt32();
        FromBeam = line.Text("dir") == "beam>us";
        Operation = line.Text("op");
        Control = line.Text("ctl");
        Message = line.Text("msg");
        IsUndecoded = line.TryGetProperty("undecoded", out _);
        if (line.TryGetProperty("fragment", out var fragment))
        {
            Fragment = (ulong.Parse(fragment.Text("seq"), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                fragment.GetProperty("id").GetUInt64());
        }
        if (line.TryGetProperty("atoms", out var atoms))
            Atoms = [.. atoms.EnumerateArray().Select(a => a.Text("atom"))];
        Bytes = Whole(line);
    }

    internal static IReadOnlyList<RecordedFrame> All { get; } =
        [.. VectorFile.Lines("frames.jsonl").Where(l => l.TryGetProperty("n", out _)).Select(l => new RecordedFrame(l))];

    internal int Otp { get; }

    internal string Scenario { get; }

    internal string Mode { get; }

    internal DistributionFlags Flags { get; }

    internal int Number { get; }

    internal bool FromBeam { get; }

    internal string Operation { get; }

    internal string Control { get; }

    internal string Message { get; }

    internal bool IsUndecoded { get; }

    internal (ulong Sequence, ulong Number)? Fragment { get; }

    internal string[]? Atoms { get; }

    /// <summary>With the length in front.</summary>
    internal byte[] Bytes { get; }

    internal ReadOnlySpan<byte> Frame => Bytes.AsSpan(4);

    internal string Receiver => FromBeam ? "fake@127.0.0.1" : "beam@127.0.0.1";

    /// <summary>The frames of one connection, in order.</summary>
    internal static IReadOnlyList<IReadOnlyList<RecordedFrame>> Connections { get; } = [.. ByConnection()];

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"OTP {Otp}, {Scenario} ({Mode}), frame {Number} {(FromBeam ? "from" : "to")} the node");

    private static IEnumerable<IReadOnlyList<RecordedFrame>> ByConnection()
    {
        var connection = new List<RecordedFrame>();
        foreach (var frame in All)
        {
            var first = connection.FirstOrDefault();
            if (first is not null && (frame.Number == 0 || frame.Scenario != first.Scenario || frame.Otp != first.Otp || frame.Mode != first.Mode))
            {
                yield return connection;
                connection = [];
            }
            connection.Add(frame);
        }
        yield return connection;
    }

    // The middle of a long frame is left out: it goes on as it began, with a period of 16 bytes or counting up.
    private static byte[] Whole(JsonElement line)
    {
        if (line.TryGetProperty("hex", out var hex))
            return Convert.FromHexString(hex.GetString()!);
        var bytes = new byte[4 + line.GetProperty("len").GetInt32()];
        var head = Convert.FromHexString(line.Text("head_hex"));
        var tail = Convert.FromHexString(line.Text("tail_hex"));
        head.CopyTo(bytes, 0);
        foreach (var (period, step) in ((int, int)[])[(16, 0), (1, 1)])
        {
            for (var i = head.Length; i < bytes.Length; i++)
                bytes[i] = (byte)(bytes[i - period] + step);
            tail.CopyTo(bytes, bytes.Length - tail.Length);
            if (Convert.ToHexStringLower(SHA256.HashData(bytes)) == line.Text("sha256"))
                return bytes;
        }
        throw new InvalidDataException("An abridged frame could not be rebuilt: " + line);
    }
}

/// <summary>Frames that a real node refuses, or would; and at which point we do.</summary>
internal static class RecordedRefusals
{
    private static readonly (string Scenario, int Number)[] Frames =
    [
        ("we write cache entries", 8),
        ("bad fragments: fragment of an unknown sequence", 0),
        ("bad fragments: last fragment missing, then the same sequence id again", 1),
        ("bad fragments: fragment ids with a gap", 1),
        ("bad fragments: fragment id counting up", 2),
        ("bad fragments: control message split over fragments", 0),
        ("nodedown: we send garbage", 5),
        ("odd frames: garbage", 0),
        ("odd frames: garbage on header connection", 0),
        ("odd frames: p frame on a header connection", 0),
        ("odd frames: header frame on a pass-through connection", 0),
        ("odd frames: control message is not a tuple", 0),
        ("odd frames: control tuple of wrong size", 0),
        ("odd frames: unknown control operation 99", 0),
        ("odd frames: UNLINK_ID with id 0", 0),
    ];

    private static readonly string[] Payloads =
    [
        "atom, invalid UTF-8", "atom of 256 characters", "NaN", "ref 6 words", "map with a repeated key",
        "compressed inner term",
        "compressed payload to a live process", "BIT_BINARY with 0 bits", "odd frames: payload term broken",
        "odd frames: trailing bytes after the payload", "odd frames: REG_SEND without payload",
    ];

    internal static bool RefusesFrame(this RecordedFrame frame) =>
        !frame.FromBeam && Frames.Contains((frame.Scenario, frame.Number));

    internal static bool RefusesPayload(this RecordedFrame frame) =>
        !frame.FromBeam && frame.Number == 0 && Payloads.Any(p => frame.Scenario.Contains(p, StringComparison.Ordinal));
}
