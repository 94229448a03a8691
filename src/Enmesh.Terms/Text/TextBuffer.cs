using System.Globalization;
using System.Text;

namespace Enmesh.Terms.Text;

/// <summary>Characters that grow at the end, up to a limit; what comes after the limit is dropped.</summary>
internal sealed class TextBuffer(int limit)
{
    /// <summary>What stands for something left out.</summary>
    internal const string Dots = "...";

    private char[] _chars = new char[Math.Min(limit, 256)];
    private int _uncounted;

    internal int Limit { get; } = limit;

    internal int Length { get; private set; }

    /// <summary>Whether something was dropped.</summary>
    internal bool IsCut { get; private set; }

    /// <summary>How much more fits.</summary>
    internal int Room => Limit - Length;

    /// <summary>
    /// How many characters there are as far as widths go, if <see cref="Count"/> was called for all text.
    /// </summary>
    internal int Width => Length - _uncounted;

    internal ReadOnlySpan<char> Slice(int start, int end) => _chars.AsSpan(start, end - start);

    internal void Append(char c)
    {
        if (Reserve(1) == 1)
            _chars[Length++] = c;
    }

    internal void Append(ReadOnlySpan<char> text)
    {
        var length = Reserve(text.Length);
        text[..length].CopyTo(_chars.AsSpan(Length));
        Length += length;
    }

    internal void AppendSpaces(int count)
    {
        var length = Reserve(count);
        _chars.AsSpan(Length, length).Fill(' ');
        Length += length;
    }

    internal void AppendCharacter(int codePoint)
    {
        if (codePoint < 0x10000)
        {
            Append((char)codePoint);
            return;
        }
        Span<char> pair = stackalloc char[2];
        new Rune(codePoint).EncodeToUtf16(pair);
        Append(pair);
    }

    internal void AppendNumber<T>(T number, ReadOnlySpan<char> format = default)
        where T : ISpanFormattable
    {
        Span<char> digits = stackalloc char[40];
        number.TryFormat(digits, out var written, format, CultureInfo.InvariantCulture);
        Append(digits[..written]);
    }

    /// <summary>Counts the characters of what was appended from a place on, where that is not their number.</summary>
    internal void Count(int start) => _uncounted += Length - start - WidthOf(Slice(start, Length));

    /// <summary>
    /// Takes back everything from a place on, for which <see cref="Count"/> must not have been called.
    /// </summary>
    internal void Truncate(int length)
    {
        Length = length;
        IsCut = false;
    }

    /// <summary>
    /// The number of characters as <c>io_lib:chars_length/1</c> counts them: of grapheme clusters when there is
    /// something beyond Latin-1, else simply of characters.
    /// </summary>
    internal static int WidthOf(ReadOnlySpan<char> text)
    {
        if (!text.ContainsAnyExceptInRange('\0', '\u00FF'))
            return text.Length;
        var count = 0;
        for (; !text.IsEmpty; count++)
            text = text[StringInfo.GetNextTextElementLength(text)..];
        return count;
    }

    /// <summary>Notes that something was dropped before it came here.</summary>
    internal void Cut() => IsCut = true;

    /// <summary>The text, which ends in <c>...</c> where something was dropped.</summary>
    public override string ToString()
    {
        if (!IsCut)
            return new string(_chars, 0, Length);
        var kept = Math.Max(0, Length - Dots.Length);
        if (kept > 0 && char.IsHighSurrogate(_chars[kept - 1]))
            kept--;
        return string.Concat(_chars.AsSpan(0, kept), Dots.AsSpan(0, Math.Min(Dots.Length, Limit)));
    }

    /// <summary>Makes room for as much of the length as the limit allows, which it returns.</summary>
    private int Reserve(int length)
    {
        if (length > Room)
        {
            length = Room;
            IsCut = true;
        }
        if (length > _chars.Length - Length)
            Array.Resize(ref _chars, (int)Math.Min(Limit, Math.Max((long)Length + length, _chars.Length * 2L)));
        return length;
    }
}
