using System.Security.Cryptography.X509Certificates;
using Enmesh.Certificates;
using Enmesh.Tls;

namespace Enmesh.Cli.Doctor;

/// <summary>What would peers of each release make of the certificate that this node shows?</summary>
internal sealed class OwnCertificateCheck : ICheck
{
    private const string Step = "certificate";

    // A certificate is renewed when two thirds of its time are over: with a sixth left, that has failed for long.
    private const double RenewalIsLate = 1.0 / 6;
    private static readonly TimeSpan NeverEarlierThan = TimeSpan.FromDays(30);

    public Task RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        if (examination.Options.Tls.Validate().Count > 0)
            return Task.CompletedTask; // told as a setting
        if (!examination.Options.Tls.IsOn)
        {
            examination.Note(Step, "TLS is off: peers are spoken to in plain.");
            return Task.CompletedTask;
        }
        try
        {
            var setup = TlsSetup.From(examination.Options.Tls)!;
            Look(examination, setup.Files.Server);
            if (!setup.Files.Client.Equals(setup.Files.Server))
                Look(examination, setup.Files.Client);
        }
        catch (TlsSettingsException e)
        {
            examination.Report(Step, Diagnoses.CertificateUnusable, e.Message);
        }
        return Task.CompletedTask;
    }

    private static void Look(Examination examination, TlsRoleFiles files)
    {
        var (before, now) = (examination.Findings.Count, examination.Around.Time.GetUtcNow());
        var material = TlsMaterial.Load(files);
        var certificate = material.Certificate;
        Dates(examination, files, certificate, now);
        foreach (var problem in CertificateCheck.Problems(certificate, Within(certificate)))
            examination.Report(Step, Diagnoses.CertificateUsage, $"{files.CertificateFile}: {problem}");
        Names(examination, files, material.Names);
        IReadOnlyList<X509Certificate2> chain = [certificate, .. material.Chain.IntermediateCertificates];
        if (TrustCheck.Problem(chain, [.. material.Authorities], now) is { } untrusted)
            examination.Report(Step, Diagnoses.CertificateUntrusted, $"{files.CertificateFile}, by {files.CaFile}: {untrusted}.");
        if (examination.Findings.Count == before)
            examination.Good(Step, $"{files.CertificateFile}: {ChainVerdict.Short(certificate)}.");
    }

    private static void Dates(Examination examination, TlsRoleFiles files, X509Certificate2 certificate, DateTimeOffset now)
    {
        var (from, to) = CertificateCheck.Validity(certificate);
        var late = (to - from) * RenewalIsLate;
        if (now > to)
            examination.Report(Step, Diagnoses.CertificateExpired, $"{files.CertificateFile} was valid until {CertificateCheck.Text(to)}.");
        else if (now < from)
            examination.Report(Step, Diagnoses.CertificateNotYetValid, $"{files.CertificateFile} is valid from {CertificateCheck.Text(from)} on; it is {CertificateCheck.Text(now)} here.");
        else if (to - now < (late < NeverEarlierThan ? late : NeverEarlierThan))
            examination.Report(Step, Diagnoses.CertificateExpiring, $"{files.CertificateFile} is valid until {CertificateCheck.Text(to)}, {ShownCertificate.Left(to)}.");
    }

    // A moment at which its dates are no matter.
    private static DateTimeOffset Within(X509Certificate2 certificate)
    {
        var (from, to) = CertificateCheck.Validity(certificate);
        return from + ((to - from) / 2);
    }

    private static void Names(Examination examination, TlsRoleFiles files, CertificateNames names)
    {
        var host = examination.Self?.Host;
        foreach (var finding in CertificateLayout.CheckFile(files.CertificateFile, names, host).Where(finding => !finding.IsFatal))
            examination.Report(Step, Diagnoses.CertificateLayout, finding.Text);
        if (host is null)
            return;
        var verdicts = CertificateCheck.ForHost(names, host);
        var refusing = verdicts.Where(verdict => !verdict.Accepted).ToList();
        if (refusing.Count == verdicts.Count)
            examination.Report(Step, Diagnoses.CertificateNames, $"{files.CertificateFile} is for {names.Text}, and this node is dialled as {host}.");
        else if (refusing.Count > 0)
        {
            examination.Report(
                Step, Diagnoses.CertificateNamesForSome,
                $"{files.CertificateFile} is for {names.Text}: {string.Join("; ", refusing.Select(verdict => $"{verdict.Who} would not take it for {host}, since it lacks {verdict.Wanted}"))}.");
        }
    }
}
