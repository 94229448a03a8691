namespace Enmesh.Shell.Syntax;

// Patterns and guards.
internal sealed partial class Lint
{
    /// <summary>The functions that a guard may call.</summary>
    internal static bool IsGuardFunction(string name, int arity) => (name, arity) switch
    {
        ("node" or "self", 0) => true,
        ("abs" or "ceil" or "floor" or "float" or "hd" or "tl" or "length" or "map_size" or "node" or "round" or "trunc" or "size"
            or "tuple_size" or "byte_size" or "bit_size", 1) => true,
        ("is_atom" or "is_binary" or "is_bitstring" or "is_boolean" or "is_float" or "is_function" or "is_integer" or "is_list" or "is_map"
            or "is_number" or "is_pid" or "is_port" or "is_reference" or "is_tuple", 1) => true,
        ("element" or "map_get" or "is_map_key" or "is_function" or "is_record" or "binary_part" or "min" or "max", 2) => true,
        ("binary_part" or "is_record", 3) => true,
        _ => false,
    };

    /// <summary>Whether an expression could stand in a guard.</summary>
    internal static bool IsTest(Expression expression) => Deep(expression) switch
    {
        Literal or StringLiteral or Variable => true,
        TupleExpression tuple => tuple.Elements.All(IsTest),
        ListExpression list => list.Elements.All(IsTest) && (list.Tail is null || IsTest(list.Tail)),
        MapExpression map => (map.Source is null || IsTest(map.Source)) && map.Fields.All(field => IsTest(field.Key) && IsTest(field.Value)),
        BinaryExpression binary => binary.Segments.SelectMany(PartsOf).All(IsTest),
        UnaryOperation operation => IsTest(operation.Operand),
        BinaryOperation { Operator: not ("!" or "++" or "--") } operation => IsTest(operation.Left) && IsTest(operation.Right),
        CallExpression { Module: null or Literal { Value.AtomText: "erlang" }, Function: Literal { Value.AtomText: { } name } } call =>
            IsGuardFunction(name, call.Arguments.Length) && call.Arguments.All(IsTest),
        _ => false,
    };

    private void VisitPattern(Expression pattern, Scope scope) => VisitPattern(pattern, scope, scope);

    /// <param name="pattern">The pattern.</param>
    /// <param name="scope">The variables that are compared with; new ones are added.</param>
    /// <param name="outside">The variables that keys and sizes may use besides.</param>
    private void VisitPattern(Expression pattern, Scope scope, Scope outside)
    {
        switch (Deep(pattern))
        {
            case Literal or StringLiteral:
                break;
            case Variable { IsWildcard: true }:
                break;
            case Variable variable:
                Use(variable.Name);
                if (scope.WhyUnsafe(variable.Name) is { } why)
                    Fail(variable, $"variable '{variable.Name}' unsafe in {why}");
                scope.Bind(variable.Name);
                break;
            case TupleExpression tuple:
                foreach (var element in tuple.Elements)
                    VisitPattern(element, scope, outside);
                break;
            case ListExpression list:
                foreach (var element in list.Elements)
                    VisitPattern(element, scope, outside);
                if (list.Tail is not null)
                    VisitPattern(list.Tail, scope, outside);
                break;
            case MatchExpression both:
                VisitPattern(both.Pattern, scope, outside);
                VisitPattern(both.Value, scope, outside);
                break;
            case MapExpression map:
                VisitMapPattern(map, scope, outside);
                break;
            case BinaryExpression binary:
                VisitBinaryPattern(binary, scope, outside);
                break;
            case BinaryOperation { Operator: "++" } join when IsText(join.Left):
                VisitPattern(join.Right, scope, outside);
                break;
            default:
                if (!IsConstant(pattern))
                    Fail(pattern, "illegal pattern");
                break;
        }
    }

    private void VisitMapPattern(MapExpression map, Scope scope, Scope outside)
    {
        if (map.Source is not null)
            Fail(map, "illegal pattern");
        foreach (var field in map.Fields)
        {
            if (!field.IsExact)
                ShellSyntaxException.Throw(field.At, "illegal pattern, did you mean to use `:=`?");
            VisitTest(field.Key, Both(scope, outside));
            VisitPattern(field.Value, scope, outside);
        }
    }

    private void VisitBinaryPattern(BinaryExpression binary, Scope scope, Scope outside)
    {
        for (var i = 0; i < binary.Segments.Length; i++)
        {
            var segment = binary.Segments[i];
            if (segment is { Size: null, Type.Kind: Terms.Text.SegmentKind.Bits } && i < binary.Segments.Length - 1)
                ShellSyntaxException.Throw(segment.At, "a binary field without size is only allowed at the end of a binary pattern");
            if (segment.Size is not null)
                VisitTest(segment.Size, Both(scope, outside));
            if (segment.Value is TupleExpression or ListExpression or MapExpression)
                Fail(segment.Value, "illegal bit type");
            VisitPattern(segment.Value, scope, outside);
        }
    }

    private static Scope Both(Scope scope, Scope outside)
    {
        if (ReferenceEquals(scope, outside))
            return scope;
        var both = outside.Copy();
        foreach (var name in scope.Names)
            both.Bind(name);
        return both;
    }

    // "abc" ++ Rest, where the text may be a list of characters.
    private static bool IsText(Expression expression) => Deep(expression) switch
    {
        StringLiteral => true,
        Literal { Value.IsNil: true } => true,
        ListExpression { Tail: null } list => list.Elements.All(element => element is Literal { Value.Integer: not null }),
        BinaryOperation { Operator: "++" } join => IsText(join.Left) && IsText(join.Right),
        _ => false,
    };

    private static bool IsConstant(Expression expression) => Deep(expression) switch
    {
        Literal => true,
        UnaryOperation { Operator: "+" or "-" or "bnot" } operation => IsConstant(operation.Operand),
        BinaryOperation { Operator: "+" or "-" or "*" or "div" or "rem" or "band" or "bor" or "bxor" or "bsl" or "bsr" or "/" } operation =>
            IsConstant(operation.Left) && IsConstant(operation.Right),
        _ => false,
    };

    private static Variable? FindVariable(Expression test, string name) => Deep(test) switch
    {
        Variable variable => variable.Name == name ? variable : null,
        UnaryOperation operation => FindVariable(operation.Operand, name),
        BinaryOperation operation => FindVariable(operation.Left, name) ?? FindVariable(operation.Right, name),
        CallExpression call => call.Arguments.Select(argument => FindVariable(argument, name)).FirstOrDefault(found => found is not null),
        TupleExpression tuple => tuple.Elements.Select(element => FindVariable(element, name)).FirstOrDefault(found => found is not null),
        _ => null,
    };

    private void VisitGuard(Expression[][] guard, Scope scope)
    {
        foreach (var test in guard.SelectMany(alternative => alternative))
            VisitTest(test, scope);
    }

    private void VisitTest(Expression test, Scope scope)
    {
        if (_stackVariable is { } stack && FindVariable(test, stack) is { } used)
            Fail(used, $"stacktrace variable '{stack}' must not be used in a guard");
        if (!IsTest(test))
            Fail(test, "illegal guard expression");
        Visit(test, scope);
    }
}
