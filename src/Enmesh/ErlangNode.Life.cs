using System.Security.Cryptography;
using Enmesh.Handshake;
using Enmesh.Peers;
using Enmesh.Processes;
using Enmesh.Services;
using Enmesh.Terms;
using Enmesh.Transport;
using Microsoft.Extensions.Logging;

namespace Enmesh;

// How a node begins and ends.
public sealed partial class ErlangNode
{
    private ErlangNode(NodeParts parts)
    {
        var atoms = new AtomTable(parts.Options.AtomBudget);
        atoms.Intern(parts.Name.Atom);
        var peers = new PeerSettings
        {
            Name = parts.Name,
            Creation = parts.Creation,
            Cookies = parts.Cookies,
            Transport = parts.Transport,
            Locate = parts.Locate,
            HandshakeLimits = new(parts.Options.SetupTime, parts.Options.SetupTime * 4),
            Link = new()
            {
                SendBufferBytes = parts.Options.SendBufferBytes,
                NetTickTime = parts.Options.NetTickTime,
                NetTickIntensity = parts.Options.NetTickIntensity,
                Limits = new() { MaxMessageBytes = parts.Options.MaxMessageBytes },
            },
        };
        _runtime = new ProcessRuntime(
            parts.Name, parts.Creation, parts.TimeProvider, parts.LoggerFactory.CreateLogger("Enmesh.Processes"));
        _peers = new PeerTable(peers, _runtime, atoms, parts.TimeProvider, parts.LoggerFactory.CreateLogger("Enmesh.Peers"));
        _runtime.Start(_peers);
        Functions = new ExportedFunctions();
        ExportOwn();
        if (parts.Listener is { } listener)
            _peers.Listen(listener);
        _runtime.Spawn(NetKernel.RunAsync, NetKernel.Name);
        _runtime.Spawn(new Rex(_runtime, Functions).RunAsync, Rex.Name);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _peers.DisposeAsync().ConfigureAwait(false);
        await _runtime.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>For tests and for what starts a node from elsewhere than options.</summary>
    internal static ErlangNode Start(NodeParts parts) => new(parts);

    /// <summary>A creation that no other start of this node has had, most likely; at least 4, as from OTP 23 on.</summary>
    internal static uint NewCreation() => (uint)RandomNumberGenerator.GetInt32(4, int.MaxValue);

    private void ExportOwn()
    {
        Functions.Export("erlang", "node", 0, (_, _) => new(Name.Atom));
        Functions.Export("erlang", "nodes", 0, (_, _) => new(Term.Nil)); // visible ones: none, we are hidden
        Functions.Export("erlang", "is_alive", 0, (_, _) => new(true));
    }
}

/// <summary>What a node is made of, once all options are looked up and found good.</summary>
internal sealed record NodeParts
{
    internal required NodeName Name { get; init; }

    internal uint Creation { get; init; } = ErlangNode.NewCreation();

    internal required Func<NodeName, PeerCookies> Cookies { get; init; }

    internal required ITransport Transport { get; init; }

    internal required Func<NodeName, CancellationToken, ValueTask<PeerEndPoint>> Locate { get; init; }

    /// <summary>Where calls come in; null for a node that only dials.</summary>
    internal ITransportListener? Listener { get; init; }

    internal ErlangNodeOptions Options { get; init; } = new();

    internal TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal ILoggerFactory LoggerFactory { get; init; } = Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance;
}
