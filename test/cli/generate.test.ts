import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPngText } from '../../core/src/results/png-text.js';
import { easel, workingFolder } from './easel.js';

const pngsIn = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.png'));

describe('easel generate', () => {
  it('writes a picture and says where on its last line', async () => {
    const folder = workingFolder();
    const { status, stdout, stderr } = await easel(folder, ['generate', 'a red house', '--seed', '7']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'easel-a-red-house-7.png\n' });
    expect(stderr).toMatch(/1 picture by steady-one in [\d.]+ s, seed 7\n$/);
    const texts = readPngText(readFileSync(join(folder, 'easel-a-red-house-7.png')));
    expect(texts.get('parameters')).toMatch(
      /^a red house\nSeed: 7, Size: 64x64, Model: steady-one, Version: Easel/,
    );
  });

  it('makes the same bytes again with --like, and flags beside it win', async () => {
    const folder = workingFolder();
    await easel(folder, [
      'generate',
      'ein Häuschen 🏠',
      '--seed',
      '7',
      '--size',
      '96x64',
      '--out',
      'one.png',
    ]);
    const again = await easel(folder, ['generate', '--like', 'one.png', '-o', 'two.png']);
    expect(again).toMatchObject({ status: 0, stdout: 'two.png\n' });
    expect(readFileSync(join(folder, 'two.png'))).toEqual(readFileSync(join(folder, 'one.png')));

    const words = ['generate', 'another prompt', '--like', 'one.png', '--seed', '8', '--json'];
    const { provenance } = JSON.parse((await easel(folder, words)).stdout);
    expect(provenance.parameters).toMatchObject({ prompt: 'another prompt', seed: 8, width: 96, height: 64 });
  });

  it('names the flag and the file where --image and --mask name no images', async () => {
    const folder = workingFolder();
    for (const [words, problem] of [
      [['--image', 'easel.config.json'], '--image easel.config.json: is not a PNG'],
      [['--image', 'nothing.png'], '--image: nothing.png cannot be read (ENOENT)'],
      [['--mask', 'nothing.png'], '--mask: says what to paint anew of an image, and there is no --image'],
    ] as const) {
      const { status, stderr } = await easel(folder, ['generate', 'x', ...words]);
      expect([status, stderr]).toEqual([2, expect.stringContaining(problem)]);
    }
  });

  it('numbers the pictures of one name', async () => {
    const folder = workingFolder();
    const { stdout } = await easel(folder, [
      'generate',
      'x',
      '-n',
      '3',
      '--seed',
      '1',
      '--out',
      'new/name.png',
    ]);
    expect(stdout).toBe('new/name-1.png\nnew/name-2.png\nnew/name-3.png\n');
    expect(pngsIn(join(folder, 'new'))).toEqual(['name-1.png', 'name-2.png', 'name-3.png']);
    const last = readFileSync(join(folder, 'new/name-3.png'));
    expect(JSON.parse(readPngText(last).get('easel') ?? '').parameters).toMatchObject({ seed: 3, n: 1 });
  });

  it('prints one JSON document with --json, and nothing else on stdout', async () => {
    const folder = workingFolder();
    const words = ['generate', 'x', '--seed', '5', '-n', '2', '--size', '513', '--json'];
    const { status, stdout } = await easel(folder, words);
    expect(status).toBe(0);
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({
      files: [{ path: expect.stringMatching(/easel-x-5\.png$/), seed: 5 }, { seed: 6 }],
      seeds: [5, 6],
      warnings: [{ parameter: 'width' }, { parameter: 'height' }],
      provenance: { model: 'steady-one', parameters: { width: 512 } },
      timings: { total: expect.any(Number) },
    });
    expect(existsSync(answer.files[0].path)).toBe(true);
  });

  it('says on stderr that 513 became 512, or nothing at all with --quiet', async () => {
    const folder = workingFolder();
    const { status, stderr } = await easel(folder, ['generate', 'x', '--size', '513']);
    expect(status).toBe(0);
    expect(stderr).toContain('warning: width 513 was rounded to 512');
    const quiet = await easel(folder, ['generate', 'x', '--size', '513', '--quiet', '--out', 'q.png']);
    expect(quiet).toEqual({ status: 0, stdout: 'q.png\n', stderr: '' });
  });

  it('reads the prompt from stdin, for "-" and where there is no argument', async () => {
    const folder = workingFolder();
    for (const words of [['generate'], ['generate', '-']]) {
      const { stdout } = await easel(folder, [...words, '--seed', '1', '--out', 'p/'], 'a blue boat\n');
      expect(stdout).toMatch(/^p\/a-blue-boat-1(-2)?\.png\n$/);
    }
  });

  it('passes options on to their plugin, and shows progress in plain lines', async () => {
    const words = ['generate', 'x', '--option', 'steady.delayMs=1500', '--verbose', '--timeout', '20'];
    const { status, stderr } = await easel(workingFolder(), words);
    expect(status).toBe(0);
    expect(stderr).toContain('info steady: started {"greeting":"none"}');
    const lines = stderr.split('\n').filter((line) => line.startsWith('making the picture: '));
    expect(lines.length).toBeGreaterThanOrEqual(2);
    expect(lines.length).toBeLessThanOrEqual(5);
  });

  it('says of a picture from elsewhere what it left out', async () => {
    const folder = workingFolder();
    await easel(folder, ['generate', 'x', '--out', 'x.png']);
    const { writePngText } = await import('../../core/src/results/png-text.js');
    const { onePixelPng } = await import('../fixtures/one-pixel-png.js');
    const parameters =
      'a house\nSteps: 20, Sampler: Euler a, Seed: 3, Size: 64x64, Model: dreamlike, Clip skip: 2';
    writeFileSync(join(folder, 'foreign.png'), writePngText(onePixelPng, { parameters }));
    const { stdout, stderr } = await easel(folder, ['generate', '--like', 'foreign.png']);
    expect(stdout).toBe('easel-a-house-3.png\n');
    expect(stderr).toContain('was left out: Model (dreamlike), Clip skip');
    expect(stderr).toContain('steps had no effect');
  });
});
