namespace Enmesh.Terms.External;

/// <summary>
/// The byte before each term (erl_ext_dist, "External Term Format"). The specification's names beside ours.
/// </summary>
internal static class TermTag
{
    internal const byte Version = 131;

    internal const byte Record = 67; // RECORD_EXT, OTP 29
    internal const byte Float = 70; // NEW_FLOAT_EXT
    internal const byte BitString = 77; // BIT_BINARY_EXT
    internal const byte Compressed = 80;
    internal const byte AtomReference = 82; // ATOM_CACHE_REF
    internal const byte Pid = 88; // NEW_PID_EXT
    internal const byte Port = 89; // NEW_PORT_EXT
    internal const byte Reference = 90; // NEWER_REFERENCE_EXT
    internal const byte SmallInteger = 97; // SMALL_INTEGER_EXT
    internal const byte Integer = 98; // INTEGER_EXT
    internal const byte TextFloat = 99; // FLOAT_EXT
    internal const byte Latin1Atom = 100; // ATOM_EXT
    internal const byte OldReference = 101; // REFERENCE_EXT
    internal const byte OldPort = 102; // PORT_EXT
    internal const byte OldPid = 103; // PID_EXT
    internal const byte SmallTuple = 104; // SMALL_TUPLE_EXT
    internal const byte LargeTuple = 105; // LARGE_TUPLE_EXT
    internal const byte Nil = 106; // NIL_EXT
    internal const byte ByteList = 107; // STRING_EXT
    internal const byte List = 108; // LIST_EXT
    internal const byte Binary = 109; // BINARY_EXT
    internal const byte SmallBig = 110; // SMALL_BIG_EXT
    internal const byte LargeBig = 111; // LARGE_BIG_EXT
    internal const byte Fun = 112; // NEW_FUN_EXT
    internal const byte ExternalFun = 113; // EXPORT_EXT
    internal const byte MiddleReference = 114; // NEW_REFERENCE_EXT
    internal const byte SmallLatin1Atom = 115; // SMALL_ATOM_EXT
    internal const byte Map = 116; // MAP_EXT
    internal const byte Atom = 118; // ATOM_UTF8_EXT
    internal const byte SmallAtom = 119; // SMALL_ATOM_UTF8_EXT
    internal const byte WidePort = 120; // V4_PORT_EXT
    internal const byte Local = 121; // LOCAL_EXT
}
