using System.Net;
using System.Net.Sockets;

namespace Enmesh.Cli.Doctor;

/// <summary>Does the host part of the node's name lead others to this host, and does the node listen there?</summary>
internal sealed class OwnAddressCheck : ICheck
{
    private const string Step = "address";

    public async Task RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        if (examination.Self is not { } self)
            return;
        IPAddress[] addresses;
        try
        {
            addresses = IPAddress.TryParse(self.Host, out var literal)
                ? [literal]
                : await examination.Around.Resolve(self.Host, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            examination.Report(Step, Diagnoses.AddressUnresolvable, $"'{self.Host}' does not resolve on this host: {e.Message}.");
            return;
        }
        var own = examination.Around.Addresses();
        var here = addresses.Where(address => IPAddress.IsLoopback(address) || own.Contains(new IPAddress(address.GetAddressBytes()))).ToArray();
        if (addresses.Length == 0)
            examination.Report(Step, Diagnoses.AddressUnresolvable, $"'{self.Host}' has no address.");
        else if (here.Length == 0 && own.Count > 0)
            examination.Report(Step, Diagnoses.AddressForeign, $"{Leads(self, addresses)} another host: this one has {Shown(own)}.");
        else
            Listening(examination, self, here.Length > 0 ? here : addresses);
    }

    private static void Listening(Examination examination, NodeName self, IPAddress[] addresses)
    {
        var bound = NodePlan.Addresses(examination.Options, examination.Around.Environment);
        var reached = addresses.Where(address => bound.Any(one => Takes(one, address))).ToArray();
        if (examination.Options.Listen && reached.Length == 0)
        {
            examination.Report(
                Step, Diagnoses.AddressNotListened,
                $"{Leads(self, addresses)} this host, and the node listens on {Shown(bound)} only.",
                $"Set ListenAddresses to {addresses[0]}, or to {(addresses[0].AddressFamily == AddressFamily.InterNetworkV6 ? "::" : "0.0.0.0")} for every address (--listen).");
        }
        else if (addresses.All(IPAddress.IsLoopback) && examination.Around.InPod)
            examination.Report(Step, Diagnoses.AddressLoopback, $"{Leads(self, addresses)} loopback: nobody outside of this pod can mean it.");
        else
            examination.Good(Step, $"{Leads(self, addresses)} this host{(examination.Options.Listen ? ", where the node listens" : "")}.");
    }

    private static bool Takes(IPAddress bound, IPAddress address) =>
        bound.Equals(IPAddress.IPv6Any) || (bound.Equals(IPAddress.Any) && address.AddressFamily == AddressFamily.InterNetwork)
        || bound.Equals(address);

    private static string Leads(NodeName self, IPAddress[] addresses) =>
        addresses is [var one] && one.ToString() == self.Host ? $"{self.Host} is" : $"{self.Host} ({Shown(addresses)}) is";

    private static string Shown(IEnumerable<IPAddress> addresses) => string.Join(", ", addresses) is { Length: > 0 } text ? text : "none";
}
