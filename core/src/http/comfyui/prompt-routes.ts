import type { FastifyInstance, FastifyRequest } from 'fastify';
import { addOperation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import type { ServerContext } from '../server-context.js';
import { queueStatus } from './follow-prompt.js';
import { type ComfyOperations, historyQuerySchema, interruptSchema, removalSchema } from './operations.js';
import { historyOf, listed, type Prompt } from './prompts.js';
import { type Door, takePrompt } from './take-prompt.js';

type ById = { Params: { id: string } };

const callerOf = ({ apiKey }: FastifyRequest): string => apiKey?.id ?? '';

/** Workflows: taking them, what became of them, and ending them. Callers see their own. */
export function addPromptRoutes(
  server: FastifyInstance,
  operations: ComfyOperations,
  context: ServerContext,
  door: Door,
): void {
  const { prompts } = door;
  const history = (ended: readonly Prompt[]) =>
    Object.fromEntries(ended.map((prompt) => [prompt.id, historyOf(prompt)]));
  const cancel = async (of: readonly Prompt[]) => {
    for (const { job } of of) await context.jobs.cancel(job);
  };

  addOperation(server, operations.prompt, async (request, reply) =>
    takePrompt(context, door, request, reply),
  );
  addOperation(server, operations.remaining, async (request) => queueStatus(prompts, callerOf(request)));

  addOperation(server, operations.history, async (request) => {
    const { max_items, offset = -1 } = parseBody(historyQuerySchema, request.query);
    const ended = prompts.of(callerOf(request), 'ended');
    const from = offset < 0 ? Math.max(0, ended.length - (max_items ?? ended.length)) : offset;
    return history(ended.slice(from, max_items === undefined ? undefined : from + max_items));
  });
  addOperation<ById>(server, operations.historyOf, async (request) => {
    const prompt = prompts.find(callerOf(request), request.params.id);
    return history(prompt?.state === 'ended' ? [prompt] : []);
  });
  addOperation(server, operations.forget, async (request, reply) => {
    const { clear, delete: ids } = parseBody(removalSchema, request.body);
    for (const prompt of prompts.of(callerOf(request), 'ended'))
      if (clear || ids?.includes(prompt.id)) prompts.remove(prompt);
    return await reply.send();
  });

  addOperation(server, operations.queue, async (request) => ({
    queue_running: prompts.of(callerOf(request), 'running').map(listed),
    queue_pending: prompts.of(callerOf(request), 'pending').map(listed),
  }));
  addOperation(server, operations.remove, async (request, reply) => {
    const { clear, delete: ids } = parseBody(removalSchema, request.body);
    const pending = prompts.of(callerOf(request), 'pending');
    await cancel(pending.filter(({ id }) => clear || ids?.includes(id)));
    return await reply.send();
  });
  addOperation(server, operations.interrupt, async (request, reply) => {
    const { prompt_id: wanted } = parseBody(interruptSchema, request.body);
    const running = prompts.of(callerOf(request), 'running');
    await cancel(running.filter(({ id }) => !wanted || id === wanted));
    return await reply.send();
  });
  addOperation(server, operations.free, async (_request, reply) => await reply.send());
}
