/** What exporters call a weight or a bias after the layer's own name. */
const suffix =
  /[./_](?:weights?|bias(?:es)?|kernel|gamma|beta|coefficients?|intercepts?|W|B|[wb]_\d+|(?:MatMul|BiasAdd|Add|Tensordot|Cast)(?:\/ReadVariableOp)?)(?::\d+)?$/i;
const readVariable = /\/(?:ReadVariableOp|Const|Identity)(?::\d+)?$/;
/** Names that exporters number rather than name. */
const anonymous =
  /^(?:[^a-z]*|(?:onnx|aten)::.*|(?:val|_val|_v|t|const|constant|initializer|arg|param|tensor)[_.\d].*|.*const_fold_opt.*|.*_output_\d+)$/i;
/** Scopes that say nothing of a layer. */
const wrappers = new Set([
  '',
  'StatefulPartitionedCall',
  'PartitionedCall',
  'sequential',
  'model',
  'functional',
  'main_graph',
]);
/** A layer's name is cut here. */
const longestLayerName = 100;
/** A name longer than any person gives is not searched for its parts. */
const longestSearched = 500;

/** Whether an exporter made the name up. */
export function isAnonymous(name: string): boolean {
  return name.length > longestSearched || anonymous.test(name);
}

/** "fc.0" from "fc.0.weight", "dense" from "sequential/dense/MatMul/ReadVariableOp:0"; null where the name is a number's. */
export function stemOf(name: string): string | null {
  if (isAnonymous(name)) return null;
  const plain = name.replace(readVariable, '');
  const stem = plain.replace(suffix, '');
  return stem === plain || stem === '' ? null : withoutWrappers(stem);
}

function withoutWrappers(stem: string): string | null {
  const parts = stem.split('/');
  while (parts.length > 1 && wrappers.has(parts[0] ?? '')) parts.shift();
  const name = parts.join('/');
  return name === '' ? null : name;
}

/** Whether a tensor is a parameter by its name. */
export function isWeightName(name: string): boolean {
  return /(weight|bias|gamma|beta|kernel)(:\d+)?$/i.test(name);
}

/** "fc1" from the node name "/fc1/MatMul", null where the name has no scope. */
export function scopeOf(nodeName: string): string | null {
  const last = nodeName.lastIndexOf('/');
  if (last <= 0) return null;
  return modulesOf(nodeName)?.join('.') ?? withoutWrappers(nodeName.slice(0, last));
}

/**
 * The modules around a node of PyTorch's, outermost first, null for other names. Its paths begin with a slash and repeat the
 * parent's name, but for the number of a later use: "/stack_1/stack.0/MatMul" lies in the module "stack.0".
 */
export function modulesOf(nodeName: string): readonly string[] | null {
  if (!nodeName.startsWith('/')) return null;
  const parts = nodeName.split('/').slice(1, -1);
  const own = parts.filter((part, i) => !(parts[i + 1] ?? '').startsWith(`${part.replace(/_\d+$/, '')}.`));
  return own.flatMap((part) => part.split('.'));
}

/** The names cut to a readable length, each made different from those before it. */
export function distinctNames(names: readonly string[]): readonly string[] {
  const used = new Set<string>();
  return names.map((given) => {
    const name = given.slice(0, longestLayerName);
    let unique = name;
    for (let count = 2; used.has(unique); count += 1) unique = `${name} (${String(count)})`;
    used.add(unique);
    return unique;
  });
}
