/**
 * The plugin's end of the wire, in a process (child-entry.ts) and in a thread (thread-entry.ts): acknowledges
 * commands, performs them and answers each once. What it cannot send is an error of that one call.
 *
 * @module
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EaselError } from '@easel/plugin-sdk';
import { asLogger } from '../../observe/plugin-logger.js';
import { LogLimit, slowerPace } from './log-limit.js';
import { type PluginHost, startPluginHost } from './plugin-host.js';
import type { Port } from './port.js';
import { ProgressThrottle } from './progress-throttle.js';
import {
  type Cancellation,
  type Command,
  type Receipt,
  type Reply,
  receiptsSince,
  type Started,
  type StartPayload,
} from './protocol.js';
import { provideSdk } from './provide-sdk.js';
import { createReceipt, type PendingReceipt } from './receipt.js';
import { toWireError } from './wire-error.js';

/**
 * Bytes that may wait for a kernel that is slow to read, before progress is held back and log lines are
 * dropped.
 */
const waitingLimit = 1024 * 1024;

export interface ServedPlugin {
  /** Milliseconds that it may go on when the wire is closed. Undefined: none, or it has not started. */
  readonly finishMs: number | undefined;
  /**
   * Has the plugin close what it holds. Its calls are not cancelled: who made them may come again for what
   * they have begun. Never rejects.
   */
  finish(): Promise<void>;
}

/** Throws for what is not JSON. */
const asJson = (details: object) =>
  JSON.parse(JSON.stringify(details)) as Extract<Reply, { type: 'log' }>['details'];

/**
 * Serves one plugin; calls `end` when the kernel has asked it to stop and everything has been sent, or has
 * broken the wire.
 */
export function servePlugin(port: Port, end: (status: number) => void): ServedPlugin {
  let finishMs: number | undefined;
  let closing: Promise<void> | undefined;
  const running = new Map<number, AbortController>();
  /** By call. */
  const receipts = new Map<number, PendingReceipt>();
  let host: PluginHost | undefined;
  let hasReceipts = true;
  /**
   * Resolves when the plugin has acted upon the receipts that have come; what comes after them finds it so.
   */
  let actedUpon: Promise<unknown> = Promise.resolve();
  const isWireFull = () => port.waitingBytes > waitingLimit;

  /** For messages that hold nothing but what this file puts into them. */
  const post = (reply: Reply): void => port.send(reply);

  const fail = (id: number, what: string, cause: unknown): void => {
    const message = `The plugin's ${what} cannot be sent: ${cause instanceof Error ? cause.message : String(cause)}.`;
    post({
      type: 'error',
      id,
      error: toWireError(new EaselError({ code: 'ERR_PLUGIN_PROTOCOL', message })),
    });
  };

  const sendResult = (id: number, value: unknown): void => {
    try {
      port.send({ type: 'result', id, value } satisfies Reply, { giveAway: true });
    } catch (cause) {
      fail(id, 'result', cause);
    }
  };

  const createLogger = (linesPerSecond: number) => {
    const limit = new LogLimit(
      (level, message, details) => {
        if (isWireFull()) return;
        try {
          post({ type: 'log', level, message, details: details === undefined ? undefined : asJson(details) });
        } catch {
          post({ type: 'log', level, message });
        }
      },
      linesPerSecond,
      slowerPace,
    );
    return asLogger(limit.write);
  };

  const settleReceipt = (id: number, isReceived: boolean): void => {
    receipts.get(id)?.settle(isReceived);
    if (receipts.delete(id)) actedUpon = nextTurn();
  };

  const start = async (payload: StartPayload): Promise<Started> => {
    hasReceipts = payload.protocol >= receiptsSince;
    if (payload.lacksSdk) provideSdk();
    host = await startPluginHost(payload, createLogger(payload.logLinesPerSecond));
    finishMs = payload.finishMs;
    const { device, planMemory, estimateCost, receiveWebhook } = host;
    return {
      device,
      plansMemory: planMemory !== undefined,
      estimatesCost: estimateCost !== undefined,
      takesWebhooks: receiveWebhook !== undefined,
    };
  };

  const generate = async ({ id, payload }: Extract<Command, { type: 'generate' }>): Promise<unknown> => {
    if (!host) throw new Error('generate came before start');
    const controller = new AbortController();
    const throttle = new ProgressThrottle((progress) => {
      try {
        post({ type: 'progress', id, progress });
      } catch (cause) {
        fail(id, 'progress', cause);
      }
    }, isWireFull);
    const receipt = createReceipt();
    running.set(id, controller);
    receipts.set(id, receipt);
    try {
      await actedUpon;
      return await host.generate(payload, {
        signal: controller.signal,
        onProgress: (progress) => throttle.report(progress),
        received: receipt.received,
        stopsWithin: (milliseconds) => post({ type: 'stopping', id, milliseconds }),
      });
    } finally {
      throttle.end();
      running.delete(id);
    }
  };

  const perform = async (command: Command): Promise<unknown> => {
    if (command.type === 'start') return await start(command.payload);
    if (command.type === 'generate') return await generate(command);
    if (command.type === 'plan') return await host?.planMemory?.(command.payload);
    if (command.type === 'estimate') return await host?.estimateCost?.(command.payload);
    if (command.type === 'webhook') return await host?.receiveWebhook?.(command.payload);
    if (command.type === 'ping') return process.memoryUsage.rss();
    if (command.type === 'probe') return await host?.probe();
    await close();
    return null;
  };

  const close = async (): Promise<void> => {
    for (const id of [...receipts.keys()]) settleReceipt(id, false);
    closing ??= actedUpon.then(() => host?.close());
    await closing;
  };

  const answer = async (command: Command): Promise<void> => {
    post({ type: 'acknowledge', id: command.id });
    try {
      sendResult(command.id, await perform(command));
      if (!hasReceipts) settleReceipt(command.id, true);
    } catch (error) {
      settleReceipt(command.id, false);
      post({ type: 'error', id: command.id, error: toWireError(error) });
    }
    if (command.type === 'stop') await port.close().then(() => end(0));
  };

  port.listen(
    (value) => {
      const message = value as Command | Cancellation | Receipt;
      if (message.type === 'cancel') running.get(message.id)?.abort();
      else if (message.type === 'receipt') settleReceipt(message.id, message.isReceived);
      else void answer(message);
    },
    () => end(1),
  );
  return {
    get finishMs() {
      return finishMs;
    },
    async finish() {
      await close().catch(() => {});
    },
  };
}
