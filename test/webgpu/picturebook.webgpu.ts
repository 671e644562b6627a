import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import type { Painted } from './paint.js';
import { vulkanEnvironment } from './software-vulkan.js';

const script = fileURLToPath(new URL('./paint.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'easel-webgpu-'));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));

async function paint(provider: string, environment: NodeJS.ProcessEnv): Promise<Painted> {
  const words = ['--import', 'tsx', script, provider, folder];
  const { stdout } = await promisify(execFile)(process.execPath, words, {
    env: environment,
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout) as Painted;
}

describe('the bundled model on WebGPU', () => {
  it('makes the picture that it makes on the processor, within 3 of 255, and tests the device once', async () => {
    const environment = vulkanEnvironment(folder);
    const expected = await paint('cpu', environment);
    const first = await paint('webgpu', environment);
    expect(first).toMatchObject({ provider: 'webgpu', warnings: [] });
    const pixels = Buffer.from(expected.rgb, 'base64');
    expect(pixels).toHaveLength(96 * 96 * 3);
    // A picture, not one colour: neither side may be right by being empty.
    expect(Math.max(...pixels) - Math.min(...pixels)).toBeGreaterThan(100);
    const other = Buffer.from(first.rgb, 'base64');
    const difference = Math.max(...pixels.map((value, index) => Math.abs(value - other[index]!)));
    console.log(
      `WebGPU: largest difference ${difference}; written in simple operators: ${first.decomposed.join(', ') || 'none'}; self-test ${Math.round(first.settleMs)} ms; networks ${Math.round(first.networkMs)} ms, on the processor ${Math.round(expected.networkMs)} ms`,
    );
    expect(difference).toBeLessThanOrEqual(3);

    const second = await paint('webgpu', environment);
    console.log(`WebGPU: self-test read in ${Math.round(second.settleMs)} ms`);
    expect(second.decomposed).toEqual(first.decomposed);
    expect(second.settleMs).toBeLessThan(first.settleMs / 2);
  });

  it('falls back to the processor, and says so, where no device is found', async () => {
    const nowhere = join(folder, 'no-such-driver.json');
    const environment = { ...process.env, VK_DRIVER_FILES: nowhere, VK_ICD_FILENAMES: nowhere };
    const painted = await paint('webgpu', environment);
    expect(painted.provider).toBe('cpu');
    expect(painted.warnings).toEqual([
      expect.stringMatching(/^webgpu cannot be used: .*adapter/),
      'pictures are computed on the processor',
    ]);
  });
});
