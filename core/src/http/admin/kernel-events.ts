import { EaselError } from '@easel/plugin-sdk';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { KernelEventName } from '../../kernel/events.js';
import { endlessStreams } from '../event-stream.js';
import { addOperation, type Operation } from '../operation.js';
import type { ServerContext } from '../server-context.js';
import { textFor } from '../server-paths.js';

/** What happens in a kernel, but for the lines of its plugins' logs. */
const names = [
  ...['plugin-added', 'plugin-swapped', 'plugin-refused', 'plugin-rolled-back', 'plugin-removed'],
  ...['plugin-starting', 'plugin-ready', 'plugin-failed', 'plugin-backoff', 'plugin-quarantined'],
  ...['plugin-draining', 'plugin-disabled', 'plugin-idle', 'plugin-stopped'],
  ...['circuit-open', 'circuit-half-open', 'circuit-closed'],
  ...['attempt-ended', 'configuration-changed', 'configuration-refused'],
] as readonly Exclude<KernelEventName, 'plugin-log'>[];

/** Events that whoever begins to listen is told of first. */
const kept = 200;

const operation: Operation = {
  tag: 'Administration',
  method: 'GET',
  path: '/api/admin/events',
  scope: 'admin',
  summary:
    'What happens in the kernel, as server-sent events: the latest first of all, and then each as it comes.',
};

/** `GET /api/admin/events`: states of plugins, their circuits, and every try of one, as they come. */
export function addKernelEvents(server: FastifyInstance, { manager }: ServerContext): void {
  const openStream = endlessStreams(server);
  const latest: object[] = [];
  const listeners = new Set<(event: object) => void>();
  const offs = names.map((name) =>
    manager.on(name, (event) => {
      const told = { time: new Date().toISOString(), name, ...event };
      latest.push(told);
      if (latest.length > kept) latest.shift();
      for (const listener of listeners) listener(told);
    }),
  );
  server.addHook('onClose', async () => {
    for (const off of offs) off();
  });

  addOperation(server, operation, async (request, reply) => {
    const events = openStream(reply);
    const send = (event: object) => events.send('kernel', toRead(event, request));
    for (const event of latest) send(event);
    listeners.add(send);
    reply.raw.once('close', () => listeners.delete(send));
    return reply;
  });
}

/** An event with an error of it as whoever asks may read it. */
function toRead(event: object, request: FastifyRequest): object {
  if (!('error' in event) || !EaselError.isInstance(event.error)) return event;
  const { code, message } = event.error;
  return { ...event, error: { code, message: textFor(message, request) } };
}
