using Enmesh.Terms;

namespace Enmesh.Behaviours;

// supervisor, "Child specification". The forms and the errors are those of OTP 27.

/// <summary>Child specifications as terms.</summary>
internal static class ChildTerms
{
    internal static readonly Atom BrutalKill = new("brutal_kill");
    internal static readonly Atom Child = new("child");
    internal static readonly Atom Restarting = new("restarting");

    private static readonly Atom Id = new("id");
    private static readonly Atom Start = new("start");
    private static readonly Atom Restart = new("restart");
    private static readonly Atom Significant = new("significant");
    private static readonly Atom Shutdown = new("shutdown");
    private static readonly Atom TypeAtom = new("type");
    private static readonly Atom Modules = new("modules");
    private static readonly Atom Dynamic = new("dynamic");
    private static readonly Atom[] Restarts = [new("permanent"), new("transient"), new("temporary")];
    private static readonly Atom[] Kinds = [new("worker"), new("supervisor")];
    private static readonly Atom[] AutoShutdowns = [new("never"), new("any_significant"), new("all_significant")];
    private static readonly Atom[] Strategies =
        [new("one_for_one"), new("one_for_all"), new("rest_for_one"), new("simple_one_for_one")];

    internal static Atom ToAtom(ChildRestart restart) => Restarts[(int)restart];

    internal static Atom ToAtom(ChildKind kind) => Kinds[(int)kind];

    internal static Atom ToAtom(AutoShutdown autoShutdown) => AutoShutdowns[(int)autoShutdown];

    internal static Atom ToAtom(SupervisorStrategy strategy) => Strategies[(int)strategy];

    internal static Term ModulesOf(ChildSpec spec) =>
        spec.Modules is { } modules ? Term.List([.. modules.Select(module => (Term)module)]) : Dynamic;

    /// <summary><c>{M, F, A}</c>; the arguments of one that is never started again are not kept.</summary>
    internal static Term StartOf(ChildSpec spec, Term? arguments) =>
        Term.Tuple(spec.Start.Module, spec.Start.Function, arguments ?? Atoms.Undefined);

    /// <summary>The answer to <c>get_childspec</c>.</summary>
    internal static Term ToMap(ChildSpec spec, Term? arguments) => Term.Map(
        ((Term)Id, spec.Id.Term), (Start, StartOf(spec, arguments)), (Restart, ToAtom(spec.Restart)),
        (Significant, spec.Significant),
        (Shutdown, spec.Shutdown.Term), (TypeAtom, ToAtom(spec.Kind)), (Modules, ModulesOf(spec)));

    /// <summary>OTP's record of a child, which its errors contain.</summary>
    internal static Term ToRecord(ChildSpec spec, Term pid, Term? arguments) => Term.Tuple(
        Child, pid, spec.Id.Term, StartOf(spec, arguments), ToAtom(spec.Restart), spec.Significant, spec.Shutdown.Term,
        ToAtom(spec.Kind), ModulesOf(spec));

    /// <summary>Reads what a peer gives <c>supervisor:start_child/2</c>: a map or the older tuple.</summary>
    /// <param name="term">The specification.</param>
    /// <param name="autoShutdown">That of the supervisor.</param>
    /// <param name="error">What OTP answers to a wrong one.</param>
    internal static ChildSpec? Read(Term term, AutoShutdown autoShutdown, out Term error)
    {
        error = Term.Tuple(new Atom("invalid_child_spec"), term);
        var map = term.AsMap;
        if (term.TupleElements is [var id, var start, var restart, var shutdown, var kind, var modules])
        {
            map = Term.Map(
                ((Term)Id, id), (Start, start), (Restart, restart), (Significant, false), (Shutdown, shutdown),
                (TypeAtom, kind), (Modules, modules)).AsMap;
        }
        return map is null ? null : Read(map, autoShutdown, out error);
    }

    private static ChildSpec? Read(MapTerm map, AutoShutdown autoShutdown, out Term error)
    {
        if (!map.TryGetValue(Id, out var id))
            return Refuse(new Atom("missing_id"), out error);
        if (!map.TryGetValue(Start, out var start))
            return Refuse(new Atom("missing_start"), out error);
        if (start.TupleElements is not [
            { Atom: { } module }, { Atom: { } function }, { AsList: { IsProper: true } } arguments])
            return Refuse("invalid_mfa", start, out error);
        var restart = map.TryGetValue(Restart, out var given) ? IndexOf(Restarts, given) : 0;
        if (restart < 0)
            return Refuse("invalid_restart_type", given, out error);
        var flag = map.TryGetValue(Significant, out given) ? given : Atoms.False;
        var significant = flag.IsAtom(Atoms.True);
        if (WhyNotSignificant(flag, significant, (ChildRestart)restart, autoShutdown) is { } wrong)
            return Refuse(wrong, out error);
        var kind = map.TryGetValue(TypeAtom, out given) ? IndexOf(Kinds, given) : 0;
        if (kind < 0)
            return Refuse("invalid_child_type", given, out error);
        var spec = ChildSpec.Of(id, ChildStart.Exported(module, function, arguments)) with
        {
            Restart = (ChildRestart)restart,
            Significant = significant,
            Kind = (ChildKind)kind,
        };
        if (map.TryGetValue(Shutdown, out given))
        {
            if (ReadShutdown(given) is not { } shutdown)
                return Refuse("invalid_shutdown", given, out error);
            spec = spec with { Shutdown = shutdown };
        }
        return map.TryGetValue(Modules, out given) ? WithModules(spec, given, out error) : Accept(spec, out error);
    }

    private static Term? WhyNotSignificant(Term flag, bool significant, ChildRestart restart, AutoShutdown autoShutdown)
    {
        if (significant && autoShutdown == AutoShutdown.Never)
            return Combination(new Atom("auto_shutdown"), ToAtom(autoShutdown));
        if (significant && restart == ChildRestart.Permanent)
            return Combination(Restart, ToAtom(restart));
        return significant || flag.IsAtom(Atoms.False)
            ? (Term?)null
            : Term.Tuple(new Atom("invalid_significant"), flag);

        static Term Combination(Atom key, Atom value) =>
            Term.Tuple(new Atom("bad_combination"), Term.List(Term.Tuple(key, value), Term.Tuple(Significant, true)));
    }

    private static ChildShutdown? ReadShutdown(Term term)
    {
        if (term.IsAtom(BrutalKill))
            return ChildShutdown.BrutalKill;
        if (term.IsAtom(Atoms.Infinity))
            return ChildShutdown.Infinity;
        return term.Int64 is >= 0 and < uint.MaxValue
            ? ChildShutdown.After(TimeSpan.FromMilliseconds(term.Int64.Value))
            : null;
    }

    private static ChildSpec? WithModules(ChildSpec spec, Term modules, out Term error)
    {
        if (modules.IsAtom(Dynamic))
            return Accept(spec with { Modules = null }, out error);
        if (modules.AsList is not { IsProper: true } list)
            return Refuse("invalid_modules", modules, out error);
        foreach (var module in list)
        {
            if (module.Atom is null)
                return Refuse("invalid_module", module, out error);
        }
        return Accept(spec with { Modules = [.. list.Select(module => module.Atom!)] }, out error);
    }

    private static int IndexOf(Atom[] atoms, Term term) => term.Atom is { } atom ? Array.IndexOf(atoms, atom) : -1;

    private static ChildSpec Accept(ChildSpec spec, out Term error)
    {
        error = default;
        return spec;
    }

    private static ChildSpec? Refuse(string what, Term value, out Term error) =>
        Refuse(Term.Tuple(new Atom(what), value), out error);

    private static ChildSpec? Refuse(Term reason, out Term error)
    {
        error = reason;
        return null;
    }
}
