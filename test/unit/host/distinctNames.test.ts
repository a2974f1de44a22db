import { expect, it } from 'vitest';
import { distinctName } from '../../../src/host/distinctNames';

it('a name is told with as many folders as tell it from the others', () => {
  const files = [
    '/runs/a/1/model.onnx',
    '/runs/b/1/model.onnx',
    '/runs/b/2/model.onnx',
    '/runs/b/2/other.onnx',
  ];
  expect(files.map((file) => distinctName(file, files))).toEqual([
    'a/1/model.onnx',
    'b/1/model.onnx',
    '2/model.onnx',
    'other.onnx',
  ]);
  expect(distinctName('/model.onnx', ['/model.onnx'])).toBe('model.onnx');
  expect(distinctName('C:\\a\\m.onnx', ['C:\\b\\n.onnx'])).toBe('m.onnx');
  // One path may be the end of another.
  expect(distinctName('/m.onnx', ['/x/m.onnx'])).toBe('/m.onnx');
});
