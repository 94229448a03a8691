using System.Diagnostics.CodeAnalysis;
using Enmesh.Behaviours;
using Enmesh.Terms;
using Microsoft.Extensions.DependencyInjection;

namespace Enmesh.Hosting;

/// <summary>Servers made by the host's container.</summary>
public static class ServerChildExtensions
{
    /// <summary>
    /// A child that is made by the container: each start and restart of it has a scope of its own, which is disposed when its process has ended.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="id">What it is known by to its supervisor.</param>
    /// <param name="options">Its name and more.</param>
    /// <typeparam name="T">
    /// The server. A constructor that takes an <c>IReadOnlyList&lt;Term&gt;</c> gets what was given when it was added to a
    /// <see cref="SupervisorStrategy.SimpleOneForOne"/> supervisor; the rest comes from the scope. The type itself need not be registered.
    /// </typeparam>
    public static ChildSpec ServerChild<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        this IServiceProvider services, ChildId id, ServerOptions? options = null)
        where T : GenServer
    {
        ArgumentNullException.ThrowIfNull(services);
        var scopes = services.GetRequiredService<IServiceScopeFactory>();
        var takesArguments = Array.Exists(
            typeof(T).GetConstructors(), made => Array.Exists(made.GetParameters(), parameter => parameter.ParameterType == typeof(IReadOnlyList<Term>)));
        var factory = ActivatorUtilities.CreateFactory<T>(takesArguments ? [typeof(IReadOnlyList<Term>)] : []);
        return ChildSpec.ScopedServer<T>(id, arguments =>
        {
            var scope = scopes.CreateAsyncScope();
            try
            {
                return (factory(scope.ServiceProvider, takesArguments ? [arguments] : []), scope);
            }
            catch
            {
                // A server that cannot be made leaves nothing behind; nothing of it runs yet.
                scope.Dispose();
                throw;
            }
        }, options);
    }
}
