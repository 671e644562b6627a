import type { EaselError } from '@easel/plugin-sdk';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Channel } from '../../core/src/kernel/runner/channel.js';
import type { Port } from '../../core/src/kernel/runner/port.js';
import { ask, startRunner } from './kinds.js';

/** A wire of which the test is the other end. */
function createWire(send: (message: unknown) => void = () => {}) {
  const wire = { waitingBytes: 0, receive: (_: unknown) => {}, break: (_: Error) => {} };
  const faults: EaselError[] = [];
  const port: Port = {
    get waitingBytes() {
      return wire.waitingBytes;
    },
    send,
    listen(onMessage, onBroken) {
      wire.receive = onMessage;
      wire.break = onBroken;
    },
    close: async () => {},
  };
  const channel = new Channel({
    plugin: 'one',
    protocol: 2,
    port,
    stallMs: 50,
    onLog: () => {},
    onFault: (error) => faults.push(error),
  });
  return { wire, channel, faults };
}

describe('a channel', () => {
  it('sends nothing more to a plugin that does not read', async () => {
    const sent: unknown[] = [];
    const { wire, channel, faults } = createWire((message) => sent.push(message));
    wire.waitingBytes = 600 * 2 ** 20;
    await expect(channel.send({ type: 'ping' })).rejects.toMatchObject({
      code: 'ERR_PLUGIN_STALLED',
      message: expect.stringContaining('does not read'),
    });
    expect(sent).toEqual([]);
    expect(faults).toEqual([]);
  });

  it("rejects a command that cannot be sent, with the caller's fault, and goes on", async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const { wire, channel, faults } = createWire((message) => {
      if ((message as { type: string }).type === 'stop')
        throw new RangeError('a message of 9 bytes is larger');
    });
    await expect(channel.send({ type: 'stop' })).rejects.toMatchObject({ code: 'ERR_REQUEST_INVALID' });
    const ping = channel.send({ type: 'ping' });
    wire.receive({ type: 'result', id: 1, value: 7 });
    expect(await ping).toBe(7);
    vi.advanceTimersByTime(1_000);
    await new Promise(setImmediate);
    expect(faults).toEqual([]);
  });

  it('breaks off once where nothing is acknowledged, and settles what is pending', async () => {
    const { wire, channel, faults } = createWire();
    const results = await Promise.allSettled([
      channel.send({ type: 'ping' }),
      channel.send({ type: 'stop' }),
    ]);
    expect(results).toMatchObject([
      { status: 'rejected', reason: { code: 'ERR_PLUGIN_STALLED' } },
      { status: 'rejected', reason: { code: 'ERR_PLUGIN_STALLED' } },
    ]);
    wire.break(new Error('too late'));
    wire.receive('too late');
    expect(faults).toHaveLength(1);
  });
});

describe('a process that is stopped and does not read', () => {
  it('is given up after its stall time', async () => {
    const { runner } = await startRunner('process', { stallMs: 500 });
    process.kill(runner.pid as number, 'SIGSTOP');
    const calls = Array.from({ length: 20 }, () => ask(runner, 'x'.repeat(2 ** 20)).catch((error) => error));
    for (const error of await Promise.all(calls)) expect(error).toMatchObject({ code: 'ERR_PLUGIN_STALLED' });
    expect(await runner.ended).toMatchObject({ code: 'ERR_PLUGIN_STALLED' });
  });
});
