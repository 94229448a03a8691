using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Terms.Serialization;
using Enmesh.Terms.Text;
using Xunit;

namespace Enmesh.Generators.Tests;

/// <summary>The same question put to both ways a serializer goes: over terms and over bytes.</summary>
internal static class Check
{
    private static readonly ErlangPrintOptions Options =
        new() { Unicode = true, PrintableUnicode = true, LineLength = 0, SortKeys = false };

    /// <summary>The value is written as this text of Erlang, both ways, and read back both ways.</summary>
    internal static void Is<T>(string erlang, T value, TermTypeInfo<T> info)
    {
        var term = TermSerializer.ToTerm(value, info);
        Assert.Equal(erlang, ErlangText.Print(term, Options));
        var bytes = TermSerializer.Encode(value, info);
        Assert.Equal(term, ExternalTermFormat.Decode(bytes));
        Assert.Equal(term, TermSerializer.ToTerm(TermSerializer.FromTerm(term, info), info));
        Assert.Equal(term, TermSerializer.ToTerm(TermSerializer.Decode(bytes, info), info));
    }

    /// <summary>Reads the term both ways, and hands both values on.</summary>
    internal static void Reads<T>(Term term, TermTypeInfo<T> info, Action<T> assert)
    {
        assert(TermSerializer.FromTerm(term, info));
        assert(TermSerializer.Decode(ExternalTermFormat.Encode(term), info));
    }

    /// <summary>Reads what a real node sent, as bytes and as a term, and hands both values on.</summary>
    internal static void ReadsHex<T>(string hex, TermTypeInfo<T> info, Action<T> assert)
    {
        assert(TermSerializer.Decode(Convert.FromHexString(hex), info));
        assert(TermSerializer.FromTerm(ExternalTermFormat.Decode(Convert.FromHexString(hex)), info));
    }

    /// <summary>The term is refused both ways with this message.</summary>
    internal static void Refuses<T>(string message, Term term, TermTypeInfo<T> info)
    {
        Assert.Equal(message, Assert.Throws<TermSerializationException>(() => TermSerializer.FromTerm(term, info)).Message);
        var bytes = ExternalTermFormat.Encode(term);
        Assert.Equal(message, Assert.Throws<TermSerializationException>(() => TermSerializer.Decode(bytes, info)).Message);
    }

    /// <summary>The value cannot be written either way, with this message.</summary>
    internal static void CannotWrite<T>(string message, T value, TermTypeInfo<T> info)
    {
        Assert.Equal(message, Assert.Throws<TermSerializationException>(() => TermSerializer.ToTerm(value, info)).Message);
        Assert.Equal(message, Assert.Throws<TermSerializationException>(() => TermSerializer.Encode(value, info)).Message);
    }

    internal static Term Atom(string text) => Term.AtomOf(text);

    internal static Term Text(string text) => Term.Binary(text);

    /// <summary>A map with atoms for keys.</summary>
    internal static Term Map(params (string Key, Term Value)[] pairs) =>
        Term.Map([.. pairs.Select(pair => (Term.AtomOf(pair.Key), pair.Value))]);
}
