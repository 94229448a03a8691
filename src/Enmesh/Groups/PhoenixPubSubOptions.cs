using System.Globalization;

namespace Enmesh.Groups;

/// <summary>Which <c>Phoenix.PubSub</c> of the cluster to take part in.</summary>
public sealed class PhoenixPubSubOptions
{
    private const string ElixirPrefix = "Elixir.";

    /// <param name="name">
    /// Its name as in <c>{Phoenix.PubSub, name: MyApp.PubSub}</c>: a module, or an atom as <c>:my_pubsub</c>.
    /// </param>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public PhoenixPubSubOptions(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its <c>:pool_size</c>, which is the same on all nodes. Default 1, as in Phoenix; 1 to 1024.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public int PoolSize
    {
        get;
        set => field = Checked(value);
    } = 1;

    /// <summary>
    /// How many of the pool are broadcast on while the pool is being made larger: <c>:broadcast_pool_size</c>.
    /// Default: all; at most <see cref="PoolSize"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of bounds.</exception>
    public int? BroadcastPoolSize
    {
        get;
        set => field = value is { } size ? Checked(size) : null;
    }

    /// <summary>
    /// The group of a partition, counted from 1: the first has no number, as it was before there were pools.
    /// </summary>
    internal string GroupName(int partition)
    {
        var isModule = Name.StartsWith(ElixirPrefix, StringComparison.Ordinal);
        var bare = isModule ? Name[ElixirPrefix.Length..] : Name.TrimStart(':');
        var adapter = $"{ElixirPrefix}{bare}.Adapter";
        return partition == 1 ? adapter : string.Create(CultureInfo.InvariantCulture, $"{adapter}_{partition}");
    }

    private static int Checked(int value)
    {
        const int Most = 1024;
        ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, Most);
        return value;
    }
}
