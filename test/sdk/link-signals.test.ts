import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { linkSignals } from '@easel/plugin-sdk';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

describe('linkSignals', () => {
  it('is aborted by the first of its signals, with that one’s reason', () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const { signal } = linkSignals([undefined, first.signal, second.signal]);
    second.abort('the second');
    first.abort('the first');
    expect(signal.reason).toBe('the second');
  });

  it('is aborted at once by a signal that is aborted already', () => {
    expect(linkSignals([AbortSignal.abort('before')]).signal.reason).toBe('before');
  });

  it('is aborted by its clock, and by nothing once it is unlinked', async () => {
    const parent = new AbortController();
    const late = linkSignals([parent.signal], 5);
    await new Promise((resolve) => late.signal.addEventListener('abort', resolve));
    expect(late.signal.reason).toMatchObject({ name: 'TimeoutError' });
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const unlinked = linkSignals([parent.signal], 5);
    unlinked.unlink();
    parent.abort();
    vi.advanceTimersByTime(1_000);
    expect(unlinked.signal.aborted).toBe(false);
  });

  it('fires after a garbage collection, where nothing but a listener holds it', () => {
    const program = `
      import { linkSignals } from '@easel/plugin-sdk';
      const never = new AbortController();
      linkSignals([never.signal], 300).signal.addEventListener('abort', () => { console.log('fired'); process.exit(0); });
      setTimeout(() => { for (let round = 0; round < 5; round++) globalThis.gc(); }, 50);
      setTimeout(() => process.exit(1), 5_000);
    `;
    const { stdout } = spawnSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(stdout).toBe('fired\n');
  });
});
