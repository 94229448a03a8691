using Enmesh.Modules;
using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.Terms.Text;
using Enmesh.TestSupport;
using Xunit;

namespace Enmesh.Tests.Modules;

/// <summary>A class with <see cref="ErlangModuleAttribute"/>, called by another node.</summary>
[Trait("Ring", "loopback")]
public sealed class ModuleTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly LoopbackCluster _cluster = new();
    private readonly SampleModule _sample = new();
    private ErlangNode _caller = null!;
    private ErlangNode _node = null!;

    public async ValueTask InitializeAsync()
    {
        (_caller, _node) = (await _cluster.StartAsync("caller@127.0.0.1"), await _cluster.StartAsync("called@127.0.0.1"));
        _node.Export(_sample);
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Theory]
    [InlineData("add(1, 2)", "3")]
    [InlineData("add(1, 2, 3)", "6")]
    [InlineData("round(2.5)", "3")]
    [InlineData("round(2, down)", "2")]
    [InlineData("round(2.5, half_up, 4)", "7")]
    [InlineData("note({anything, [at | all]})", "ok")]
    [InlineData("note()", "ok")]
    [InlineData("note_later()", "ok")]
    [InlineData("find(<<\"ann\">>)", "<<\"ANN\">>")]
    [InlineData("find(\"\")", "undefined")]
    [InlineData("cheapest([])", "[]")]
    [InlineData("cheapest([#{name => <<\"a\">>, price => 5}, #{price => 3, name => \"b\", part => #{name => <<\"c\">>, price => 1}}])",
        "[#{name=><<\"b\">>,part=>#{name=><<\"c\">>,part=>undefined,price=>1},price=>3}]")]
    [InlineData("divide(7, 2)", "{ok,3}")]
    [InlineData("divide(7, 0)", "{error,by_zero}")]
    [InlineData("has_listener()", "false")]
    [InlineData("has_listener(undefined)", "false")]
    [InlineData("has_listener(nil)", "false")]
    [InlineData("work(0, undefined)", "0")]
    public async Task A_call_gives_what_the_method_returns(string call, string result) =>
        Assert.Equal(result, Print(await CallAsync(call)));

    [Theory]
    [InlineData("add(a, 2)", "[{sample,add,[a,2],[{error_info,#{cause=>#{1=><<\"A: expected an integer from -2147483648 to 2147483647, found the atom a\">>}}}]}]")]
    [InlineData("add(1.5, [])", "[{sample,add,[1.5,[]],[{error_info,#{cause=>#{1=><<\"A: expected an integer from -2147483648 to 2147483647, found the float 1.5\">>,"
        + "2=><<\"B: expected an integer from -2147483648 to 2147483647, found []\">>}}}]}]")]
    [InlineData("cheapest([#{name => a}])", "[{sample,cheapest,[[#{name=>a}]],[{error_info,#{cause=>#{1=>"
        + "<<\"Items[0].name: expected text: a binary in UTF-8 or a charlist, found the atom a\">>}}}]}]")]
    [InlineData("work(1, nobody)", "[{sample,work,[1,nobody],[{error_info,#{cause=>#{2=>"
        + "<<\"Progress: expected a pid, an alias, {PidOrAlias, Tag} or undefined, found the atom nobody\">>}}}]}]")]
    public async Task Arguments_of_other_types_match_no_clause_and_the_stack_says_what_was_expected(string call, string stack)
    {
        var error = await FailAsync(call);
        Assert.Equal(
            (ErlangExceptionClass.Error, "function_clause", stack),
            (error.Class, Print(error.Reason), Print(error.Stack)));
    }

    [Theory]
    [InlineData("pick([1], -1)", 2, "Place: place ('-1') must be a non-negative value.\nActual value was -1.")]
    [InlineData("pick_later([1], -1)", 2, "Place: place ('-1') must be a non-negative value.\nActual value was -1.")]
    [InlineData("pick([])", 1, "Numbers.Count: numbers.Count ('0') must be a non-zero value.\nActual value was 0.")]
    public async Task An_argument_that_the_method_refuses_is_badarg_with_why_and_where(
        string call, int place, string why)
    {
        var error = await FailAsync(call);
        Assert.Equal((ErlangExceptionClass.Error, "badarg"), (error.Class, Print(error.Reason)));
        var stack = error.Stack.AsList!.Value;
        var cause = Term.Map((new Atom("cause"), Term.Map((place, Term.Binary(why)))));
        Assert.Equal(Term.List(Term.Tuple(new Atom("error_info"), cause)), stack[0].TupleElements[3]);
        Assert.StartsWith(call.Split('(')[0] + "(", Print(stack[0].TupleElements[1]) + "(", StringComparison.Ordinal);
        Assert.Contains(stack.Skip(1), frame => Print(frame.TupleElements[1]) == "'Pick'");
    }

    [Fact]
    public async Task An_argument_exception_about_something_else_is_an_exception()
    {
        var error = await FailAsync("pick([1], 1)");
        Assert.StartsWith("{exception,<<\"System.ArgumentException\">>", Print(error.Reason), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_in_CSharp_reads_in_the_message_what_was_expected() => Assert.Equal(
        "sample:add/2 on called@127.0.0.1 failed: error function_clause ("
            + "A: expected an integer from -2147483648 to 2147483647, found the atom a; "
            + "B: expected an integer from -2147483648 to 2147483647, found [])",
        (await FailAsync("add(a, [])")).Message);

    [Theory]
    [InlineData("nothing()", "[{sample,nothing,[],[]}]")]
    [InlineData("add(1)", "[{sample,add,[1],[]}]")]
    [InlineData("add(1, 2, 3, 4)", "[{sample,add,[1,2,3,4],[]}]")]
    [InlineData("round()", "[{sample,round,[],[]}]")]
    public async Task An_unknown_function_or_arity_is_undef(string call, string stack)
    {
        var error = await FailAsync(call);
        Assert.Equal((ErlangExceptionClass.Error, "undef", stack), (error.Class, Print(error.Reason), Print(error.Stack)));
    }

    [Theory]
    [InlineData("fail(<<\"throw\">>)", ErlangExceptionClass.Throw, "ball")]
    [InlineData("fail(<<\"exit\">>)", ErlangExceptionClass.Exit, "out")]
    [InlineData("fail(<<\"error\">>)", ErlangExceptionClass.Error, "oops")]
    [InlineData("fail(<<\"x\">>)", ErlangExceptionClass.Error, "{exception,<<\"System.InvalidOperationException\">>,<<\"broken\">>}")]
    [InlineData("fail_later(<<\"x\">>)", ErlangExceptionClass.Error, "{exception,<<\"System.InvalidOperationException\">>,<<\"broken\">>}")]
    [InlineData("not_a_number()", ErlangExceptionClass.Error,
        "{exception,<<\"Enmesh.Terms.Serialization.TermSerializationException\">>,<<\"$: NaN has no form in Erlang\">>}")]
    public async Task Exceptions_of_a_method_reach_the_caller_as_those_of_any_function(
        string call, ErlangExceptionClass errorClass, string reason)
    {
        var error = await FailAsync(call);
        Assert.Equal(errorClass, error.Class);
        if (!call.StartsWith("not", StringComparison.Ordinal))
            Assert.Equal(reason, Print(error.Reason));
        // What lies between the caller and the method is not among the frames.
        var frames = error.Stack.AsList is { } stack ? stack.Select(frame => Print(frame.TupleElements[0])).ToList() : [];
        Assert.All(frames, frame => Assert.True(
            frame.StartsWith("'Enmesh.Tests.Modules.SampleModule", StringComparison.Ordinal)
                || frame.StartsWith("'Enmesh.Terms.", StringComparison.Ordinal) || frame == "sample", frame));
    }

    [Fact]
    public async Task A_spawned_method_is_a_process()
    {
        var said = new TaskCompletionSource<(Pid, Term, Term)>(TaskCreationOptions.RunContinuationsAsynchronously);
        _caller.Spawn(async context =>
        {
            var options = new RemoteSpawnOptions { Monitor = true };
            var process = await context.SpawnAsync(_node.Name, "sample", "speak", [context.Self, new Atom("hi")], options);
            var message = await context.ReceiveAsync();
            await context.SendAsync(process.Pid, new Atom("go_on"));
            said.SetResult((process.Pid, message, await context.ReceiveAsync()));
        });
        var (pid, message, down) = await said.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.Equal(Term.Tuple(pid, new Atom("hi")), message);
        Assert.True(down.TupleElements is [_, _, _, _, var reason] && reason.IsAtom("normal"));
    }

    [Fact]
    public async Task A_caller_that_gives_up_cancels()
    {
        using var stop = new CancellationTokenSource();
        var call = _caller.Rpc.CallAsync(_node.Name, "sample", "wait", [], Patience, stop.Token);
        await _sample.Begun.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await _sample.Cancelled.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_lost_link_cancels()
    {
        var call = _caller.Rpc.CallAsync(_node.Name, "sample", "wait", [], Patience, TestContext.Current.CancellationToken);
        await _sample.Begun.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await _caller.DisconnectAsync(_node.Name);
        await _sample.Cancelled.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<CallExitException>(() => call);
    }

    [Fact]
    public async Task The_end_of_the_node_cancels()
    {
        _caller.Spawn(context => context.SpawnAsync(_node.Name, "sample", "wait", []).AsTask());
        await _sample.Begun.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        await _node.DisposeAsync();
        await _sample.Cancelled.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task An_exit_signal_cancels_what_was_spawned_but_the_end_of_its_watcher_does_not()
    {
        var watcherEnds = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Pid? process = null;
        var watcher = _caller.Spawn(async context =>
        {
            process = (await context.SpawnAsync(_node.Name, "sample", "wait", [], new() { Monitor = true })).Pid;
            await watcherEnds.Task;
        });
        await _sample.Begun.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        watcherEnds.SetResult();
        while (_caller.IsAlive(watcher))
            await Task.Yield();
        // The monitor was taken back before this is answered, over the same link.
        Assert.Equal("true", Print(await _caller.RpcAsync(_node.Name, "erlang", "is_process_alive", [process!])));
        Assert.False(_sample.Cancelled.Task.IsCompleted);
        _caller.Spawn(context =>
        {
            context.SendExit(process!, new Atom("enough"));
            return Task.CompletedTask;
        });
        await _sample.Cancelled.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Progress_comes_as_messages_before_the_result(bool tagged)
    {
        var seen = new TaskCompletionSource<IReadOnlyList<Term>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var alias = new TaskCompletionSource<Reference>(TaskCreationOptions.RunContinuationsAsynchronously);
        _caller.Spawn(async context =>
        {
            var own = context.CreateAlias();
            alias.SetResult(own);
            var to = tagged ? Term.Tuple(context.Self, new Atom("job")) : own;
            var options = new RemoteSpawnOptions { Monitor = true };
            await context.SpawnAsync(_node.Name, "sample", "work", [3, to], options);
            var messages = new List<Term>();
            while (messages.Count < 4)
                messages.Add(await context.ReceiveAsync());
            seen.SetResult(messages);
        });
        var messages = await seen.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
        Term tag = tagged ? new Atom("job") : await alias.Task;
        Assert.Equal([.. Enumerable.Range(1, 3).Select(i => Term.Tuple(new Atom("progress"), tag, i))], messages.Take(3));
        Assert.True(messages[3].TupleElements is [{ AtomText: "DOWN" }, ..]);
    }

    [Fact]
    public void A_module_is_exported_whole_or_not_at_all()
    {
        _caller.Functions.Export("sample", "work", 2, (_, _) => new(Atoms.Ok));
        var error = Assert.Throws<ArgumentException>(() => _caller.Export(new SampleModule()));
        Assert.StartsWith("sample:work/2 is exported already.", error.Message, StringComparison.Ordinal);
        Assert.Null(_caller.Functions.Find(new Atom("sample"), new Atom("add"), 2));
    }

    [Fact]
    public async Task Each_call_may_have_an_object_of_its_own()
    {
        var (made, ended) = (0, 0);
        _caller.Functions.Export<SampleModule>(async (body, context, arguments) =>
        {
            Interlocked.Increment(ref made);
            try
            {
                return await body(new SampleModule(), context, arguments);
            }
            finally
            {
                Interlocked.Increment(ref ended);
            }
        });
        Assert.Equal("3", Print(await _node.RpcAsync(_caller.Name, "sample", "add", [1, 2])));
        await Assert.ThrowsAsync<RpcException>(() => _node.RpcAsync(_caller.Name, "sample", "fail", [Term.Binary("exit")]));
        Assert.Equal((2, 2), (made, ended));
    }

    [Fact]
    public async Task A_module_tells_what_it_has()
    {
        var exports = Print(await CallAsync("module_info(exports)"));
        Assert.StartsWith("[{add,2},{add,3},{cheapest,1},{divide,2},", exports, StringComparison.Ordinal);
        Assert.EndsWith("{module_info,0},{module_info,1}]", exports, StringComparison.Ordinal);
        Assert.Equal(exports, Print(await CallAsync("module_info(functions)")));
        Assert.StartsWith($"[{{module,sample}},{{exports,{exports}}},{{attributes,[{{vsn,[\"", Print(await CallAsync("module_info()")), StringComparison.Ordinal);
        Assert.Equal("badarg", Print((await FailAsync("module_info(colour)")).Reason));
        Assert.Equal("true", Print(await _caller.RpcAsync(_node.Name, "erlang", "function_exported", [new Atom("sample"), new Atom("module_info"), 1])));
        Assert.Equal("[sample]", Print(await _caller.RpcAsync(_node.Name, "erlang", "loaded", [])));
        Assert.Equal("[{sample,preloaded}]", Print(await _caller.RpcAsync(_node.Name, "code", "all_loaded", [])));
    }

    [Fact]
    public async Task The_documentation_of_a_module_is_that_of_its_class()
    {
        var documentation = await _caller.RpcAsync(_node.Name, "code", "get_doc", [new Atom("sample")]);
        Assert.True(documentation.TupleElements is [{ AtomText: "ok" }, _]);
        var text = Print(documentation.TupleElements[1]);
        Assert.StartsWith(
            "{docs_v1,0,erlang,<<\"application/erlang+html\">>,#{<<\"en\">>=>[{p,[],[<<\"What can be called, of every kind there is.\">>]}]},"
                + "#{otp_doc_vsn=>{1,0,0}},[{{function,add,2},0,[<<\"add(A :: integer(), B :: integer()) -> integer()\">>],"
                + "#{<<\"en\">>=>[{p,[],[<<\"Adds two numbers.\">>]},{p,[],[<<\"A: One.\">>]},{p,[],[<<\"B: The other.\">>]}]},#{}},"
                + "{{function,add,3},0,[<<\"add(A :: integer(), B :: integer(), C :: integer()) -> integer()\">>],none,#{}},",
            text,
            StringComparison.Ordinal);
        Assert.Contains("[<<\"round(Value :: float(), How :: down | half_up) -> integer()\">>],#{<<\"en\">>=>[{p,[],[<<\"Rounds.\">>]}]}", text, StringComparison.Ordinal);
        Assert.Equal("{error,non_existing}", Print(await _caller.RpcAsync(_node.Name, "code", "get_doc", [new Atom("nomod")])));
        var builtIns = Print(await _caller.RpcAsync(_node.Name, "code", "get_doc", [new Atom("code")]));
        Assert.Contains("{{function,get_doc,1},0,[<<\"get_doc/1\">>],", builtIns, StringComparison.Ordinal);
    }

    private static string Print(Term term) =>
        ErlangText.Print(term, new ErlangPrintOptions { Unicode = true, PrintableUnicode = true, LineLength = 0, SortKeys = true })
            .Replace(" => ", "=>", StringComparison.Ordinal);

    private Task<Term> CallAsync(string call)
    {
        var open = call.IndexOf('(', StringComparison.Ordinal);
        var arguments = ErlangText.Parse($"[{call[(open + 1)..^1]}]").AsList!.Value;
        return _caller.RpcAsync(_node.Name, "sample", call[..open], arguments, Patience);
    }

    private Task<RpcException> FailAsync(string call) => Assert.ThrowsAsync<RpcException>(() => CallAsync(call));
}
