import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import {
  CallToolRequestSchema,
  ListToolsRequestSchema,
  type CallToolResult,
} from '@modelcontextprotocol/sdk/types.js';
import * as v from 'valibot';
import { version } from '../../package.json';
import { FailureError, failureOf } from '../report/failure';
import { inTerminalWords } from '../report/wording/settings';
import type { WorkerCalls } from '../worker/client';
import type { Output } from './output';

type Run = (args: readonly string[], worker: WorkerCalls, output: Output) => Promise<void>;

const text = { type: 'string', minLength: 1 } as const;
const samples = {
  ...text,
  description:
    'Path of the data to compute the loss on; without it random inputs are taken, or what a sidecar names.',
} as const;
const options = {
  type: 'array',
  items: { type: 'string' },
  description:
    'Further options as "model-sharpness --help" lists them, each word by itself, such as ["--time", "60", "--learning-rate", "0.1"].',
} as const;

const said = v.optional(v.array(v.string()), []);
const optionalText = v.optional(v.pipe(v.string(), v.nonEmpty()));

/** What a tool is called with, as the words of a command line: there is one way to say what is asked, and one that checks it. */
const tools = [
  {
    name: 'analyze_sharpness',
    description:
      'Says how sharp the loss of a neural network is at its weights: λ_max with its interval, bounds, trace, what a 1 % change of the weights costs, which layer contributes how much, and warnings. Takes a model file (ONNX, PyTorch, Keras, safetensors, scikit-learn). May take minutes for large models.',
    inputSchema: {
      type: 'object',
      properties: { model: { ...text, description: 'Path of the model file.' }, samples, options },
      required: ['model'],
      additionalProperties: false,
    },
    wordsOf: (given: unknown): string[] => {
      const shape = v.strictObject({
        model: v.pipe(v.string(), v.nonEmpty()),
        samples: optionalText,
        options: said,
      });
      const { model, samples: data, options: more } = v.parse(shape, given);
      return ['analyze', ...samplesWords(data), ...more, '--', model];
    },
  },
  {
    name: 'compare_sharpness',
    description:
      'Compares the sharpness of several models of one task, such as checkpoints, and says what differs beyond the error bars.',
    inputSchema: {
      type: 'object',
      properties: {
        files: {
          type: 'array',
          items: text,
          minItems: 1,
          description: 'Paths of models or saved reports, or of a folder of checkpoints.',
        },
        samples,
        options,
      },
      required: ['files'],
      additionalProperties: false,
    },
    wordsOf: (given: unknown): string[] => {
      const shape = v.strictObject({
        files: v.pipe(v.array(v.pipe(v.string(), v.nonEmpty())), v.minLength(1)),
        samples: optionalText,
        options: said,
      });
      const { files, samples: data, options: more } = v.parse(shape, given);
      return ['compare', ...samplesWords(data), ...more, '--', ...files];
    },
  },
  {
    name: 'detect_models',
    description: 'Lists the model files below a folder, their formats, and whether each can be analysed.',
    inputSchema: {
      type: 'object',
      properties: { folder: { ...text, description: 'Path of the folder.' } },
      required: ['folder'],
      additionalProperties: false,
    },
    wordsOf: (given: unknown): string[] => {
      const { folder } = v.parse(v.strictObject({ folder: v.pipe(v.string(), v.nonEmpty()) }), given);
      return ['detect', '--', folder];
    },
  },
] as const;

/** Options that write files or never end: an assistant gets its answer as text. */
const notForAssistants = /^--(?:html|json|json-file|watch|help|version)(?:=|$)/;

/** Longer answers are cut: an assistant reads the beginning, where the result stands. */
const mostLines = 150;

function samplesWords(data: string | undefined): string[] {
  return data === undefined ? [] : ['--samples', data];
}

/**
 * Answers an assistant over standard input and output (Model Context Protocol) until it closes them. A call that the client
 * cancels ends at once.
 * @param run what does a command line's work
 */
export async function serveAssistant(worker: WorkerCalls, run: Run): Promise<void> {
  // McpServer describes arguments by zod; here the command line's own reader checks them.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const server = new Server({ name: 'model-sharpness', version }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: tools.map(({ name, description, inputSchema }) => ({
      name,
      description,
      inputSchema: { ...inputSchema, required: [...inputSchema.required] },
      annotations: { readOnlyHint: true, openWorldHint: false },
    })),
  }));
  let calls = 0;
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal, _meta, sendNotification }) => {
    calls += 1;
    const owner = `call ${String(calls)}`;
    const parts: string[] = [];
    const progressToken = _meta?.progressToken;
    let told = 0;
    const output: Output = {
      note: (sentence) => parts.push(`${inTerminalWords(sentence)}\n`),
      print: (result) => {
        parts.push(result);
        return Promise.resolve();
      },
      progress: ({ stage, fraction }) => {
        if (progressToken === undefined) return;
        told += 1;
        const share = fraction === null ? '' : ` ${String(Math.floor(100 * fraction))} %`;
        const progress = { progressToken, progress: told, message: `${stage}${share}` };
        void sendNotification({ method: 'notifications/progress', params: progress }).catch(() => undefined);
      },
    };
    const ofCall: WorkerCalls = {
      analyse: (request, given) => worker.analyse(request, { ...given, owner, signal }),
      evaluate: (request, given) => worker.evaluate(request, { ...given, owner, signal }),
      inspect: (model, given) => worker.inspect(model, { ...given, owner, signal }),
    };
    try {
      await run(wordsFor(params.name, params.arguments), ofCall, output);
      return answer(parts.join(''), false);
    } catch (error) {
      const { message } = failureOf(error);
      return answer(`${parts.join('')}${inTerminalWords(message)}`, true);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.onclose = resolve;
    // The transport does not tell of an input that ends.
    process.stdin.once('end', resolve);
    server.connect(new StdioServerTransport()).catch(reject);
  });
}

/** @throws FailureError UsageError for an unknown tool, or arguments that it does not take */
function wordsFor(name: string, given: unknown): readonly string[] {
  const tool = tools.find((each) => each.name === name);
  if (tool === undefined)
    throw new FailureError(
      'UsageError',
      `There is no tool ${name}: ${tools.map((each) => each.name).join(', ')}.`,
    );
  let words: readonly string[];
  try {
    words = tool.wordsOf(given);
  } catch (error) {
    if (!v.isValiError(error)) throw error;
    throw new FailureError('UsageError', `${name} is called wrongly: ${error.message}; see its schema.`);
  }
  const refused = words.slice(0, words.indexOf('--')).find((word) => notForAssistants.test(word));
  if (refused === undefined) return words;
  throw new FailureError(
    'UsageError',
    `${refused} is not for assistants, which get the result as text; leave it out.`,
  );
}

function answer(result: string, isError: boolean): CallToolResult {
  const lines = result.trimEnd().split('\n');
  const cut =
    lines.length <= mostLines
      ? lines
      : [...lines.slice(0, mostLines), `(${String(lines.length - mostLines)} more lines are left out)`];
  return { content: [{ type: 'text', text: cut.join('\n') }], isError };
}
