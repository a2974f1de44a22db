import { FailureError } from '../../report/failure';
import { quote } from '../../files/quote';
import { damagedModel } from './damaged';
import type { ModelProto } from '../../runtime/onnx/onnx_pb';

/** Before it, operators broadcast by attributes and batch normalisation had modes of its own. */
const oldestOpset = 7;
/** The newest that onnxruntime runs; what a later one changes cannot be known here. */
const newestOpset = 26;

/** The newest version of the file format itself that onnxruntime reads. */
const newestFormat = 13n;

/** ONNX's own operators have two names for their domain. */
export function domainName(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

/**
 * The operator set versions that a model imports, by domain.
 * @throws FailureError UnsupportedStructure for a newer file format or ONNX's own operators outside versions 7 to 26; DamagedModel where the
 * model has such operators without importing them, or imports a domain in two versions.
 */
export function readOpsets(model: ModelProto, file: string): ReadonlyMap<string, number> {
  if (model.irVersion > newestFormat) {
    throw new FailureError(
      'UnsupportedStructure',
      `${quote(file)} was written by a newer onnx (IR version ${model.irVersion}) than this version reads (${newestFormat}); set model.ir_version = 10 in Python and save it again.`,
    );
  }
  const opsets = new Map<string, number>();
  for (const { domain, version } of model.opsetImport) {
    const name = domainName(domain);
    const known = opsets.get(name);
    if (known !== undefined && known !== Number(version))
      throw damagedModel(
        file,
        `it imports the operators of ${quote(name)} in two versions, ${known} and ${version}`,
      );
    opsets.set(name, Number(version));
  }
  const version = opsets.get('');
  if (version === undefined) {
    const usesOnnx = model.graph?.node.some((node) => domainName(node.domain) === '') ?? false;
    if (usesOnnx) throw damagedModel(file, "it does not say which version of ONNX's operators it uses");
    return opsets;
  }
  if (version >= oldestOpset && version <= newestOpset) return opsets;
  const [age, remedy] =
    version < oldestOpset
      ? ['oldest', 'convert it with onnx.version_converter.convert_version(model, 17) and save it again']
      : ['newest', `export it with opset_version=${newestOpset} or lower`];
  throw new FailureError(
    'UnsupportedStructure',
    `${quote(file)} uses version ${version} of ONNX's operators, but the ${age} that can be analysed is ${version < oldestOpset ? oldestOpset : newestOpset}; ${remedy}.`,
  );
}
