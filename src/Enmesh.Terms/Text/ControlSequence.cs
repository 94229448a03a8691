namespace Enmesh.Terms.Text;

/// <summary>One <c>~F.P.PadModC</c> of a format, with what it has taken of the arguments.</summary>
internal struct ControlSequence()
{
    /// <summary>The letter that says what is printed.</summary>
    internal int Letter;

    /// <summary>The field width; null when the format gives none.</summary>
    internal int? Width;

    /// <summary>Whether what is shorter than its field stands at the left of it.</summary>
    internal bool IsLeft;

    /// <summary>The precision, which is also the base of integers and the column of <c>~p</c>.</summary>
    internal int? Precision;

    /// <summary>The character that fills fields.</summary>
    internal int Pad = ' ';

    /// <summary>The modifier <c>t</c>.</summary>
    internal bool Unicode;

    /// <summary>Not the modifier <c>l</c>.</summary>
    internal bool Strings = true;

    /// <summary>Whether <c>K</c> has asked for the keys of maps backwards.</summary>
    internal bool ReverseKeys;

    /// <summary>What is printed.</summary>
    internal Term Argument;

    /// <summary>The depth of <c>~P</c> and <c>~W</c>, the prefix of <c>~x</c> and <c>~X</c>.</summary>
    internal Term Second;
}
