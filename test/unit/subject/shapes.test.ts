import { describe, expect, it } from 'vitest';
import { analyse } from '../../../src/analysis/analyse';
import { requestDefaults } from '../../../src/report/request';
import { findSubject, noSubjectChoice } from '../../../src/subject/subject';
import { temporaryFolder } from '../formats/temporaryFolder';
import { floats, modelOf } from '../autodiff/opening';
import { onnxModel, type ModelParts } from '../onnxModel';

const folder = temporaryFolder();

/** Averages an image of any size. */
const parts: ModelParts = {
  nodes: [
    { operator: 'Conv', inputs: ['image', 'k'], outputs: ['c'] },
    { operator: 'Tanh', inputs: ['c'], outputs: ['t'] },
    { operator: 'GlobalAveragePool', inputs: ['t'], outputs: ['p'] },
    { operator: 'Flatten', inputs: ['p'], outputs: ['f'] },
    { operator: 'MatMul', inputs: ['f', 'w'], outputs: ['logits'] },
  ],
  initialisers: { k: floats(1, [4, 2, 3, 3]), w: floats(2, [4, 3]) },
  inputs: [{ name: 'image', dims: ['N', 2, 'H', 'W'] }],
  outputs: ['logits'],
};

describe('the shapes that a user gives', () => {
  it('are those of random inputs', async () => {
    const model = await folder.write('free.onnx', onnxModel(parts));
    const request = { ...requestDefaults, model, samples: { kind: 'random', count: 4 }, threads: 1 } as const;
    await expect(analyse(request, () => undefined)).rejects.toThrow(/of any size.*the setting “shape”/);
    const report = await analyse({ ...request, shapes: { image: [1, 2, 6, 5] } }, () => undefined);
    expect(report.model.parameters).toBe(84);
  });

  it.each([
    [{ image: [1, 3, 6, 5] }, /"image" has the shape \?x2x\?x\? in the file, which 1x3x6x5 does not fit/],
    [{ image: [1, 2, 6] }, /which 1x2x6 does not fit/],
    [{ picture: [1, 2, 6, 5] }, /no input "picture" \(it has "image"\)/],
  ])('are refused where the file says otherwise: %j', async (shapes, sentence) => {
    const model = await modelOf(parts);
    expect(() => findSubject(model, { ...noSubjectChoice, shapes })).toThrow(sentence);
  });

  it('are the sizes of samples, too', async () => {
    const subject = findSubject(await modelOf(parts), {
      ...noSubjectChoice,
      shapes: { image: [9, 2, 6, 5] },
    });
    expect(subject.inputs.map(({ dims }) => dims)).toEqual([[2, 6, 5]]);
  });
});
