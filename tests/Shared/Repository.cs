namespace Enmesh.TestSupport;

/// <summary>Where the repository lies, seen from a test executable somewhere below it.</summary>
internal static class Repository
{
    internal static string Root { get; } = Find();

    internal static string PathTo(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Enmesh.slnx")))
                return directory.FullName;
        }

        throw new InvalidOperationException(
            $"No Enmesh.slnx above {AppContext.BaseDirectory}: run tests inside the repository.");
    }
}
