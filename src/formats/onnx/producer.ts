import type { ModelProto } from '../../runtime/onnx/onnx_pb';

/** Exporters that write their name otherwise than people do. */
const properNames: ReadonlyMap<string, string> = new Map([
  ['pytorch', 'PyTorch'],
  ['skl2onnx', 'scikit-learn (skl2onnx)'],
  ['keras2onnx', 'Keras (keras2onnx)'],
  ['tf2onnx', 'TensorFlow (tf2onnx)'],
]);

const longest = 80;

/** What wrote the file, as a person would say it ("PyTorch 1.13.1"), or null where the file does not tell. */
export function producerName({ producerName: name, producerVersion: version }: ModelProto): string | null {
  const text = `${properNames.get(name) ?? name} ${version}`.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return name === '' || text === '' ? null : text.slice(0, longest);
}
