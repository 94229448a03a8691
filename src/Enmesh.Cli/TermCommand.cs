using System.CommandLine;
using Enmesh.Terms;
using Enmesh.Terms.External;
using Enmesh.Terms.Text;

namespace Enmesh.Cli;

/// <summary><c>enmesh term encode</c> and <c>decode</c>: between Erlang's text and its external term format.</summary>
internal static class TermCommand
{
    /// <summary>What a terminal still takes; a deep term on many lines is mostly its own indentation.</summary>
    private const int MaxPrinted = 1_000_000;

    internal static Command Create()
    {
        var command = new Verb(
            "term",
            "Turn Erlang terms into bytes and back.",
            """
            Examples:
              enmesh term encode '{ok, [1, 2.5, <<"a">>]}'
              enmesh term decode g2gCdwJva2EB
            """);
        command.Subcommands.Add(CreateEncode());
        command.Subcommands.Add(CreateDecode());
        return command;
    }

    private static Verb CreateEncode()
    {
        var text = new Argument<string?>("term")
        {
            Description = "The term as Erlang writes it, as in '{ok, [1, 2.5, <<\"a\">>]}'. Without it, stdin is read.",
            HelpName = "TERM",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var form = new Option<BytesForm>("--to") { Description = "How the bytes are printed.", HelpName = "hex|base64|raw|erlang", DefaultValueFactory = _ => BytesForm.Hex };
        var compress = new Option<bool>("--compress") { Description = "Compress, where that makes it smaller." };
        var command = new Verb(
            "encode",
            "Print the external term format of a term.",
            """
            As term_to_binary/1.

            Examples:
              enmesh term encode '{ok, 1}'
              enmesh term encode --to raw <term.txt >term.bin
            """) { text, form, compress };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var source =
                parsed.GetValue(text) ?? await Console.In.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            var term = ErlangText.Parse(source);
            Write(
                ExternalTermFormat.Encode(term, new TermEncodeOptions { Compress = parsed.GetValue(compress) }),
                parsed.GetValue(form));
            return ExitCode.Success;
        });
        return command;
    }

    private static Verb CreateDecode()
    {
        var text = new Argument<string?>("bytes")
        {
            Description = "The bytes in hexadecimal or base64, or as <<131,97,1>>. Without it, stdin is read, where raw bytes are taken too.",
            HelpName = "BYTES",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var elixir = new Option<bool>("--elixir") { Description = "Print as Elixir's inspect does." };
        var all = new Option<bool>("--all")
        {
            Description = "Print all of it. Without this, what goes beyond a million characters is '...'.",
        };
        var command = new Verb(
            "decode",
            "Print the term that bytes in the external term format stand for.",
            """
            As binary_to_term/1.

            Examples:
              enmesh term decode g2gCdwJva2EB
              enmesh term decode --elixir <term.bin
            """) { text, elixir, all };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var bytes = parsed.GetValue(text) is { } given
                ? FromText(given)
                : await FromInputAsync(cancellationToken).ConfigureAwait(false);
            var term = ExternalTermFormat.Decode(bytes);
            Console.Out.WriteLine(Print(term, parsed.GetValue(elixir), parsed.GetValue(all)));
            return ExitCode.Success;
        });
        return command;
    }

    private static string Print(Term term, bool elixir, bool all)
    {
        if (elixir)
            return ElixirText.Inspect(term, all ? new() { Limit = null, PrintableLimit = null } : null);
        var options = ErlangPrintOptions.PrettyUnicode;
        return ErlangText.Print(term, all ? options : options with { MaxLength = MaxPrinted });
    }

    private static void Write(byte[] bytes, BytesForm form)
    {
        switch (form)
        {
            case BytesForm.Hex:
                Console.Out.WriteLine(Convert.ToHexStringLower(bytes));
                break;
            case BytesForm.Base64:
                Console.Out.WriteLine(Convert.ToBase64String(bytes));
                break;
            case BytesForm.Erlang:
                Console.Out.WriteLine($"<<{string.Join(',', bytes)}>>");
                break;
            default:
                using (var output = Console.OpenStandardOutput())
                    output.Write(bytes);
                break;
        }
    }

    private static async Task<byte[]> FromInputAsync(CancellationToken cancellationToken)
    {
        using var all = new MemoryStream();
        var input = Console.OpenStandardInput();
        await using (input.ConfigureAwait(false))
            await input.CopyToAsync(all, cancellationToken).ConfigureAwait(false);
        var bytes = all.ToArray();
        return bytes is [131, ..] ? bytes : FromText(System.Text.Encoding.UTF8.GetString(bytes));
    }

    private static byte[] FromText(string text)
    {
        var trimmed = string.Concat(text.Where(static c => !char.IsWhiteSpace(c)));
        if (trimmed.StartsWith("<<", StringComparison.Ordinal))
        {
            return ErlangText.Parse(trimmed).TryGetBinary(out var binary)
                ? binary.ToArray()
                : throw new FormatException(
                    "That is no binary; give the bytes as <<131,97,1>>, in hexadecimal or base64.");
        }
        if (trimmed.Length % 2 == 0 && trimmed.All(char.IsAsciiHexDigit))
            return Convert.FromHexString(trimmed);
        try
        {
            return Convert.FromBase64String(trimmed);
        }
        catch (FormatException e)
        {
            throw new FormatException(
                "The bytes are neither hexadecimal (83610a), nor base64 (g2EK), nor an Erlang binary (<<131,97,10>>).",
                e);
        }
    }

    private enum BytesForm
    {
        Hex,
        Base64,
        Raw,
        Erlang,
    }
}
