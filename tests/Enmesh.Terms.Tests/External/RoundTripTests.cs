using Enmesh.Terms.External;
using Enmesh.TestSupport;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Enmesh.Terms.Tests.External;

[Trait("Ring", "pure")]
public sealed class RoundTripTests
{
    private static readonly int[] Sizes = [1, 33, 100];

    [Fact]
    public void Random_terms_survive_encoding_and_decoding() => Prop.ForAll(TermGenerators.TermsWithFuns, term =>
    {
        var again = ExternalTermFormat.Decode(ExternalTermFormat.Encode(term));
        return again == term && again.GetHashCode() == term.GetHashCode() && again.Kind == term.Kind;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(RandomTests.Count(5_000)));

    [Fact]
    public void Random_terms_survive_compression() => Prop.ForAll(TermGenerators.TermsWithFuns, term =>
        ExternalTermFormat
            .Decode(ExternalTermFormat.Encode(term, new() { Compress = true })) == term).Check(
                Config.QuickThrowOnFailure
            .WithMaxTest(RandomTests.Count(500)));

    [Fact]
    public void Random_terms_come_out_the_same_through_an_output_of_any_granularity() =>
        Prop.ForAll(TermGenerators.TermsWithFuns, term =>
    {
        var whole = ExternalTermFormat.Encode(term);
        foreach (var size in Sizes)
        {
            var output = new PiecewiseOutput(size);
            ExternalTermFormat.Encode(term, output);
            if (!output.ToArray().AsSpan().SequenceEqual(whole))
                return false;
        }
        return true;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(RandomTests.Count(1_000)));

    [Fact]
    public void Skipping_ends_where_reading_ends() => Prop.ForAll(TermGenerators.TermsWithFuns, term =>
    {
        byte[] input = [.. ExternalTermFormat.Encode(term), 131, 131];
        var reading = new TermReader(input);
        var skipping = new TermReader(input);
        reading.ReadVersion();
        skipping.ReadVersion();
        reading.ReadTerm();
        skipping.Skip();
        return reading.Position == input.Length - 2 && skipping.Position == input.Length - 2;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(RandomTests.Count(2_000)));

    [Fact]
    public void Terms_survive_a_message_with_a_list_of_atoms() => Prop.ForAll(TermGenerators.TermsWithFuns, term =>
    {
        var atoms = new AtomReferences();
        var output = new PiecewiseOutput(64);
        var writer = new TermWriter(output, TermDialect.All, atoms);
        writer.WriteTerm(term);
        writer.WriteTerm(term);
        writer.Flush();
        var reader = new TermReader(output.ToArray(), null, atoms.Atoms, default);
        return reader.ReadTerm() == term && reader.ReadTerm() == term && reader.IsAtEnd;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(RandomTests.Count(2_000)));

    [Fact]
    public void Detaching_changes_nothing_to_be_seen() => Prop.ForAll(TermGenerators.TermsWithFuns, term =>
        term.Detach() == term
            && term.Detach()
                .GetHashCode() == term
                .GetHashCode()).Check(Config.QuickThrowOnFailure
                .WithMaxTest(RandomTests.Count(1_000)));
}
