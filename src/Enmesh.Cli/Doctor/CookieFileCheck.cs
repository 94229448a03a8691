namespace Enmesh.Cli.Doctor;

/// <summary>Is there a cookie, and one that a node takes?</summary>
internal sealed class CookieFileCheck : ICheck
{
    private const string Step = "cookie file";

    public Task RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        try
        {
            var source = CookieSource.Locate(examination.Options.CookieFile, examination.Around.Environment);
            var cookies = source.Read(examination.Options.Insecure);
            examination.Good(Step, $"{source.Path} ({source.Origin}), {(cookies.Count == 1 ? "one cookie" : $"{cookies.Count} cookies, the first is used")}.");
        }
        catch (CookieException e)
        {
            examination.Report(Step, Diagnoses.CookieFile, e.Message);
        }
        return Task.CompletedTask;
    }
}
