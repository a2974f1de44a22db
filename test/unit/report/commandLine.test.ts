import { describe, expect, it } from 'vitest';
import { parseCommandLine, requestOfCommand, type Command } from '../../../src/report/commandLine';
import { helpText } from '../../../src/report/helpText';
import { FailureError } from '../../../src/report/failure';
import { lossChoices } from '../../../src/report/wording/lossWords';
import {
  completeRequest,
  noOptions,
  requestDefaults,
  type AnalysisRequest,
  type RequestOptions,
} from '../../../src/report/request';

function analyzeCommand(...args: string[]): Extract<Command, { kind: 'analyze' }> {
  const command = parseCommandLine(['analyze', 'model.onnx', ...args]);
  if (command.kind !== 'analyze') throw new Error(`read as ${command.kind}`);
  return command;
}

/** Without a sidecar: the command's own options are all there is. */
function requestOf(...args: string[]): AnalysisRequest {
  const command = analyzeCommand(...args);
  return requestOfCommand(command, command.options);
}

function refusalOf(...args: string[]): string {
  try {
    const command = parseCommandLine(args);
    if (command.kind === 'analyze') requestOfCommand(command, command.options);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    expect(error.failure.kind).toBe('UsageError');
    return error.message;
  }
  throw new Error('was accepted');
}

describe('parseCommandLine', () => {
  it('takes the defaults of the panel, on random inputs', () => {
    expect(requestOf()).toEqual({
      ...requestDefaults,
      model: 'model.onnx',
      samples: { kind: 'random', count: 256 },
    });
    expect(analyzeCommand()).toMatchObject({ options: noOptions, json: false, html: null });
  });

  it.each([
    [['--trained', 'w', '--fixed', 'w'], /^"w" cannot be both --trained and --fixed/],
    [['--fixed', 'w', '--fixed', 'w'], /^--fixed names "w" more than once/],
    [['--trained', ''], /^--trained is empty/],
    [['--weight-decay', '1', '--decayed', 'w', '--decayed', 'w'], /^--decayed names "w" more than once/],
    [['--weight-decay', '0', '--decayed', 'w'], /^--decayed says what .* but there is no --weight-decay/],
    [['--shape', 'x=1x0'], /^--shape is "x=1x0", but must be NAME=SIZES/],
    [['--shape', 'x=1', '--shape', 'x=2'], /^--shape names the graph input "x" more than once/],
  ] as const)('refuses %j', (args, sentence) => {
    expect(refusalOf('analyze', 'model.onnx', ...args)).toMatch(sentence);
  });

  it('reads every option', () => {
    const args = [
      ...['--json', '--samples', 'data.npz', '--inputs', 'x', '--labels=y', '--html', 'page.html'],
      ...[
        '--scale',
        '3.9e-3',
        '--normalize',
        '-1-1',
        '--skip-broken',
        '--limit',
        '100',
        '--output',
        'logits',
        '--loss',
        'cross-entropy',
      ],
      ...['--class-weights', '1,0.5', '--label-smoothing', '0.1', '--pos-weight', '2,1'],
      ...['--ignore-label', '-1', '--weight-decay', '5e-4', '--decayed', '*.weight', '--decayed=scale'],
      ...['--method', 'estimate', '--precision', '0.05', '--dtype', 'float32', '--evaluation', '--blocks'],
      ...[
        '--scale-adapted',
        '--plane',
        ...['--top', '5', '--learning-rate', '0.1', '--momentum', '0.9', '--batch-size', '32'],
        '--trained',
        'temperature',
        '--trained=pos',
        '--fixed',
        'mean',
        '--shape',
        'a=b=1x3x8',
      ],
      ...['--time', '60', '--seed', '7', '--threads', '2', '--memory', '1073741824'],
    ];
    expect(requestOf(...args)).toEqual({
      model: 'model.onnx',
      architecture: null,
      samples: { kind: 'file', path: 'data.npz', inputs: { '': 'x' }, labels: 'y' },
      scale: 3.9e-3,
      normalize: '-1-1',
      skipBroken: true,
      limit: 100,
      output: 'logits',
      loss: 'cross-entropy',
      classWeights: [1, 0.5],
      labelSmoothing: 0.1,
      posWeight: [2, 1],
      ignoreLabel: -1,
      weightDecay: 5e-4,
      training: { optimiser: 'momentum', learningRate: 0.1, momentum: 0.9, batchSize: 32 },
      decayed: ['*.weight', 'scale'],
      method: 'estimate',
      precision: 0.05,
      dtype: 'float32',
      evaluation: true,
      trained: ['temperature', 'pos'],
      fixed: ['mean'],
      shapes: { 'a=b': [1, 3, 8] },
      paddingRows: {},
      blocks: true,
      scaleAdapted: true,
      plane: true,
      top: 5,
      timeLimit: 60,
      seed: 7,
      threads: 2,
      memoryBudget: 1073741824,
    });
    expect(analyzeCommand(...args)).toMatchObject({ json: true, html: 'page.html' });
  });

  it('fills what the options leave open from elsewhere, but seed and machine', () => {
    const command = analyzeCommand('--limit', '5', '--label-smoothing', '0');
    const sidecar: RequestOptions = {
      ...noOptions,
      samples: 'data.npz',
      labels: 'y',
      limit: 100,
      classWeights: 'balanced',
      labelSmoothing: 0.2,
    };
    expect(requestOfCommand(command, completeRequest(command.options, sidecar))).toEqual({
      ...requestDefaults,
      model: 'model.onnx',
      samples: { kind: 'file', path: 'data.npz', inputs: {}, labels: 'y' },
      limit: 5,
      classWeights: 'balanced',
      labelSmoothing: 0,
    });
  });

  it('names graph inputs, also those with an equals sign', () => {
    expect(requestOf('--samples', 'f', '--inputs', 'ids=a', '--inputs', 'x=1=mask').samples).toMatchObject({
      inputs: { ids: 'a', 'x=1': 'mask' },
    });
  });

  it('takes --limit as the number of random inputs where there is no file', () => {
    expect(requestOf('--limit', '12')).toMatchObject({ samples: { kind: 'random', count: 12 }, limit: null });
  });

  it('reads detect, --help and --version', () => {
    expect(parseCommandLine(['architecture', 'net.pt'])).toEqual({ kind: 'architecture', model: 'net.pt' });
    expect(parseCommandLine(['analyze', 'net.pt', '--architecture', 'net.json'])).toMatchObject({
      architecture: 'net.json',
    });
    expect(parseCommandLine(['detect', 'models'])).toEqual({ kind: 'detect', folder: 'models' });
    expect(parseCommandLine(['--version'])).toEqual({ kind: 'version' });
    expect(parseCommandLine(['analyze', '-h'])).toEqual({ kind: 'help' });
  });

  it.each([
    ['--scale', '0', 'a number other than 0'],
    ['--scale', 'nan', 'a number other than 0'],
    ['--scale', '1e999', 'a number other than 0'],
    ['--scale', '0x10', 'a number other than 0'],
    ['--limit', '0', 'a whole number from 1 to 2147483647'],
    ['--limit', '1.5', 'a whole number from 1 to 2147483647'],
    ['--limit', ' 5', 'a whole number from 1 to 2147483647'],
    ['--seed', '4294967296', 'a whole number from 0 to 4294967295'],
    ['--threads', 'many', 'a whole number from 1 to 1024'],
    ['--memory', '2GB', 'a whole number from 1048576 to 9007199254740991'],
    ['--loss', 'hinge', `one of ${lossChoices.join(', ')}`],
    ['--method', 'guess', 'one of auto, closed-form, exact, estimate'],
    ['--dtype', 'float16', 'one of auto, float64, float32'],
    ['--precision', '0', 'a number from 0.000001 to below 1'],
    ['--time', '0', 'a number of seconds above 0'],
    ['--time', '-3', 'a number of seconds above 0'],
    ['--seed', '-1', 'a whole number from 0 to 4294967295'],
    ['--limit', '-.5', 'a whole number from 1 to 2147483647'],
  ])('refuses %s %s and says what is allowed', (option, value, allowed) => {
    expect(refusalOf('analyze', 'model.onnx', option, value)).toBe(
      `${option} is "${value}", but must be ${allowed} (--help lists what can be written).`,
    );
  });

  it('takes a negative scale with and without an equals sign', () => {
    expect(requestOf('--samples', 'f', '--scale', '-1').scale).toBe(-1);
    expect(requestOf('--samples', 'f', '--scale=-1').scale).toBe(-1);
  });

  it('refuses a negative whole number written with an equals sign', () => {
    expect(refusalOf('analyze', 'model.onnx', '--limit=-5')).toMatch(/^--limit is "-5", but must be/);
  });

  it.each([
    [['analyze', 'a', '--class-weights', '1,-1'], /^--class-weights is "1,-1", but must be balanced/],
    [['analyze', 'a', '--label-smoothing', '1'], /^--label-smoothing is "1", but must be a number from 0/],
    [['analyze', 'a', '--html', 'b', '--html', 'c'], /^--html is given more than once/],
    [['compare'], /compare needs models, saved reports or a folder/],
    [['compare', 'a', ''], /compare is given an empty name/],
    [['analyze', 'a', '--watch', 'b'], /--watch is an option of compare/],
    [['analyze', 'a', '--json=b'], /--json takes no value; write it alone/],
    [[], /^No command is given/],
    [['analyse', 'a'], /^There is no command "analyse"/],
    [['analyze'], /^analyze needs a MODEL/],
    [['analyze', ''], /^analyze needs a MODEL/],
    [['analyze', 'a', 'b'], /"b" follows "a"/],
    [['detect'], /^detect needs a FOLDER/],
    [['architecture'], /^architecture needs a MODEL/],
    [['detect', 'a', '--seed', '1'], /^--seed is no option of detect/],
    [['analyze', 'a', '--sample', 'x'], /^There is no option --sample /],
    [['analyze', 'a', '--samples'], /^--samples is given without a value; write --samples FILE \(/],
    [
      ['analyze', 'a', '--class-weights'],
      /^--class-weights is given without a value; write --class-weights W,… \(/,
    ],
    [
      ['analyze', 'a', '--samples', '--json'],
      /^The value of --samples begins with a dash or is missing; write --samples FILE, or --samples=FILE with/,
    ],
    [['analyze', 'a', '--class-weights', '--json'], /^The value of --class-weights begins with a dash or is/],
    [['analyze', 'a', '--samples', ''], /^--samples is empty/],
    [['analyze', 'a', '--seed', '1', '--seed', '2'], /^--seed is given more than once/],
    [['analyze', 'a', '--json=yes'], /^--json takes no value; write it alone/],
    [['analyze', 'a', '--help=yes'], /^--help takes no value; write it alone/],
    [['analyze', '--', 'a', '--seed', '-1'], /^analyze takes one MODEL, but "--seed" follows "a"/],
    [['analyze', 'a', '--class-weights', '-1,1'], /^--class-weights is "-1,1", but must be balanced/],
    [['analyze', 'a', '--inputs', 'x'], /^--inputs is about the data file, but there is no --samples/],
    [['analyze', 'a', '--labels', 'y'], /^--labels is about the data file/],
    [['analyze', 'a', '--scale', '2'], /^--scale is about the data file/],
    [['analyze', 'a', '--samples', 'f', '--inputs', 'x', '--inputs', 'y'], /more than once without naming/],
    [['analyze', 'a', '--samples', 'f', '--inputs', 'g=x', '--inputs', 'g=y'], /"g" more than once/],
    [['analyze', 'a', '--samples', 'f', '--inputs', 'g=x', '--inputs', 'y'], /must name the graph input/],
    [['analyze', 'a', '--samples', 'f', '--inputs', 'g='], /must be KEY or GRAPHINPUT=KEY/],
    [['analyze', 'a', '--samples', 'f', '--inputs', '=k'], /must be KEY or GRAPHINPUT=KEY/],
    [['analyze', 'a', '\u001b[2J'], /"\\u\{1b\}\[2J" follows/],
  ])('refuses %j in one sentence', (args, sentence) => {
    const refusal = refusalOf(...args);
    expect(refusal).toMatch(sentence);
    expect(refusal).toMatch(/^[^\n]*\.$/);
  });

  it('documents every option that it accepts', () => {
    for (const option of ['samples', 'inputs', 'labels', 'scale', 'limit', 'output', 'loss', 'seed']) {
      expect(helpText).toContain(`--${option} `);
    }
    for (const option of ['threads', 'memory', 'html', 'json', 'help', 'version']) {
      expect(helpText).toContain(`--${option}`);
    }
  });
});

describe('compare', () => {
  function compareCommand(...args: string[]): Extract<Command, { kind: 'compare' }> {
    const command = parseCommandLine(['compare', ...args]);
    if (command.kind !== 'compare') throw new Error(`read as ${command.kind}`);
    return command;
  }

  it('takes files, a folder to watch, and the options of analyze', () => {
    expect(
      compareCommand(
        'a.onnx',
        'runs',
        '--watch',
        'runs',
        '--limit',
        '9',
        '--learning-rate',
        '0.1',
        '--top',
        '3',
      ),
    ).toMatchObject({
      files: ['a.onnx', 'runs'],
      watch: 'runs',
      options: { limit: 9, training: { optimiser: 'sgd', learningRate: 0.1 } },
      computation: { top: 3 },
      json: false,
      jsonFile: null,
    });
    expect(compareCommand('--watch', 'runs').files).toEqual([]);
  });

  it('prints JSON, or writes it where a file is named', () => {
    expect(compareCommand('a', 'b', '--json')).toMatchObject({
      files: ['a', 'b'],
      json: true,
      jsonFile: null,
    });
    expect(compareCommand('a', 'b', '--json', '-')).toMatchObject({ files: ['a', 'b'], json: true });
    expect(compareCommand('--json=c.json', 'a', 'b')).toMatchObject({ json: false, jsonFile: 'c.json' });
  });
});
