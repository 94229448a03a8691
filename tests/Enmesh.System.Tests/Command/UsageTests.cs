using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.SystemTests.Command;

/// <summary>Help, wrong use, and <c>term</c>: what needs no other node.</summary>
[Trait("Ring", "system")]
public sealed class UsageTests : IDisposable
{
    private readonly CommandHome _home = new();

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("", "Commands:", "up ", "term ")]
    [InlineData("up", "--nodes", "--beam", "--tls", "--once", "--json", "Ctrl-C", "enmesh up --once --json")]
    [InlineData("node", "--name", "--cookie-file", "--peer", "--dns", "Enmesh__NetTickTime=30")]
    [InlineData("ping", "<NODE>", "--timeout", "net_adm:ping/1")]
    [InlineData("doctor", "[<node>]", "--peers", "Exit status of this verb")]
    [InlineData("trace", "[<node>]", "--of", "--tls-cert", "Logging__LogLevel__Enmesh.Peers=Debug")]
    [InlineData("nodes", "<NODE>", "--epmd-port", "Hidden ones")]
    [InlineData("functions", "<NODE>", "<MODULE>", "enmesh functions shop@10.0.0.7 calc")]
    [InlineData("names", "[<host>]", "epmd -names")]
    [InlineData("epmd", "--port", "$ERL_EPMD_ADDRESS")]
    [InlineData("term", "encode", "decode", "enmesh term decode")]
    [InlineData("term encode", "<TERM>", "--compress", "[default: Hex]")]
    [InlineData("term decode", "<BYTES>", "--elixir", "--all", "g2gCdwJva2EB")]
    [InlineData("certs", "request", "renew", "cleanup", "show", "dev-ca", "optfile")]
    [InlineData("certs request", "--issuer", "--dir", "POD_UID by the downward", "--duration")]
    [InlineData("certs renew", "two thirds", "--issuer-kind")]
    [InlineData("certs cleanup", "--dry-run", "--finished", "managed-by=enmesh")]
    [InlineData("certs show", "--for", "--live", "--node", "OTP 23 to 29")]
    [InlineData("certs dev-ca", "FOR DEVELOPMENT ONLY", "--days")]
    [InlineData("certs optfile", "--release", "--literal", "ssl_dist_optfile")]
    public async Task Help_teaches(string verb, params string[] parts)
    {
        var result = await _home.RunAsync([.. verb.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);

        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.All(parts, part => Assert.Contains(part, result.Output));
        Assert.Contains("Exit status:", result.Output);
        // It fits a terminal with room for a table, and nobody is asked for a cookie.
        Assert.DoesNotContain("--setcookie", result.Output);
    }

    [Theory]
    [InlineData("pong", "There is no 'pong'. There are up, node, ping, trace, doctor, nodes, discover, functions, console, eval, ssh, rpc, send, call, processes, links, pg, global, names, epmd, term, certs, lease.")]
    [InlineData("term", "Say what to do: encode, decode.")]
    [InlineData("ping", "Required argument 'NODE' missing for command: 'ping'.")]
    [InlineData("ping orders@127.0.0.1 --port 70000", "--port takes a port from 1 to 65535, not '70000'.")]
    [InlineData("ping orders@127.0.0.1 --port many", "--port takes a port from 1 to 65535, not 'many'.")]
    [InlineData("ping orders@127.0.0.1 --timeout 0", "--timeout takes seconds, from 0.1 to 3600, not '0'.")]
    [InlineData("ping orders@127.0.0.1 --timeout soon", "--timeout takes seconds, from 0.1 to 3600, not 'soon'.")]
    [InlineData("ping orders", "'orders' is no node name: there is no '@'. It has the form alive@host, as in orders@10.0.0.7.")]
    [InlineData("up --nodes few", "--nodes takes a number from 0 to 100, not 'few'.")]
    [InlineData("up --nods 3", "'--nods'")]
    [InlineData("certs", "Say what to do: request, renew, cleanup, show, dev-ca, optfile.")]
    [InlineData("certs show", "Say what to show: FILE, --node NODE or --live HOST:PORT, one of them.")]
    [InlineData("certs show --live here", "'here' is no address: HOST:PORT, as in 10.0.0.7:4370 or [fd00::7]:4370.")]
    [InlineData("certs show missing.pem", "missing.pem")]
    [InlineData("certs optfile /tls --release 22", "--release takes a release of OTP, 23 to 29.")]
    [InlineData("certs cleanup --finished 1", "--finished takes seconds, from 60 to 316224000, not '1'.")]
    public async Task Wrong_use_is_told_with_status_2(string arguments, string message)
    {
        var result = await _home.RunAsync(arguments.Split(' '));

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(message, result.Errors.Split('\n')[0]);
        Assert.All(result.Errors.TrimEnd().Split('\n'), line => Assert.StartsWith("enmesh: ", line));
    }

    [Theory]
    [InlineData("ping orders@127.0.0.1 --port 1")]
    [InlineData("nodes orders@127.0.0.1 --port 1")]
    [InlineData("node --name orders@127.0.0.1")]
    public async Task A_cookie_file_that_others_may_read_is_refused(string arguments)
    {
        var open = _home.WriteCookie(
            "open", Otp.NewCookie(),
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);

        var result = await _home.RunAsync([.. arguments.Split(' '), "--cookie-file", open]);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        var line = Assert.Single(result.Errors.TrimEnd().Split('\n'));
        Assert.Contains($"{open} (the option CookieFile) may be read or written by others than its owner (mode 0644). Run 'chmod 400' on it", line);
    }

    [Fact]
    public async Task All_that_is_wrong_with_a_node_is_told_at_once()
    {
        var result = await _home.RunAsync(
            "node", "--name", "a b@127.0.0.1", "--epmd", "sometimes", "--peer", "nobody", "--cookie-file",
            _home.PathTo("none"));

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Collection(
            result.Errors.TrimEnd().Split('\n').Order(StringComparer.Ordinal),
            cookie => Assert.StartsWith("enmesh: Enmesh:CookieFile: There is no cookie file", cookie),
            peer => Assert.StartsWith("enmesh: Enmesh:Discovery:static:Peers:0: 'nobody' is no node name", peer),
            epmd => Assert.StartsWith("enmesh: Enmesh:Epmd: 'sometimes' is not one of Off, Register, Embedded", epmd),
            name => Assert.StartsWith("enmesh: Enmesh:Name: 'a b'", name));
    }

    [Theory]
    [InlineData("hex", "836802" + "77026f6b" + "612a")]
    [InlineData("base64", "g2gCdwJva2Eq")]
    [InlineData("erlang", "<<131,104,2,119,2,111,107,97,42>>")]
    public async Task Term_encodes_and_decodes_in_every_form(string form, string bytes)
    {
        var encoded = await _home.RunAsync("term", "encode", "{ok, 42}", "--to", form);
        Assert.Equal((0, $"{bytes}\n"), (encoded.ExitCode, encoded.Output));

        var decoded = await _home.RunAsync("term", "decode", bytes);
        Assert.Equal((0, "{ok,42}\n"), (decoded.ExitCode, decoded.Output));

        var piped = await _home.RunWithInputAsync(bytes + "\n", "term", "decode", "--elixir");
        Assert.Equal((0, "{:ok, 42}\n"), (piped.ExitCode, piped.Output));
    }

    [Fact]
    public async Task A_term_that_would_flood_the_terminal_is_cut_off_unless_all_of_it_is_wanted()
    {
        const int Depth = 1415; // a little more than a million characters
        var bytes = string.Concat(["83", .. Enumerable.Repeat("680261ff", Depth), "6a"]); // {255,{255,{255,...[]}}}

        var cut = await _home.RunAsync("term", "decode", bytes);
        Assert.Equal(0, cut.ExitCode);
        Assert.InRange(cut.Output.Length, 1000, 1_000_001);
        Assert.Contains("...", cut.Output);

        var whole = await _home.RunAsync("term", "decode", "--all", bytes);
        Assert.EndsWith($"[]{new string('}', Depth)}\n", whole.Output);
    }

    [Theory]
    [InlineData("term encode {ok,", "Line 1, column 5: ")]
    [InlineData("term decode 83ff", "offset 1")]
    [InlineData("term decode 8368", "too early")]
    [InlineData("term decode what?", "neither hexadecimal (83610a), nor base64 (g2EK), nor an Erlang binary (<<131,97,10>>)")]
    public async Task Input_that_is_no_term_is_told_with_status_2(string arguments, string message)
    {
        var result = await _home.RunAsync(arguments.Split(' '));

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(message, Assert.Single(result.Errors.TrimEnd().Split('\n')));
    }
}
