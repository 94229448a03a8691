using System.Buffers;
using System.Globalization;
using System.Text;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Terms.Serialization;
using Enmesh.TestSupport;
using Xunit;

// Every C# block of docs/serialization.md stands in this file, and runs.
namespace Enmesh.Generators.Tests.Docs;

public sealed record Order(int Id, IReadOnlyList<Line> Lines, Status Status, string? Note = null);

[ErlangTag]
public sealed record Line(string Sku, int Count);

public enum Status { New, InTransit, Delivered }

[TermSerializable(typeof(Order))]
internal sealed partial class ShopTerms : TermSerializerContext;

public abstract record Request
{
    [ErlangTag("deposit")]
    public sealed record Deposit(int Amount) : Request;

    [ErlangTag("withdraw")]
    public sealed record Withdraw(int Amount, string Reason) : Request;

    [ErlangTag("close")]
    public sealed record Close : Request;
}

[TermSerializable(typeof(Request))]
[TermSerializable(typeof(Result<int, Atom>), Name = "Balance")]
internal sealed partial class BankTerms : TermSerializerContext;

[ElixirStruct("Shop.User")]
public sealed record User(string Name, [TermFormat(TermFormat.ElixirStruct)] DateTimeOffset Since);

[ErlangProplist]
public sealed record ListenOptions([TermFormat(TermFormat.Charlist)] string Host, int Port = 8080, bool Verbose = false);

[TermSerializable(typeof(User))]
[TermSerializable(typeof(ListenOptions))]
[TermSerializerOptions(Null = NullAtom.Nil, UnknownKeys = UnknownKeys.Refuse)]
internal sealed partial class WebTerms : TermSerializerContext;

public readonly record struct Money(decimal Amount, string Currency);

public sealed class MoneyConverter : TermConverter<Money>
{
    public override Term ToTerm(Money value) =>
        Term.Tuple(Term.Binary(value.Amount.ToString(CultureInfo.InvariantCulture)), Term.AtomOf(value.Currency));

    public override Money FromTerm(Term term) =>
        term.TupleElements is [var amount, { AtomText: { } currency }] && amount.TryGetBinary(out var text)
            ? new Money(decimal.Parse(text.Span, CultureInfo.InvariantCulture), currency)
            : throw new TermSerializationException($"expected {{Amount, Currency}}, found {term}");
}

public sealed record Invoice(int Number, [TermConverter(typeof(MoneyConverter))] Money Total);

[TermSerializable(typeof(Invoice))]
internal sealed partial class InvoiceTerms : TermSerializerContext;

[Trait("Ring", "pure")]
public sealed class SerializationExamples
{
    [Fact]
    public void A_first_record()
    {
        var order = new Order(7, [new Line("A1", 2)], Status.InTransit);
        Term term = TermSerializer.ToTerm(order, ShopTerms.Default.Order);
        Order same = TermSerializer.FromTerm(term, ShopTerms.Default.Order);

        Assert.Equal("#{id => 7,lines => [{line,<<\"A1\">>,2}],note => undefined,status => in_transit}", term.ToString());
        Assert.Equal(order.Lines, same.Lines);
    }

    [Fact]
    public void Straight_to_bytes()
    {
        var order = new Order(7, [], Status.New);
        byte[] bytes = TermSerializer.Encode(order, ShopTerms.Default.Order); // as term_to_binary/1
        Order same = TermSerializer.Decode(bytes, ShopTerms.Default.Order);

        var output = new ArrayBufferWriter<byte>();
        var writer = new TermWriter(output);
        writer.WriteVersion();
        writer.WriteTupleHeader(2);
        writer.WriteAtom(Atoms.Ok);
        TermSerializer.Write(ref writer, order, ShopTerms.Default.Order); // one part of a larger term
        writer.Flush();

        Assert.Equal(7, same.Id);
        Assert.Equal(
            "{ok,#{id => 7,lines => [],note => undefined,status => new}}",
            ExternalTermFormat.Decode(output.WrittenSpan).ToString());
    }

    [Fact]
    public void A_union()
    {
        Assert.Equal("5 in", Handle(TermSerializer.ToTerm(new Request.Deposit(5), BankTerms.Default.Request)));
        Assert.Equal("3 out for rent", Handle(TermSerializer.ToTerm(new Request.Withdraw(3, "rent"), BankTerms.Default.Request)));
        Assert.Equal("closed", Handle(Term.AtomOf("close")));

        static string Handle(Term message) => TermSerializer.FromTerm(message, BankTerms.Default.Request) switch
        {
            Request.Deposit(var amount) => $"{amount} in",
            Request.Withdraw(var amount, var reason) => $"{amount} out for {reason}",
            _ => "closed",
        };
    }

    [Fact]
    public void A_result()
    {
        Result<int, Atom> Withdraw(int amount) =>
            amount <= 100 ? 100 - amount : Result.Error(new Atom("insufficient"));

        Assert.Equal("{ok,70}", TermSerializer.ToTerm(Withdraw(30), BankTerms.Default.Balance).ToString());
        Assert.Equal("{error,insufficient}", TermSerializer.ToTerm(Withdraw(130), BankTerms.Default.Balance).ToString());
    }

    [Fact]
    public void Elixir_and_options()
    {
        var user = new User("Ann", new DateTimeOffset(2025, 1, 31, 12, 0, 0, TimeSpan.Zero));
        var term = TermSerializer.ToTerm(user, WebTerms.Default.User);
        Assert.Equal("Elixir.Shop.User", term.AsMap![Term.AtomOf("__struct__")].AtomText);
        Assert.Equal(user, TermSerializer.FromTerm(term, WebTerms.Default.User));

        // [{host, "localhost"}, verbose]
        var list = Term.List(Term.Tuple(Term.AtomOf("host"), Term.CharList("localhost")), Term.AtomOf("verbose"));
        Assert.Equal(new ListenOptions("localhost", 8080, true), TermSerializer.FromTerm(list, WebTerms.Default.ListenOptions));
    }

    [Fact]
    public void A_converter()
    {
        var invoice = new Invoice(1, new Money(12.5m, "eur"));
        var term = TermSerializer.ToTerm(invoice, InvoiceTerms.Default.Invoice);
        Assert.Equal("#{number => 1,total => {<<\"12.5\">>,eur}}", term.ToString());
        Assert.Equal(invoice, TermSerializer.FromTerm(term, InvoiceTerms.Default.Invoice));
    }

    [Fact]
    public void An_error()
    {
        var bad = Check.Map(("id", 7), ("status", Check.Atom("new")), ("lines", Term.List(Term.Tuple(Check.Atom("line"), Check.Text("A1"), Check.Text("2")))));
        var exception = Assert.Throws<TermSerializationException>(() => TermSerializer.FromTerm(bad, ShopTerms.Default.Order));
        Assert.Contains(exception.Message, Document(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_block_of_the_document_stands_in_this_file()
    {
        var document = Repository.PathTo("docs", "serialization.md");
        Assert.InRange(DocSnippets.Count(document), 6, 20);
        Assert.Empty(DocSnippets.NotIn(
            document, Repository.PathTo("tests", "Enmesh.Generators.Tests", "Docs", "SerializationExamples.cs")));
    }

    [Fact]
    public void Every_diagnostic_and_every_format_stands_in_the_document()
    {
        var text = Document();
        Assert.All(
            typeof(TermSerializerGenerator).Assembly.GetType("Enmesh.Generators.Diagnostics")!
                .GetFields(System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static)
                .Select(field => (Microsoft.CodeAnalysis.DiagnosticDescriptor)field.GetValue(null)!)
                .Where(diagnostic => diagnostic.Category == "Enmesh.Serialization").Select(diagnostic => diagnostic.Id),
            id => Assert.Contains($"| {id} |", text, StringComparison.Ordinal));
        Assert.All(Enum.GetNames<TermFormat>(), name => Assert.Contains($"`{name}`", text, StringComparison.Ordinal));
    }

    private static string Document() => File.ReadAllText(Repository.PathTo("docs", "serialization.md"), Encoding.UTF8);
}
