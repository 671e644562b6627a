import { PassThrough } from 'node:stream';
import { manifestSchema, type Progress } from '@easel/plugin-sdk';
import { describe, expect, it } from 'vitest';
import { FramePort } from '../../core/src/kernel/runner/frame-port.js';
import { lineLimit, readLines } from '../../core/src/kernel/runner/line-reader.js';
import { LogLimit } from '../../core/src/kernel/runner/log-limit.js';
import { isRunning } from '../fixtures/is-running.js';
import { ask, type Kind, startRunner } from './kinds.js';

const isolated: readonly Kind[] = ['process', 'thread'];
const all: readonly Kind[] = [...isolated, 'inline'];

describe.each(all)('the log of a plugin in the runner "%s"', (kind) => {
  it('lets a flood through in part, says how much was dropped, and keeps its last line', async () => {
    const { runner, lines } = await startRunner(kind, { logLinesPerSecond: 50, stallMs: 20_000 });
    await ask(runner, 'flood-logger');
    await expect.poll(() => lines.map(({ message }) => message)).toContain('line 199999');
    expect(lines.length).toBeLessThan(400);
    const dropped = lines.map(({ message }) => /^(\d+) lines of the log were dropped/.exec(message)?.[1]);
    const counted = dropped.reduce((sum, count) => sum + Number(count ?? 0), 0);
    expect(counted + lines.filter(({ message }) => /^line|^started/.test(message)).length).toBe(200_001);
  });
});

describe.each(isolated)('the output of a plugin in the runner "%s"', (kind) => {
  it('is limited like its log', async () => {
    const { runner, lines } = await startRunner(kind, { logLinesPerSecond: 50, stallMs: 20_000 });
    await ask(runner, 'flood-output');
    await expect.poll(() => lines.map(({ message }) => message)).toContain('line 19999');
    expect(lines.length).toBeLessThan(400);
    expect(lines.some(({ message }) => /lines of the log were dropped/.test(message))).toBe(true);
  });

  it('may be a line without end: it is cut, and the next one is read', async () => {
    const { runner, lines } = await startRunner(kind, { stallMs: 20_000 });
    const before = process.memoryUsage.rss();
    await ask(runner, 'endless-line');
    await expect.poll(() => lines.map(({ message }) => message)).toContain('after it');
    expect(lines.find(({ message }) => message.startsWith('xxx'))?.message).toHaveLength(
      lineLimit + ' [cut]'.length,
    );
    if (kind === 'process') expect(process.memoryUsage.rss() - before).toBeLessThan(80 * 2 ** 20);
  });

  it('may be a million reports of progress: some thirty a second arrive, and the last one', async () => {
    const { runner } = await startRunner(kind, { stallMs: 20_000 });
    const reports: Progress[] = [];
    const from = performance.now();
    const { parameters } = await ask(runner, 'flood-progress', {
      onProgress: (report) => reports.push(report),
    });
    const seconds = (performance.now() - from) / 1_000;
    expect(parameters).toMatchObject({ reports: 1_000_000 });
    expect(reports.length).toBeLessThan(31 * seconds + 13);
    expect(reports.length).toBeGreaterThan(10);
    expect(reports.at(-1)).toEqual({ stage: 'finish', fraction: 1 });
    if (kind === 'process') expect(parameters.residentMb).toBeLessThan(200);
  });
});

describe('a message that is too large', () => {
  it('is an error of its call; the process goes on', async () => {
    const { runner } = await startRunner('process', { stallMs: 20_000 });
    const { pid } = runner;
    await expect(ask(runner, 'huge-result')).rejects.toMatchObject({
      code: 'ERR_PLUGIN_PROTOCOL',
      message: expect.stringMatching(/629\d{6} bytes is larger than 536870912/),
    });
    expect((await ask(runner, 'picture')).images).toHaveLength(1);
    expect(runner.pid).toBe(pid);
  });

  it('is refused before it is copied, and leaves the wire as it was', () => {
    const port = new FramePort(new PassThrough(), 'plugin');
    expect(() => port.send({ bytes: new Uint8Array(513 * 2 ** 20) })).toThrow(RangeError);
    expect(port.waitingBytes).toBe(0);
  });
});

describe('memory', () => {
  it('beyond memoryMb ends the process, and the call says so', async () => {
    const { runner } = await startRunner('process', { memoryMb: 160 });
    const pid = runner.pid as number;
    const neighbour = ask(runner, 'never').catch((error: unknown) => error);
    await expect(ask(runner, 'eat-memory')).rejects.toMatchObject({
      code: 'ERR_PLUGIN_CRASHED',
      message: expect.stringMatching(/used \d+ MiB of memory, and its memoryMb is 160/),
    });
    expect(await neighbour).toMatchObject({ code: 'ERR_PLUGIN_CRASHED' });
    await runner.ended;
    expect(isRunning(pid)).toBe(false);
  });
});

describe('a manifest', () => {
  const manifest = (runtime: object) =>
    manifestSchema.safeParse({
      id: 'one',
      version: '1.0.0',
      sdk: '^0.1.0',
      entry: 'index.js',
      handles: [{ type: 'one' }],
      runtime,
    });

  it('cannot ask for a thread and load native code, or limit the memory of a thread', () => {
    expect(manifest({ isolation: 'thread' }).success).toBe(true);
    expect(manifest({ native: true, memoryMb: 512 }).success).toBe(true);
    expect(manifest({ isolation: 'thread', native: true }).error?.issues).toMatchObject([
      { path: ['runtime', 'isolation'], message: expect.stringContaining('native') },
    ]);
    expect(manifest({ isolation: 'thread', memoryMb: 512 }).error?.issues).toMatchObject([
      { path: ['runtime', 'memoryMb'] },
    ]);
  });
});

describe('lines', () => {
  const read = async (...chunks: readonly string[]): Promise<string[]> => {
    const stream = new PassThrough();
    const lines: string[] = [];
    readLines(stream, (line) => lines.push(line));
    for (const chunk of chunks) stream.write(chunk);
    stream.end();
    await new Promise((resolve) => stream.once('close', resolve));
    return lines;
  };

  it('end in \\n, \\r and \\r\\n, wherever chunks end', async () => {
    expect(await read('a\nb\r', '\nc', 'd\r', 'e\n\n', 'f')).toEqual(['a', 'b', 'cd', 'e', '', 'f']);
  });

  it('are cut at their limit, to the byte', async () => {
    expect(await read(`${'x'.repeat(lineLimit)}\n`)).toEqual(['x'.repeat(lineLimit)]);
    expect(await read('x'.repeat(lineLimit), 'y\nnext')).toEqual([`${'x'.repeat(lineLimit)} [cut]`, 'next']);
  });
});

describe('a log limit', () => {
  it('counts lines and bytes of a second', () => {
    let now = 0;
    const lines: string[] = [];
    const pace = { windowMs: 1_000, now: () => now };
    const limit = new LogLimit((level, message) => lines.push(`${level} ${message}`), 10, pace);
    for (let index = 0; index < 13; index++) limit.write('info', String(index));
    expect(lines).toHaveLength(10);
    now = 1_000;
    limit.write('info', 'later');
    expect(lines.slice(10)).toEqual([
      'warn 2 lines of the log were dropped: at most 10 lines and 10240 bytes a second are kept.',
      'info 12',
      'info later',
    ]);
    now = 2_000;
    for (let index = 0; index < 4; index++) limit.write('info', 'x'.repeat(6_000));
    limit.flush();
    expect(lines.slice(13).map((line) => line.slice(0, 12))).toEqual([
      'info xxxxxxx',
      'info xxxxxxx',
      'warn 1 lines',
      'info xxxxxxx',
    ]);
  });

  it('drops details that are too large', () => {
    const written: unknown[][] = [];
    const limit = new LogLimit((...line) => written.push(line), 10);
    limit.write('info', 'large', { text: 'x'.repeat(100_000) });
    limit.write('info', 'small', { count: 1 });
    expect(written).toEqual([
      ['info', 'large [its details are too large]'],
      ['info', 'small', { count: 1 }],
    ]);
  });
});
