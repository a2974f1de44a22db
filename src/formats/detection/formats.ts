import type { FailureKind } from '../../report/failure';
import { pythonLines } from '../../report/wording/pythonLines';

export interface FormatFacts {
  /** For a person, as in "this is a …". */
  readonly title: string;
  /** Why such a file cannot be analysed, or null where it can. */
  readonly failure: FailureKind | null;
  /** What to do instead, as the last clause of a sentence; null where there is nothing to do. */
  readonly advice: string | null;
}

/** Writes a file that folds nothing, as torch.onnx.export by itself does not. */
const inPython = `end the script with "${pythonLines}" (the command “Copy the Python Lines” has them with the path of media/python/model_sharpness.py), and analyse the ONNX file that they write`;

const asSamples = 'choose it as the samples of a model instead';

/** The kinds of file that are told apart. */
export const formats = {
  onnx: { title: 'ONNX model', failure: null, advice: null },
  keras: { title: 'Keras model', failure: null, advice: null },
  kerasHdf5: { title: 'Keras model in HDF5', failure: null, advice: null },
  hdf5: {
    title: 'HDF5 file',
    failure: 'UnsupportedFormat',
    advice:
      'if its numbers are weights, load them into their model, export that to ONNX and analyse the export',
  },
  pytorch: {
    title: 'PyTorch checkpoint',
    failure: null,
    advice: null,
  },
  pytorchLegacy: {
    title: 'PyTorch checkpoint from before version 1.6',
    failure: null,
    advice: null,
  },
  torchScript: {
    title: 'TorchScript program',
    failure: 'UnsupportedFormat',
    advice: `it is compiled code, so load the model in Python as it was before torch.jit, and write it with torch.export.save(torch.export.export(model, (x,)), "model.pt2"), or ${inPython}`,
  },
  pytorchExport: {
    title: 'PyTorch exported program (pt2)',
    failure: null,
    advice: null,
  },
  executorch: {
    title: 'ExecuTorch program',
    failure: 'UnsupportedFormat',
    advice: `go back to the model that it was made from and ${inPython}`,
  },
  safetensors: {
    title: 'safetensors file (weights without a network)',
    failure: null,
    advice: null,
  },
  sklearn: { title: 'scikit-learn model', failure: null, advice: null },
  compressedPickle: {
    title: 'file compressed in a way that joblib may have chosen',
    failure: 'UnsupportedFormat',
    advice:
      'if it is a model of scikit-learn, save it with joblib.dump(model, "model.joblib", compress=3) and analyse that file',
  },
  safetensorsIndex: { title: 'index of safetensors files', failure: null, advice: null },
  pickle: {
    title: 'Python pickle',
    failure: 'UnsupportedFormat',
    advice: 'export the model to ONNX in Python (scikit-learn: with skl2onnx) and analyse that file',
  },
  tensorflowJs: {
    title: 'TensorFlow.js model',
    failure: 'UnsupportedFormat',
    advice:
      'convert it with "python -m tf2onnx.convert --tfjs model.json --output model.onnx" and analyse that file',
  },
  savedModel: {
    title: 'TensorFlow SavedModel',
    failure: 'UnsupportedFormat',
    advice:
      'convert its folder with "python -m tf2onnx.convert --saved-model FOLDER --output model.onnx" and analyse that file',
  },
  frozenGraph: {
    title: 'TensorFlow frozen graph',
    failure: 'UnsupportedFormat',
    advice:
      'convert it with "python -m tf2onnx.convert --graphdef FILE --inputs INPUT:0 --outputs OUTPUT:0 --output model.onnx", naming its inputs and outputs, and analyse that file',
  },
  openvino: {
    title: 'OpenVINO model',
    failure: 'UnsupportedFormat',
    advice: 'analyse the model that it was converted from, as it is or exported to ONNX',
  },
  stableBaselines: {
    title: 'Stable-Baselines agent',
    failure: 'UnsupportedFormat',
    advice:
      'unpack it and analyse the policy.pth in it, whose layers you are asked for, with the observations as samples',
  },
  tflite: {
    title: 'TensorFlow Lite model',
    failure: 'UnsupportedFormat',
    advice:
      'convert it with "python -m tf2onnx.convert --tflite FILE --output model.onnx" and analyse that file',
  },
  coreml: {
    title: 'Core ML model',
    failure: 'UnsupportedFormat',
    advice: 'export the model that it was made from to ONNX and analyse that file',
  },
  ort: {
    title: 'model in the ORT format of ONNX Runtime',
    failure: 'UnsupportedFormat',
    advice: 'analyse the .onnx file that it was made from',
  },
  gguf: {
    title: 'GGUF language model',
    failure: 'UnsupportedFormat',
    advice:
      'quantised weights without a network cannot be analysed, so export the original model to ONNX and analyse that file',
  },
  lfsPointer: {
    title: 'Git LFS pointer in place of the file',
    failure: 'LfsPointer',
    advice: 'run "git lfs pull" in its folder to fetch the file',
  },
  npz: { title: 'NumPy archive (data, not a model)', failure: 'NotAModel', advice: asSamples },
  npy: { title: 'NumPy array (data, not a model)', failure: 'NotAModel', advice: asSamples },
  parquet: {
    title: 'Parquet table (data, not a model)',
    failure: 'NotAModel',
    advice: 'choose an ONNX model instead',
  },
  arrow: {
    title: 'Arrow table (data, not a model)',
    failure: 'NotAModel',
    advice: 'choose an ONNX model instead',
  },
  zip: {
    title: 'zip archive without a known model',
    failure: 'NotAModel',
    advice: 'if a model is in it, unpack it and choose the model file',
  },
  damagedZip: {
    title: 'damaged zip archive (as of a PyTorch or Keras model)',
    failure: 'DamagedModel',
    advice: 'copy, download or save it again',
  },
  empty: {
    title: 'empty file',
    failure: 'NotAModel',
    advice: 'copy, download or export the model again',
  },
  unknown: {
    title: 'file of an unknown kind',
    failure: 'NotAModel',
    advice: 'choose an ONNX model, or export yours to ONNX',
  },
} as const satisfies Record<string, FormatFacts>;

export type FormatName = keyof typeof formats;

/** Whether a file of this kind belongs in a list of models: neither data nor what nobody knows. */
export function isModel(format: FormatName): boolean {
  return formats[format].failure !== 'NotAModel' && format !== 'hdf5';
}
