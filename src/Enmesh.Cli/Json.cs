using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Enmesh.Cli;

internal sealed record PingResult(string Node, string Answer, double? ConnectedMs, double? AnsweredMs, string? Error);

internal sealed record NodesResult(string Node, IReadOnlyList<string> Sees);

internal sealed record FunctionsResult(string Node, IReadOnlyList<ModuleResult> Modules);

internal sealed record ModuleResult(string Name, string? Doc, IReadOnlyList<FunctionResult> Functions);

internal sealed record FunctionResult(string Name, int Arity, string Signature, string? Doc);

internal sealed record NamesResult(string Host, int Port, IReadOnlyList<NameResult> Names);

internal sealed record NameResult(string Name, int Port);

internal sealed record DiscoverResult(string Node, IReadOnlyList<SourceResult> Sources);

internal sealed record SourceResult(
    string Name, string Strategy, string Answer, string? Problem, double Ms, IReadOnlyList<MemberResult> Members);

internal sealed record MemberResult(string Name, string? Address, int? Port, bool Self);

internal sealed record MeshResult(bool Complete, IReadOnlyList<MeshNodeResult> Nodes);

internal sealed record MeshNodeResult(string Name, string Runtime, IReadOnlyList<string> Sees);

internal sealed record TermResult(string Erlang, string Elixir, int Bytes);

internal sealed record CertificateResult(
    string Host, string Names, string Serial, DateTimeOffset NotBefore, DateTimeOffset NotAfter, DateTimeOffset RenewFrom, bool IsNew);

internal sealed record CleanupResult(bool DryRun, int Removed, IReadOnlyList<CleanedResult> Requests);

internal sealed record CleanedResult(string Name, string State, double AgeSeconds, string Outcome);

internal sealed record DevelopmentResult(string Authority, bool IsNew, IReadOnlyList<PairResult> Pairs);

internal sealed record PairResult(string Name, string Directory);

internal sealed record ShowResult(
    string Source, string? Link, bool Good, IReadOnlyList<ShownResult> Chain, bool? KeyMatches, IReadOnlyList<HostResult> Hosts,
    IReadOnlyList<string> Problems, IReadOnlyList<string> Notes);

internal sealed record ShownResult(
    string Subject, string Issuer, string Serial, DateTimeOffset NotBefore, DateTimeOffset NotAfter, string Names,
    IReadOnlyList<string>? Usages, IReadOnlyList<string> KeyUsages, string Key, string Signature);

internal sealed record HostResult(string Host, IReadOnlyList<VerdictResult> Verdicts);

internal sealed record VerdictResult(string Who, bool Accepted, string Wanted);

internal sealed record EvalResult(string Node, string? Value, string? Error, string? Output);

internal sealed record KnownHostsResult(IReadOnlyList<KnownHostResult> Hosts);

internal sealed record KnownHostResult(string Node, string? Host, int Port, string? Key, string? Fingerprint, string? Problem);

internal sealed record ValueResult(string Node, string? Value, string? Error);

internal sealed record SendResult(string Node, string To, bool Sent);

internal sealed record ProcessesResult(string Node, int Count, IReadOnlyList<ProcessResult> Processes);

internal sealed record ProcessResult(string Pid, string? Name, string? InitialCall, string? CurrentFunction, long Messages);

internal sealed record LinksResult(string Node, IReadOnlyList<LinkResult> Links);

internal sealed record LinkResult(string Node, string? Type, string? State, string? Address, long? Received, long? Sent);

internal sealed record GroupsResult(string Node, string Scope, IReadOnlyList<GroupResult> Groups);

internal sealed record GroupResult(string Group, IReadOnlyList<string> Members);

internal sealed record GlobalResult(string Node, IReadOnlyList<GlobalNameResult> Names);

internal sealed record GlobalNameResult(string Name, string? Pid);

internal sealed record DoctorResult(
    string? Name, string? Target, string Verdict, int ExitStatus, IReadOnlyList<FindingResult> Findings);

internal sealed record FindingResult(string Step, string? Node, string Verdict, string? Id, string? Class, string Text, string? Advice);

[JsonSerializable(typeof(DoctorResult))]
[JsonSerializable(typeof(CertificateResult))]
[JsonSerializable(typeof(CleanupResult))]
[JsonSerializable(typeof(DevelopmentResult))]
[JsonSerializable(typeof(ShowResult))]
[JsonSerializable(typeof(EvalResult))]
[JsonSerializable(typeof(KnownHostsResult))]
[JsonSerializable(typeof(ValueResult))]
[JsonSerializable(typeof(SendResult))]
[JsonSerializable(typeof(ProcessesResult))]
[JsonSerializable(typeof(LinksResult))]
[JsonSerializable(typeof(GroupsResult))]
[JsonSerializable(typeof(GlobalResult))]
[JsonSerializable(typeof(PingResult))]
[JsonSerializable(typeof(NodesResult))]
[JsonSerializable(typeof(FunctionsResult))]
[JsonSerializable(typeof(NamesResult))]
[JsonSerializable(typeof(DiscoverResult))]
[JsonSerializable(typeof(MeshResult))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class JsonShapes : JsonSerializerContext;

/// <summary>What programs read: one JSON value on stdout.</summary>
internal static class Json
{
    private static readonly JsonShapes Shapes = new(new JsonSerializerOptions(JsonShapes.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // stdout is no web page: names stay readable
    });

    internal static void Print<T>(T value) => Console.Out.WriteLine(JsonSerializer.Serialize(value, typeof(T), Shapes));
}
