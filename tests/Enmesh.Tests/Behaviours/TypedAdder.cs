using Enmesh.Behaviours;
using Enmesh.Processes;
using Enmesh.Terms.Serialization;

namespace Enmesh.Tests.Behaviours;

[ErlangTag("add")]
public sealed record AddRequest(int Left, int Right);

[TermSerializable(typeof(AddRequest))]
[TermSerializable(typeof(int))]
internal sealed partial class ServerTestTerms : TermSerializerContext;

/// <summary>Adds, and adds what was cast to it on top.</summary>
internal sealed class TypedAdder() : GenServer<AddRequest, int>(ServerTestTerms.Default.AddRequest, ServerTestTerms.Default.Int32)
{
    private int _more;

    protected override ValueTask<CallResult> HandleCallAsync(AddRequest request, CallRequest call) => Reply(request.Left + request.Right + _more);

    protected override ValueTask<ServerResult> HandleCastAsync(AddRequest request)
    {
        _more += request.Left;
        return NoReply();
    }
}
