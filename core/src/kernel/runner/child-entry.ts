/**
 * The main module of a plugin's process. It speaks wire protocol 1 on file descriptor 3 and ends when that is closed.
 *
 * @module
 */
import { Socket } from 'node:net';
import type { Logger, LogLevel } from '@easel/plugin-sdk';
import { readFrames, writeFrame } from './frames.js';
import { type PluginHost, startPluginHost } from './plugin-host.js';
import type { Cancellation, Command, Reply } from './protocol.js';
import { toWireError } from './wire-error.js';

const kernel = new Socket({ fd: 3 });
const running = new Map<number, AbortController>();
let host: PluginHost | undefined;

const send = (reply: Reply): void => {
  if (!kernel.destroyed) writeFrame(kernel, reply);
};

const log =
  (level: LogLevel): Logger[LogLevel] =>
  (message, details) =>
    send({ type: 'log', level, message, details: details === undefined ? undefined : { ...details } });
const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };

async function perform(command: Command): Promise<unknown> {
  switch (command.type) {
    case 'start':
      host = await startPluginHost(command.payload, logger);
      return null;
    case 'generate': {
      if (!host) throw new Error('generate came before start');
      const controller = new AbortController();
      running.set(command.id, controller);
      try {
        return await host.generate(command.payload, {
          signal: controller.signal,
          onProgress: (progress) => send({ type: 'progress', id: command.id, progress }),
        });
      } finally {
        running.delete(command.id);
      }
    }
    case 'ping':
      return null;
    case 'stop':
      await host?.close();
      return null;
  }
}

async function answer(command: Command): Promise<void> {
  send({ type: 'acknowledge', id: command.id });
  try {
    send({ type: 'result', id: command.id, value: await perform(command) });
  } catch (error) {
    send({ type: 'error', id: command.id, error: toWireError(error) });
  }
  if (command.type === 'stop') kernel.end(() => process.exit(0));
}

// Ctrl-C in a terminal reaches every process of the group; when a plugin ends is the kernel's to say.
process.on('SIGINT', () => {});
kernel.on('close', () => process.exit(0));
kernel.on('error', () => process.exit(1));
readFrames(
  kernel,
  (value) => {
    const message = value as Command | Cancellation;
    if (message.type === 'cancel') running.get(message.id)?.abort();
    else void answer(message);
  },
  () => process.exit(1),
);
