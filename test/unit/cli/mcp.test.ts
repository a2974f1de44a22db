import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram, environment } from './program';

const examples = resolve('examples');
let folder: string;
let client: Client;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'model-sharpness-mcp-'));
  for (const name of ['digits.onnx', 'digits-early.onnx', 'digits.npz'])
    await copyFile(join(examples, name), join(folder, name));
  client = new Client({ name: 'test', version: '1' });
  const program = await buildProgram(join(folder, 'program'));
  const env = environment as Record<string, string>;
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [program, 'mcp'], env }));
});

afterAll(async () => {
  await client.close();
  await rm(folder, { recursive: true });
});

async function call(
  name: string,
  args: Record<string, unknown>,
): Promise<{ text: string; isError: boolean }> {
  const result = (await client.callTool({ name, arguments: args })) as CallToolResult;
  const [content] = result.content;
  return { text: content?.type === 'text' ? content.text : '', isError: result.isError === true };
}

const quick = ['--limit', '60', '--threads', '1'];

describe('the server for assistants', () => {
  it('names its tools, each with a schema', async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'analyze_sharpness',
      'compare_sharpness',
      'detect_models',
    ]);
    for (const { description, inputSchema, annotations } of tools) {
      expect(description?.length).toBeGreaterThan(40);
      expect(inputSchema.type).toBe('object');
      expect(annotations?.readOnlyHint).toBe(true);
    }
  });

  it('analyses a model: numbers with their intervals, progress on the way', async () => {
    const stages: string[] = [];
    const args = { model: join(folder, 'digits.onnx'), samples: join(folder, 'digits.npz'), options: quick };
    const result = (await client.callTool({ name: 'analyze_sharpness', arguments: args }, undefined, {
      onprogress: ({ message }) => stages.push(message ?? ''),
    })) as CallToolResult;
    const [content] = result.content;
    const text = content?.type === 'text' ? content.text : '';
    expect(result.isError).not.toBe(true);
    expect(text).toMatch(/λ_max +≤ |λ_max +[=∈] /);
    expect(text).toContain('Mean loss');
    expect(text.split('\n').length).toBeLessThan(152);
    expect(stages.length).toBeGreaterThan(0);
  });

  it('compares checkpoints and lists models', async () => {
    const files = ['digits-early.onnx', 'digits.onnx'].map((name) => join(folder, name));
    const compared = await call('compare_sharpness', {
      files,
      samples: join(folder, 'digits.npz'),
      options: quick,
    });
    expect(compared.isError).toBe(false);
    expect(compared.text).toContain('digits-early.onnx → digits.onnx');
    const listed = await call('detect_models', { folder });
    expect(listed.text).toMatch(/digits\.onnx +ONNX model .*yes/);
  });

  it('answers a mistake in a sentence, and goes on', async () => {
    const model = join(folder, 'digits.onnx');
    expect(await call('analyze_sharpness', { model: join(folder, 'none.onnx') })).toEqual({
      text: 'There is no file "none.onnx"; check the path.',
      isError: true,
    });
    expect((await call('analyze_sharpness', { file: model })).text).toMatch(
      /analyze_sharpness is called wrongly/,
    );
    expect((await call('analyze_sharpness', { model, options: ['--scal', '2'] })).text).toMatch(
      /no option --scal/,
    );
    const page = join(folder, 'page.html');
    expect((await call('analyze_sharpness', { model, options: ['--html', page] })).text).toMatch(
      /--html is not for/,
    );
    await expect(readFile(page)).rejects.toThrow();
    await writeFile(join(folder, '--html'), '');
    expect((await call('analyze_sharpness', { model: '--help' })).text).toMatch(/no file "--help"/);
    expect((await call('analyse', {})).text).toMatch(/no tool analyse/);
  });

  it('ends a call that is cancelled, and takes the next', async () => {
    const stop = new AbortController();
    const args = { model: join(folder, 'digits.onnx'), options: ['--limit', '2000', '--method', 'exact'] };
    const running = client.callTool({ name: 'analyze_sharpness', arguments: args }, undefined, {
      signal: stop.signal,
    });
    setTimeout(() => stop.abort(), 500);
    await expect(running).rejects.toThrow();
    expect((await call('detect_models', { folder })).isError).toBe(false);
  });
});
