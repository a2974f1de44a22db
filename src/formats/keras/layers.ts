import type { LayerCall } from './layerCall';
import { activationLayers } from './layers/activations';
import { multiHeadAttention } from './layers/attention';
import { convolution, depthwise, separable, transposedConvolution } from './layers/convolutions';
import { dense, einsumDense, embedding, timeDistributed } from './layers/dense';
import { concatenate, dot, merging } from './layers/merging';
import {
  batchNormalisation,
  groupNormalisation,
  layerNormalisation,
  normalisation,
  rescaling,
  unitNormalisation,
} from './layers/normalisations';
import { operations } from './layers/operations';
import { globalPooling, pooling, upSampling } from './layers/pooling';
import { bidirectional, recurrent } from './layers/recurrent';
import {
  cropping,
  flatten,
  masking,
  nothing,
  permute,
  repeatVector,
  reshape,
  zeroPadding,
} from './layers/shapes';
import type { Value } from './value';

/** A layer's operators on its inputs; where it has several outputs, in their order. */
export type LayerRow = (call: LayerCall) => Value | readonly Value[];

/** What a layer of each class makes of its inputs. */
export const layerRows: Readonly<Partial<Record<string, LayerRow>>> = {
  ...Object.fromEntries(
    Object.entries(activationLayers).map(([name, row]) => [
      name,
      (call: LayerCall) => row?.(call, call.input),
    ]),
  ),
  Add: merging('Add'),
  Average: merging('Mean'),
  AveragePooling1D: pooling('AveragePool', 1),
  AveragePooling2D: pooling('AveragePool', 2),
  AveragePooling3D: pooling('AveragePool', 3),
  BatchNormalization: batchNormalisation,
  Bidirectional: bidirectional,
  Concatenate: concatenate,
  Conv1D: convolution(1),
  Conv1DTranspose: transposedConvolution(1),
  Conv2D: convolution(2),
  Conv2DTranspose: transposedConvolution(2),
  Conv3D: convolution(3),
  Conv3DTranspose: transposedConvolution(3),
  Cropping1D: cropping(1),
  Cropping2D: cropping(2),
  Cropping3D: cropping(3),
  Dense: dense,
  DepthwiseConv1D: depthwise(1),
  DepthwiseConv2D: depthwise(2),
  Dot: dot,
  EinsumDense: einsumDense,
  Embedding: embedding,
  Flatten: flatten,
  GRU: recurrent,
  GlobalAveragePooling1D: globalPooling('ReduceMean', 1),
  GlobalAveragePooling2D: globalPooling('ReduceMean', 2),
  GlobalAveragePooling3D: globalPooling('ReduceMean', 3),
  GlobalMaxPooling1D: globalPooling('ReduceMax', 1),
  GlobalMaxPooling2D: globalPooling('ReduceMax', 2),
  GlobalMaxPooling3D: globalPooling('ReduceMax', 3),
  GroupNormalization: groupNormalisation,
  LSTM: recurrent,
  LayerNormalization: layerNormalisation,
  Masking: masking,
  MaxPooling1D: pooling('MaxPool', 1),
  MaxPooling2D: pooling('MaxPool', 2),
  MaxPooling3D: pooling('MaxPool', 3),
  Maximum: merging('Max'),
  Minimum: merging('Min'),
  MultiHeadAttention: multiHeadAttention,
  Multiply: merging('Mul'),
  Normalization: normalisation,
  Permute: permute,
  RMSNormalization: layerNormalisation,
  RepeatVector: repeatVector,
  Rescaling: rescaling,
  Reshape: reshape,
  SeparableConv1D: separable(1),
  SeparableConv2D: separable(2),
  SimpleRNN: recurrent,
  Subtract: merging('Sub'),
  TimeDistributed: timeDistributed,
  UnitNormalization: unitNormalisation,
  UpSampling1D: upSampling(1),
  UpSampling2D: upSampling(2),
  UpSampling3D: upSampling(3),
  ZeroPadding1D: zeroPadding(1),
  ZeroPadding2D: zeroPadding(2),
  ZeroPadding3D: zeroPadding(3),
  // In training only.
  ActivityRegularization: nothing,
  AlphaDropout: nothing,
  Dropout: nothing,
  GaussianDropout: nothing,
  GaussianNoise: nothing,
  Identity: nothing,
  RandomBrightness: nothing,
  RandomColorDegeneration: nothing,
  RandomColorJitter: nothing,
  RandomContrast: nothing,
  RandomElasticTransform: nothing,
  RandomErasing: nothing,
  RandomFlip: nothing,
  RandomGaussianBlur: nothing,
  RandomGrayscale: nothing,
  RandomHeight: nothing,
  RandomHue: nothing,
  RandomInvert: nothing,
  RandomPerspective: nothing,
  RandomPosterization: nothing,
  RandomRotation: nothing,
  RandomSaturation: nothing,
  RandomSharpness: nothing,
  RandomShear: nothing,
  RandomTranslation: nothing,
  RandomWidth: nothing,
  RandomZoom: nothing,
  SpatialDropout1D: nothing,
  SpatialDropout2D: nothing,
  SpatialDropout3D: nothing,
  ...operations,
};

/** Layers behind which a mask goes on; behind others there is none any more. */
export const maskingLayers: ReadonlySet<string> = new Set([
  ...Object.keys(activationLayers),
  ...Object.entries(layerRows).flatMap(([name, row]) =>
    row === nothing && !name.startsWith('Random') ? [name] : [],
  ),
  ...['Add', 'Average', 'Concatenate', 'Maximum', 'Minimum', 'Multiply', 'Subtract'],
  ...['BatchNormalization', 'GroupNormalization', 'LayerNormalization', 'Normalization', 'UnitNormalization'],
  ...['Dense', 'Rescaling', 'TimeDistributed'],
]);
