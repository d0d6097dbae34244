using System.Reflection;
using System.Reflection.Emit;
using System.Text.RegularExpressions;

namespace Gatehouse.Tests.Support;

/// <summary>Which folder of the sources uses which: read from the built assemblies, where a namespace is a folder.</summary>
internal sealed class FolderGraph
{
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<int, OpCode> Codes = typeof(OpCodes)
        .GetFields()
        .Select(f => (OpCode)f.GetValue(null)!)
        .ToDictionary(c => (int)(ushort)c.Value);
    private readonly SortedDictionary<string, SortedDictionary<string, SortedSet<string>>> arrows = new(StringComparer.Ordinal);

    /// <summary>One folder uses another; an arrow of a folder to itself is none.</summary>
    /// <param name="from">The folder that uses.</param>
    /// <param name="to">The folder that is used.</param>
    /// <param name="because">The types, for the reader.</param>
    public void Add(string from, string to, string because)
    {
        if (from == to)
            return;
        if (!arrows.TryGetValue(from, out var targets))
            arrows[from] = targets = new(StringComparer.Ordinal);
        if (!targets.TryGetValue(to, out var reasons))
            targets[to] = reasons = new(StringComparer.Ordinal);
        reasons.Add(because);
    }

    /// <summary>The graph of some assemblies.</summary>
    /// <param name="assemblies">The assemblies.</param>
    /// <param name="sources">Their source files: constants leave no trace in an assembly.</param>
    public static FolderGraph Of(IReadOnlyCollection<Assembly> assemblies, IEnumerable<string> sources)
    {
        var graph = new FolderGraph();
        foreach (var type in assemblies.SelectMany(a => a.GetTypes()))
        foreach (var used in Used(type).SelectMany(Parts).Select(Outermost).Where(t => assemblies.Contains(t.Assembly)).Distinct())
            if (Folder(type) is { } from && Folder(used) is { } to)
                graph.Add(from, to, $"{Outermost(type).Name} uses {used.Name}");
        graph.AddConstants(assemblies, sources);
        return graph;
    }

    /// <summary>A shortest circle in words, with the types that make it; null when there is none.</summary>
    public string? Circle()
    {
        var shortest = arrows.Keys.Select(Back).Where(c => c is not null).MinBy(c => c!.Count);
        return shortest is null
            ? null
            : string.Concat(
                shortest
                    .Zip(shortest.Skip(1))
                    .Select(a => $"\n  {a.First} -> {a.Second}: {string.Join(", ", arrows[a.First][a.Second].Take(5))}")
            );
    }

    // The shortest way from a folder back to it.
    private List<string>? Back(string start)
    {
        var before = new Dictionary<string, string>(StringComparer.Ordinal);
        var next = new Queue<string>([start]);
        while (next.TryDequeue(out var at))
        {
            foreach (var target in arrows.TryGetValue(at, out var targets) ? targets.Keys : Enumerable.Empty<string>())
            {
                if (!before.TryAdd(target, at))
                    continue;
                if (target == start)
                    return Way(before, start);
                next.Enqueue(target);
            }
        }

        return null;
    }

    private static List<string> Way(Dictionary<string, string> before, string start)
    {
        var way = new List<string> { start };
        for (var at = before[start]; at != start; at = before[at])
            way.Insert(0, at);
        way.Insert(0, start);
        return way;
    }

    // "Name.Constant", where the compiler puts the value in place of the name.
    private void AddConstants(IReadOnlyCollection<Assembly> assemblies, IEnumerable<string> sources)
    {
        var owners = assemblies
            .SelectMany(a => a.GetTypes())
            .Where(t => !t.IsNested && !t.IsEnum && t.GetFields(All).Any(f => f.IsLiteral))
            .ToLookup(t => t.Name, StringComparer.Ordinal);
        foreach (var text in sources.Select(File.ReadAllText))
        {
            if (Regex.Match(text, @"(?m)^namespace ([\w.]+);") is not { Success: true } space)
                continue;
            foreach (
                var (name, constant) in Regex
                    .Matches(text, @"(?<![\w.])([A-Z]\w*)\.([A-Z]\w*)")
                    .Select(m => (m.Groups[1].Value, m.Groups[2].Value))
                    .Distinct()
            )
            foreach (
                var owner in owners[name]
                    .Where(t =>
                        t.GetField(constant, All) is { IsLiteral: true }
                        && (IsSeen(t.Namespace!, space.Groups[1].Value) || text.Contains($"using {t.Namespace};", StringComparison.Ordinal))
                    )
            )
                Add(space.Groups[1].Value, owner.Namespace!, $"{name}.{constant}");
        }
    }

    private static bool IsSeen(string from, string inside) => inside == from || inside.StartsWith(from + ".", StringComparison.Ordinal);

    // What the compiler adds of its own has no namespace, and neither has the class of the program's first lines.
    private static string? Folder(Type type)
    {
        var top = Outermost(type);
        return top.Namespace is null ? (top.Name == "Program" ? "Gatehouse" : null)
            : IsSeen("Gatehouse", top.Namespace) ? top.Namespace
            : null;
    }

    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;

    private static IEnumerable<Type> Parts(Type type)
    {
        if (type.HasElementType)
            return Parts(type.GetElementType()!);
        if (type.IsGenericParameter)
            return [];
        return type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type.GetGenericTypeDefinition()) : [type];
    }

    private static IEnumerable<Type> Used(Type type)
    {
        if (type.BaseType is { } parent)
            yield return parent;
        foreach (var one in type.GetInterfaces())
            yield return one;
        foreach (var one in type.CustomAttributes.SelectMany(Used))
            yield return one;
        foreach (var field in type.GetFields(All))
            yield return field.FieldType;
        foreach (var method in type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All)))
        foreach (var one in Used(method))
            yield return one;
    }

    private static IEnumerable<Type> Used(CustomAttributeData attribute) =>
        attribute
            .ConstructorArguments.Concat(attribute.NamedArguments.Select(n => n.TypedValue))
            .SelectMany(Values)
            .OfType<Type>()
            .Prepend(attribute.AttributeType);

    private static IEnumerable<object?> Values(CustomAttributeTypedArgument argument) =>
        argument.Value is IEnumerable<CustomAttributeTypedArgument> many ? many.SelectMany(Values) : [argument.Value];

    private static IEnumerable<Type> Used(MethodBase method)
    {
        foreach (var parameter in method.GetParameters())
            yield return parameter.ParameterType;
        if (method is MethodInfo { ReturnType: var returned })
            yield return returned;
        if (method.GetMethodBody() is not { } body)
            yield break;
        foreach (var local in body.LocalVariables)
            yield return local.LocalType;
        foreach (var clause in body.ExceptionHandlingClauses.Where(c => c.Flags == ExceptionHandlingClauseOptions.Clause))
            yield return clause.CatchType!;
        foreach (var member in Members(method, body.GetILAsByteArray()!))
        foreach (var one in Used(member))
            yield return one;
    }

    // Members of an enumeration are constants too: what they are compared with tells of them.
    private static IEnumerable<Type> Used(MemberInfo member)
    {
        if (member is Type type)
            return [type];
        var own =
            member is FieldInfo field ? field.FieldType
            : member is MethodInfo method ? method.ReturnType
            : typeof(void);
        IEnumerable<Type> generic = member is MethodInfo { IsGenericMethod: true } made ? made.GetGenericArguments() : [];
        return generic.Append(member.DeclaringType!).Concat(own.IsEnum ? [own] : []);
    }

    private static IEnumerable<MemberInfo> Members(MethodBase method, byte[] code)
    {
        var types = method.DeclaringType!.GetGenericArguments();
        var methods = method.IsGenericMethod ? method.GetGenericArguments() : [];
        for (var at = 0; at < code.Length; )
        {
            var value = code[at] == 0xfe ? 0xfe00 | code[at + 1] : code[at];
            at += value > 0xff ? 2 : 1;
            var operand = Codes[value].OperandType;
            if (operand is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok)
                yield return method.Module.ResolveMember(BitConverter.ToInt32(code, at), types, methods)!;
            at += operand switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }
}
