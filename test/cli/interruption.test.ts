import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Running, start, workingFolder } from './easel.js';

const slow = ['generate', 'x', '--out', 'never.png', '--option', 'steady.delayMs=20000'];

/** Waits for the first line of progress: the plugin is at work then. */
async function atWork({ child }: Running): Promise<void> {
  let seen = '';
  for (;;) {
    const [chunk] = await once(child.stderr, 'data');
    seen += String(chunk);
    if (seen.includes('making the picture')) return;
  }
}

/** Whether a process of the command's group is left. */
function isGroupAlive(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('an interrupted easel generate', () => {
  it.each([
    ['SIGINT to it alone', 'SIGINT', 'alone', 130],
    ['Ctrl-C in a terminal, which its plugins get too', 'SIGINT', 'group', 130],
    ['SIGTERM', 'SIGTERM', 'alone', 143],
  ] as const)('%s: stops, writes nothing, leaves no process', async (_, signal, target, status) => {
    const folder = workingFolder();
    const running = start(folder, slow);
    await atWork(running);
    const pid = running.child.pid as number;
    const startedAt = performance.now();
    process.kill(target === 'group' ? -pid : pid, signal);
    const ended = await running.ended;
    expect(performance.now() - startedAt).toBeLessThan(20_000);
    expect(ended).toMatchObject({ status, stdout: '' });
    expect(ended.stderr).toContain('The command was stopped');
    expect(ended.stderr).not.toMatch(/error|^\s+at /m);
    expect(readdirSync(folder)).toEqual(['easel.config.json']);
    expect(isGroupAlive(pid)).toBe(false);
  });

  it('tells so in JSON', async () => {
    const running = start(workingFolder(), [...slow, '--json']);
    await atWork(running);
    running.child.kill('SIGINT');
    expect(JSON.parse((await running.ended).stdout)).toMatchObject({ error: { code: 'ERR_ABORTED' } });
  });

  it('may be interrupted a second time, whether it still closes or not', async () => {
    const words = [
      'generate',
      'x',
      '--model',
      'chaos-one',
      '--option',
      'chaos.behaviour="ignore-everything"',
    ];
    const running = start(workingFolder(), [...words, '--verbose']);
    const untilSaid = async (words: string) => {
      for (let seen = ''; !seen.includes(words); ) seen += String(await once(running.child.stderr, 'data'));
    };
    await untilSaid('will ignore');
    running.child.kill('SIGINT');
    await untilSaid('once more');
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ status: 130 });
  });

  it('stops while it waits for a prompt', async () => {
    const running = start(workingFolder(), ['generate'], null);
    // More than a pipe holds: written, the command reads.
    await new Promise((resolve) => running.child.stdin.write('x'.repeat(2 ** 19), resolve));
    running.child.kill('SIGINT');
    expect((await running.ended).status).toBe(130);
  });
});

describe('a reader that goes away', () => {
  it('harms nobody: the picture is written', async () => {
    const folder = workingFolder();
    const running = start(folder, ['generate', 'x', '--out', 'x.png']);
    running.child.stdout.destroy();
    expect(await running.ended).toMatchObject({ status: 0 });
    expect(readdirSync(folder)).toContain('x.png');
  });
});
