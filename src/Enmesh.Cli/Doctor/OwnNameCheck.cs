using Enmesh.Discovery;

namespace Enmesh.Cli.Doctor;

/// <summary>What is this host's node called? As the node itself settles it.</summary>
internal sealed class OwnNameCheck : ICheck
{
    private const string Step = "name";

    public async Task RunAsync(Examination examination, CancellationToken cancellationToken)
    {
        if (!examination.HasOwnName)
        {
            examination.Skip(Step, "no name of a node here was given (--name, or Enmesh__Name): this host's own node is not looked at.");
            return;
        }
        try
        {
            examination.Self = await NodePlan.NameAsync(
                examination.Options, examination.Around.Environment, examination.Around.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (ArgumentException e)
        {
            examination.Report(Step, Diagnoses.NameInvalid, e.Message.Split(" (Parameter", StringSplitOptions.None)[0]);
            return;
        }
        catch (DiscoveryException e)
        {
            examination.Report(Step, Diagnoses.NameNotFound, e.Message);
            return;
        }
        examination.Good(Step, $"{examination.Self}, a {(examination.Self.IsLong ? "long" : "short")} name.");
        if (examination.Target is { } target && target.IsLong != examination.Self.IsLong)
            examination.Report(Step, Diagnoses.NameKinds, $"{examination.Self} and {target}: one has a long name, the other a short one.");
    }
}
