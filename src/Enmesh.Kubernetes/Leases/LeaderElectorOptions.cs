namespace Enmesh.Kubernetes.Leases;

/// <summary>What a <see cref="LeaderElector"/> can be told. The times are those of Kubernetes' own
/// components.</summary>
public sealed class LeaderElectorOptions
{
    /// <summary>The name of the Lease, the same for all who may lead. It is created when it is not there.</summary>
    public string Name { get; set; } = "";

    /// <summary>Its namespace. Default: the one this process belongs to.</summary>
    public string? Namespace { get; set; }

    /// <summary>
    /// Who we are; no two processes may have the same. Default: the name of the machine, which is the pod's, and
    /// something random, so that a process that has been restarted is another one.
    /// </summary>
    public string? Identity { get; set; }

    /// <summary>
    /// For how long the others leave a lease alone that they have not seen renewed. Default 15 s; 1 s to 1 h, in whole
    /// seconds.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan LeaseDuration
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
    } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// For how long the holder tries to renew before it counts the lease as lost. Default 10 s; it is shorter than
    /// <see cref="LeaseDuration"/>, so that the old leader has ended its work before there is a new one.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan RenewDeadline
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1));
    } = TimeSpan.FromSeconds(10);

    /// <summary>Pause between two attempts, to renew or to acquire; the latter vary at random. Default 2 s.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public TimeSpan RetryPeriod
    {
        get;
        set => field = Bounds.Within(value, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1));
    } = TimeSpan.FromSeconds(2);

    /// <summary>Says what is wrong with the options, each problem beginning with its key.</summary>
    /// <returns>Empty when all is well.</returns>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        if (string.IsNullOrWhiteSpace(Name))
            problems.Add($"{nameof(Name)}: there is none. Name the Lease, as in orders-leader.");
        if (LeaseDuration.Ticks % TimeSpan.TicksPerSecond != 0)
            problems.Add($"{nameof(LeaseDuration)}: {LeaseDuration} is no whole number of seconds.");
        if (RenewDeadline >= LeaseDuration)
            problems.Add(
                $"{nameof(RenewDeadline)}: {RenewDeadline} must be shorter than {nameof(LeaseDuration)}, {LeaseDuration}, or two lead at a time.");
        if (RetryPeriod * 1.2 >= RenewDeadline)
            problems.Add(
                $"{nameof(RetryPeriod)}: {RetryPeriod} leaves no room for a second attempt within {nameof(RenewDeadline)}, {RenewDeadline}.");
        return problems;
    }

    internal LeaderElectorOptions Copy() => (LeaderElectorOptions)MemberwiseClone();
}
