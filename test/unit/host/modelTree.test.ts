import { expect, it } from 'vitest';
import { sortModels, treeOf, type Folder, type Listed } from '../../../src/host/modelTree';

function listed(path: string, lambdaMax: number | null = null, finished: number | null = null): Listed {
  return { path, lambdaMax, loss: lambdaMax, finished };
}

function names(children: readonly (Folder<Listed> | Listed)[]): unknown[] {
  return children.map((child) => ('folder' in child ? [child.folder, ...names(child.children)] : child.path));
}

it('models stand by folder, checkpoints in the order of their numbers, single folders as one', () => {
  const paths = ['b.onnx', 'runs/x/epoch-10.onnx', 'runs/x/epoch-9.onnx', 'runs/y/1/deep/m.onnx', 'a.onnx'];
  expect(names(treeOf(paths.map((path) => listed(path))))).toEqual([
    [
      'runs',
      ['runs/x', 'runs/x/epoch-9.onnx', 'runs/x/epoch-10.onnx'],
      ['runs/y/1/deep', 'runs/y/1/deep/m.onnx'],
    ],
    'a.onnx',
    'b.onnx',
  ]);
  expect(treeOf([])).toEqual([]);
});

it('or by what was found of them, the largest first and what is not known last', () => {
  const models = [listed('a', 1, 5), listed('b'), listed('c', 3, 1), listed('d', -2, 9)];
  expect(sortModels(models, 'lambdaMax').map(({ path }) => path)).toEqual(['c', 'a', 'd', 'b']);
  expect(sortModels(models, 'loss').map(({ path }) => path)).toEqual(['c', 'a', 'd', 'b']);
  expect(sortModels(models, 'age').map(({ path }) => path)).toEqual(['d', 'a', 'c', 'b']);
});
