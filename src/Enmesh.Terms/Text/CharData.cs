using System.Globalization;
using System.Text;

namespace Enmesh.Terms.Text;

/// <summary>What the binaries and integers in chardata are.</summary>
internal enum CharEncoding
{
    /// <summary>Bytes that are characters: <c>iodata</c>.</summary>
    Latin1,

    /// <summary>Characters, and binaries in UTF-8.</summary>
    Utf8,

    /// <summary>The same, but a binary that is no UTF-8 is Latin-1, as <c>~ts</c> takes it.</summary>
    Utf8OrLatin1,
}

/// <summary>Text as Erlang passes it around: characters and binaries in lists within lists.</summary>
internal static class CharData
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Appends the text of a deep list or a binary.</summary>
    /// <exception cref="FormatException">It is no such thing, or longer than the limit.</exception>
    internal static void Append(StringBuilder output, Term data, CharEncoding encoding, int limit = int.MaxValue)
    {
        var stack = new Stack<(ListTerm List, int Next)>();
        Enter(data);
        while (stack.TryPop(out var level))
        {
            var (list, next) = level;
            for (; next < list.Count && list[next].Int32 is { } c; next++)
                AppendCharacter(output, c, encoding);
            if (output.Length > limit)
                throw new FormatException("The text is too long.");
            if (next < list.Count)
            {
                stack.Push((list, next + 1));
                Enter(list[next]);
            }
            else if (!list.IsProper)
            {
                // What a list may end in instead of [] is a binary; a list would be part of the same list.
                AppendBinary(output, list.Tail, encoding);
            }
        }

        void Enter(Term term)
        {
            if (term.AsList is { } list)
                stack.Push((list, 0));
            else
                AppendBinary(output, term, encoding);
        }
    }

    /// <summary>The text of chardata that is well formed; what is not Unicode is none.</summary>
    /// <remarks>
    /// A character whose bytes lie in two neighbouring binaries, which <c>unicode:characters_to_binary/2</c> puts
    /// together, is not taken.
    /// </remarks>
    internal static bool TryGetText(Term data, CharEncoding encoding, out string text)
    {
        text = "";
        try
        {
            var output = new StringBuilder();
            Append(output, data, encoding);
            text = output.ToString();
            return IsWellFormed(text);
        }
        catch (FormatException)
        {
            return false;
        }
    }

    /// <summary>The first so many characters or, as Erlang's <c>string</c> counts them, grapheme clusters.</summary>
    internal static ReadOnlySpan<char> Truncate(ReadOnlySpan<char> text, int count, bool clusters)
    {
        var length = 0;
        for (; count > 0 && length < text.Length; count--)
        {
            length += clusters ? StringInfo.GetNextTextElementLength(text[length..])
                : char.IsHighSurrogate(text[length]) && length + 1 < text.Length ? 2 : 1;
        }
        return text[..length];
    }

    /// <summary>Whether every surrogate has its other half.</summary>
    internal static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsSurrogate(text[i]))
                return false;
        }
        return true;
    }

    private static void AppendBinary(StringBuilder output, Term term, CharEncoding encoding)
    {
        if (!term.TryGetBinary(out var bytes))
            throw new FormatException($"{term} is no text.");
        if (encoding != CharEncoding.Latin1)
        {
            try
            {
                output.Append(StrictUtf8.GetString(bytes.Span));
                return;
            }
            catch (DecoderFallbackException) when (encoding == CharEncoding.Utf8OrLatin1)
            {
                // Latin-1 then.
            }
            catch (DecoderFallbackException e)
            {
                throw new FormatException($"{term} is no UTF-8.", e);
            }
        }
        output.Append(Encoding.Latin1.GetString(bytes.Span));
    }

    private static void AppendCharacter(StringBuilder output, int c, CharEncoding encoding)
    {
        if (c < 0 || c > (encoding == CharEncoding.Latin1 ? 0xFF : 0x10FFFF))
            throw new FormatException($"{c} is no character.");
        if (c <= 0xFFFF)
            output.Append((char)c);
        else
            output.Append(char.ConvertFromUtf32(c));
    }
}
