import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

const host = fileURLToPath(new URL('./host/host.js', import.meta.url));

/** Runs the example host and answers what it prints at its end. */
async function runHost(): Promise<{ status: number; report: Record<string, unknown> }> {
  const child = spawn(process.execPath, [host], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const [status] = (await once(child, 'close')) as [number];
  return { status, report: JSON.parse(printed) as Record<string, unknown> };
}

describe('a host application with two kernels', () => {
  it('keeps them apart, and finds its own process as it was when they are closed', async () => {
    const { status, report } = await runHost();
    expect(report).toEqual({
      // Each kernel has its own plugins, models, logger and seeds.
      pictures: { shop: 'steady', lab: 'steady' },
      seeds: { shop: 11, lab: 22 },
      greetings: { shop: 'from the shop', lab: 'from the lab' },
      logs: { shop: ['started'], lab: ['started'] },
      events: { shop: ['plugin-ready'], lab: ['plugin-ready'] },
      // One that is closed does not touch the other.
      labAfterShopClosed: 'a picture',
      shopAfterClosed: 'ERR_KERNEL_CLOSED',
      forced: { shop: [], lab: [] },
      // Nothing of the process has changed hands.
      newSignalListeners: [],
      newEnvironment: [],
      leftResources: [],
      exitCode: null,
    });
    expect(status).toBe(0);
  });
});
