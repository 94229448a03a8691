using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Enmesh.Architecture.Tests.PublicSurface;

/// <summary>
/// Writes down what an assembly offers to others: one line for each public or protected type and member, in C#'s words,
/// in an order that depends on nothing but their names.
/// </summary>
internal sealed class SurfacePrinter
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private readonly NullabilityInfoContext _nullability = new();

    internal static IReadOnlyList<string> Print(Assembly assembly)
    {
        var printer = new SurfacePrinter();
        List<string> lines = [];
        foreach (var type in assembly.GetExportedTypes().OrderBy(static type => type.FullName, StringComparer.Ordinal))
        {
            lines.Add(TypeLine(type));
            lines.AddRange(printer.Members(type).Order(StringComparer.Ordinal).Select(static line => $"    {line}"));
        }

        return lines;
    }

    private static string TypeLine(Type type)
    {
        if (type.IsEnum)
            return $"enum {TypeText.Of(type)} : {TypeText.Of(Enum.GetUnderlyingType(type))}";
        if (IsDelegate(type))
            return $"delegate {TypeText.Of(type)}";
        var kind = type.IsInterface ? "interface" : type.IsValueType ? "struct" : "class";
        var modifier = type switch
        {
            { IsInterface: true } => "",
            { IsAbstract: true, IsSealed: true } => "static ",
            { IsAbstract: true } => "abstract ",
            { IsSealed: true, IsValueType: false } => "sealed ",
            _ when type.IsDefined(typeof(IsReadOnlyAttribute), inherit: false) => "readonly ",
            _ => "",
        };
        var inherited = type.IsByRefLike ? "ref " : "";
        IEnumerable<Type> bases = type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType)
            ? [parent]
            : [];
        var all = bases.Concat(OwnInterfaces(type)).Select(TypeText.Of).ToList();
        return $"{modifier}{inherited}{kind} {TypeText.Of(type)}{(all.Count == 0 ? "" : $" : {string.Join(", ", all)}")}";
    }

    private static IEnumerable<Type> OwnInterfaces(Type type) =>
        type.GetInterfaces()
            .Except(type.BaseType?.GetInterfaces() ?? [])
            .Where(static own => own.IsVisible)
            .OrderBy(TypeText.Of, StringComparer.Ordinal);

    private static bool IsDelegate(Type type) => type.IsSubclassOf(typeof(Delegate));

    private static bool IsOffered(MethodBase? method) =>
        method is { IsPublic: true } or { IsFamily: true } or { IsFamilyOrAssembly: true };

    private IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
            return Enum.GetNames(type).Select(name => $"{name} = {Convert.ToInt64(Enum.Parse(type, name))}");
        if (IsDelegate(type))
            return [Method(type.GetMethod("Invoke")!)];
        return type.GetMembers(Declared)
            .Where(static member => !member.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false))
            .Select(member => member switch
            {
                ConstructorInfo constructor when IsOffered(constructor) && !constructor.IsStatic =>
                    $"{Access(constructor)}new({Parameters(constructor)})",
                MethodInfo method when IsOffered(method) && !IsAccessor(method) => Method(method),
                PropertyInfo property when IsOffered(property.GetMethod) || IsOffered(property.SetMethod) =>
                    Property(property),
                EventInfo happening when IsOffered(happening.AddMethod) =>
                    $"event {TypeText.Of(happening.EventHandlerType!)} {happening.Name}",
                FieldInfo field when field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly => Field(field),
                _ => "",
            })
            .Where(static line => line.Length > 0);
    }

    private static bool IsAccessor(MethodInfo method) =>
        method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal);

    private static string Access(MethodBase method)
    {
        var text = new StringBuilder();
        if (!method.IsPublic)
            text.Append("protected ");
        if (method.IsStatic)
            text.Append("static ");
        if (method.DeclaringType!.IsInterface)
            return text.ToString();
        if (method.IsAbstract)
            text.Append("abstract ");
        else if (method is MethodInfo { IsVirtual: true, IsFinal: false } own)
            text.Append(own.GetBaseDefinition() == own ? "virtual " : "override ");
        return text.ToString();
    }

    private string Method(MethodInfo method)
    {
        var arguments = method.IsGenericMethod
            ? $"<{string.Join(", ", method.GetGenericArguments().Select(TypeText.Of))}>"
            : "";
        return $"{Access(method)}{Nullable(_nullability.Create(method.ReturnParameter), method.ReturnType)} " +
            $"{method.Name}{arguments}({Parameters(method)})";
    }

    private string Property(PropertyInfo property)
    {
        var getter = IsOffered(property.GetMethod) ? "get; " : "";
        var setter = IsOffered(property.SetMethod) ? $"{(IsInit(property) ? "init" : "set")}; " : "";
        var indices = property.GetIndexParameters() is { Length: > 0 } parameters ? $"[{Parameters(parameters)}]" : "";
        var required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        return $"{Access((property.GetMethod ?? property.SetMethod)!)}{required}" +
            $"{Nullable(_nullability.Create(property), property.PropertyType)} {property.Name}{indices} {{ {getter}{setter}}}";
    }

    private static bool IsInit(PropertyInfo property) =>
        property.SetMethod!.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));

    private string Field(FieldInfo field)
    {
        var type = Nullable(_nullability.Create(field), field.FieldType);
        if (field.IsLiteral)
            return $"const {type} {field.Name} = {field.GetRawConstantValue() ?? "null"}";
        return $"{(field.IsStatic ? "static " : "")}{(field.IsInitOnly ? "readonly " : "")}{type} {field.Name}";
    }

    private string Parameters(MethodBase method) => Parameters(method.GetParameters());

    private string Parameters(ParameterInfo[] parameters) => string.Join(", ", parameters.Select(parameter =>
    {
        var extension = parameter is { Position: 0 } && parameter.Member.IsDefined(typeof(ExtensionAttribute))
            ? "this "
            : "";
        var passed = parameter switch
        {
            { IsOut: true } => "out ",
            { IsIn: true } => "in ",
            { ParameterType.IsByRef: true } => "ref ",
            _ when parameter.IsDefined(typeof(ParamArrayAttribute)) => "params ",
            _ => "",
        };
        var value = parameter.HasDefaultValue ? $" = {parameter.DefaultValue ?? "default"}" : "";
        return $"{extension}{passed}{Nullable(_nullability.Create(parameter), parameter.ParameterType)} {parameter.Name}{value}";
    }));

    private static string Nullable(NullabilityInfo nullability, Type type)
    {
        var text = TypeText.Of(type);
        return nullability.ReadState is NullabilityState.Nullable && !type.IsValueType ? $"{text}?" : text;
    }
}
