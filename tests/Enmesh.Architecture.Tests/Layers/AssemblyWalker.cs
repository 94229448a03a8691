using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Enmesh.Architecture.Tests.Layers;

/// <summary>
/// Finds every reference from code of an assembly to a type: base types, interfaces, constraints, attributes,
/// signatures and method bodies. It reads metadata, so it sees what the compiler made, not what the source says.
/// </summary>
internal sealed class AssemblyWalker : ISignatureTypeProvider<bool, bool>
{
    private readonly MetadataReader _reader;
    private readonly PEReader _file;
    private readonly HashSet<CodeReference> _found = [];
    private TypeName _from = new("", "");

    private AssemblyWalker(PEReader file)
    {
        _file = file;
        _reader = file.GetMetadataReader();
    }

    internal static IReadOnlySet<CodeReference> References(string assemblyPath)
    {
        using var file = new PEReader(File.OpenRead(assemblyPath));
        var walker = new AssemblyWalker(file);
        foreach (var handle in walker._reader.TypeDefinitions)
            walker.WalkType(handle);
        return walker._found;
    }

    internal static IReadOnlyList<string> ReferencedAssemblies(string assemblyPath)
    {
        using var file = new PEReader(File.OpenRead(assemblyPath));
        var reader = file.GetMetadataReader();
        return [.. reader.AssemblyReferences.Select(handle => reader.GetString(
            reader.GetAssemblyReference(handle).Name))];
    }

    private void WalkType(TypeDefinitionHandle handle)
    {
        var type = _reader.GetTypeDefinition(handle);
        _from = NameOf(handle);
        See(type.BaseType);
        foreach (var implementation in type.GetInterfaceImplementations())
            See(_reader.GetInterfaceImplementation(implementation).Interface);
        WalkConstraints(type.GetGenericParameters());
        WalkAttributes(type.GetCustomAttributes());
        foreach (var field in type.GetFields().Select(_reader.GetFieldDefinition))
        {
            field.DecodeSignature(this, true);
            WalkAttributes(field.GetCustomAttributes());
        }

        foreach (var property in type.GetProperties())
            WalkAttributes(_reader.GetPropertyDefinition(property).GetCustomAttributes());
        foreach (var method in type.GetMethods().Select(_reader.GetMethodDefinition))
            WalkMethod(method);
    }

    private void WalkMethod(MethodDefinition method)
    {
        method.DecodeSignature(this, true);
        WalkConstraints(method.GetGenericParameters());
        WalkAttributes(method.GetCustomAttributes());
        if (method.RelativeVirtualAddress == 0)
            return;
        var body = _file.GetMethodBody(method.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil)
            _reader.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(this, true);
        foreach (var region in body.ExceptionRegions)
            See(region.CatchType);
        foreach (var token in IlOperands.Tokens(body.GetILBytes()!))
            See(token);
    }

    private void WalkConstraints(GenericParameterHandleCollection parameters)
    {
        foreach (var parameter in parameters)
        {
            foreach (var constraint in _reader.GetGenericParameter(parameter).GetConstraints())
                See(_reader.GetGenericParameterConstraint(constraint).Type);
        }
    }

    private void WalkAttributes(CustomAttributeHandleCollection attributes)
    {
        foreach (var attribute in attributes)
            See(_reader.GetCustomAttribute(attribute).Constructor);
    }

    private void See(EntityHandle handle)
    {
        if (handle.IsNil)
            return;
        switch (handle.Kind)
        {
            case HandleKind.TypeReference:
                Add(NameOf((TypeReferenceHandle)handle));
                break;
            case HandleKind.TypeDefinition:
                Add(NameOf((TypeDefinitionHandle)handle));
                break;
            case HandleKind.TypeSpecification:
                _reader.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(this, true);
                break;
            case HandleKind.MethodSpecification:
                var method = _reader.GetMethodSpecification((MethodSpecificationHandle)handle);
                method.DecodeSignature(this, true);
                See(method.Method);
                break;
            case HandleKind.MemberReference:
                SeeMember(_reader.GetMemberReference((MemberReferenceHandle)handle));
                break;
            case HandleKind.MethodDefinition:
                Add(NameOf(_reader.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType()));
                break;
            case HandleKind.FieldDefinition:
                Add(NameOf(_reader.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType()));
                break;
            default:
                throw new NotSupportedException($"{handle.Kind} in {_from}");
        }
    }

    private void SeeMember(MemberReference member)
    {
        if (member.Parent.Kind is HandleKind.TypeReference)
            Add(NameOf((TypeReferenceHandle)member.Parent), _reader.GetString(member.Name));
        else
            See(member.Parent);
        if (member.GetKind() is MemberReferenceKind.Field)
            member.DecodeFieldSignature(this, true);
        else
            member.DecodeMethodSignature(this, true);
    }

    private void Add(TypeName to, string? member = null)
    {
        if (to != _from)
            _found.Add(new(_from, to, member));
    }

    private TypeName NameOf(TypeDefinitionHandle handle)
    {
        var type = _reader.GetTypeDefinition(handle);
        while (!type.GetDeclaringType().IsNil)
            type = _reader.GetTypeDefinition(type.GetDeclaringType());
        return new(_reader.GetString(type.Namespace), _reader.GetString(type.Name));
    }

    private TypeName NameOf(TypeReferenceHandle handle)
    {
        var type = _reader.GetTypeReference(handle);
        while (type.ResolutionScope.Kind is HandleKind.TypeReference)
            type = _reader.GetTypeReference((TypeReferenceHandle)type.ResolutionScope);
        return new(_reader.GetString(type.Namespace), _reader.GetString(type.Name));
    }

    // The decoder of signatures tells us each type it meets; there is nothing to build from them.
    bool ISimpleTypeProvider<bool>.GetTypeFromDefinition(
        MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
    {
        See(handle);
        return true;
    }

    bool ISimpleTypeProvider<bool>.GetTypeFromReference(
        MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
    {
        See(handle);
        return true;
    }

    bool ISignatureTypeProvider<bool, bool>.GetTypeFromSpecification(
        MetadataReader reader, bool genericContext, TypeSpecificationHandle handle, byte rawTypeKind)
    {
        See(handle);
        return true;
    }

    bool IConstructedTypeProvider<bool>.GetArrayType(bool elementType, ArrayShape shape) => true;

    bool IConstructedTypeProvider<bool>.GetByReferenceType(bool elementType) => true;

    bool IConstructedTypeProvider<bool>.GetGenericInstantiation(bool genericType, ImmutableArray<bool> typeArguments) =>
        true;

    bool IConstructedTypeProvider<bool>.GetPointerType(bool elementType) => true;

    bool ISZArrayTypeProvider<bool>.GetSZArrayType(bool elementType) => true;

    bool ISimpleTypeProvider<bool>.GetPrimitiveType(PrimitiveTypeCode typeCode) => true;

    bool ISignatureTypeProvider<bool, bool>.GetFunctionPointerType(MethodSignature<bool> signature) => true;

    bool ISignatureTypeProvider<bool, bool>.GetGenericMethodParameter(bool genericContext, int index) => true;

    bool ISignatureTypeProvider<bool, bool>.GetGenericTypeParameter(bool genericContext, int index) => true;

    bool ISignatureTypeProvider<bool, bool>.GetModifiedType(bool modifier, bool unmodifiedType, bool isRequired) =>
        true;

    bool ISignatureTypeProvider<bool, bool>.GetPinnedType(bool elementType) => true;
}
