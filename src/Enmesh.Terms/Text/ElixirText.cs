namespace Enmesh.Terms.Text;

/// <summary>Terms as text in Elixir's syntax.</summary>
public static class ElixirText
{
    /// <summary>Prints a term as Elixir's <c>inspect/2</c> does.</summary>
    /// <remarks>
    /// A struct's fields come in the order of their names, since only its module knows another one; ranges, sets, dates
    /// and times are printed as their modules do. See docs/terms.md for where releases of Elixir differ.
    /// </remarks>
    public static string Inspect(Term term, ElixirInspectOptions? options = null)
    {
        options ??= ElixirInspectOptions.Default;
        var output = new TextBuffer(options.MaxLength);
        var layout = new ElixirLayout(output, options.Pretty, options.Release);
        new ElixirInspector(output, layout, options).Inspect(term);
        return options.Pretty ? layout.Format(options.Width) : output.ToString();
    }
}
