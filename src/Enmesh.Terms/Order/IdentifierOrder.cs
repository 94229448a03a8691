namespace Enmesh.Terms.Order;

/// <summary>The order of pids, ports and references, each among its like.</summary>
internal static class IdentifierOrder
{
    internal static int Compare(Pid left, Pid right)
    {
        var order = left.Serial.CompareTo(right.Serial);
        order = order != 0 ? order : left.Id.CompareTo(right.Id);
        return order != 0 ? order : CompareNodes(left.Node, left.Creation, right.Node, right.Creation);
    }

    internal static int Compare(PortId left, PortId right)
    {
        var order = CompareNodes(left.Node, left.Creation, right.Node, right.Creation);
        return order != 0 ? order : left.Id.CompareTo(right.Id);
    }

    internal static int Compare(Reference left, Reference right)
    {
        var order = CompareNodes(left.Node, left.Creation, right.Node, right.Creation);
        for (var i = Reference.MaxWords - 1; order == 0 && i >= 0; i--)
            order = WordAt(left, i).CompareTo(WordAt(right, i));
        return order != 0 ? order : left.WordCount.CompareTo(right.WordCount);
    }

    private static int CompareNodes(Atom left, uint leftCreation, Atom right, uint rightCreation)
    {
        var order = left.CompareTo(right);
        return order != 0 ? order : leftCreation.CompareTo(rightCreation);
    }

    private static uint WordAt(Reference reference, int index) => index < reference.WordCount ? reference[index] : 0;
}
