import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { TensorFileList } from '../../model-files/list-tensor-files.js';
import { submitJob } from '../make-result.js';
import { parseBody } from '../parse-body.js';
import type { ServerContext } from '../server-context.js';
import { PromptFollower } from './follow-prompt.js';
import { graphSchema } from './graph.js';
import { UnsupportedNode } from './node-reader.js';
import { listsOf } from './object-info.js';
import { refuse } from './problems.js';
import type { Prompt, Prompts } from './prompts.js';
import { readGraph } from './read-graph.js';
import type { Sockets } from './sockets.js';
import type { Uploads } from './uploads.js';
import { findProblems, outputsOf } from './validate.js';

/** What `/prompt` takes. What people's programs add of their own changes nothing, as there. */
export const promptSchema = z.looseObject({
  prompt: graphSchema.describe('A workflow as ComfyUI exports it with "Export (API)".'),
  prompt_id: z.uuid().nullish().describe('Its id, a UUID. Absent: a drawn one.'),
  client_id: z.string().max(200).nullish().describe('Whose WebSocket is told of it. Absent: nobody is.'),
});

/** What is kept of the door while the server runs. */
export interface Door {
  readonly prompts: Prompts;
  readonly sockets: Sockets;
  readonly uploads: Uploads;
  readonly loras: TensorFileList;
}

/** Takes a graph as a job. Answers as ComfyUI does, with `warnings` of what has no effect. */
export async function takePrompt(
  context: ServerContext,
  { prompts, sockets, uploads, loras }: Door,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<object> {
  const { prompt: graph, prompt_id, client_id } = parseBody(promptSchema, request.body);
  const caller = request.apiKey?.id ?? '';
  const outputs = outputsOf(graph);
  if (outputs.length === 0) {
    const error = {
      ...{ type: 'prompt_no_outputs', message: 'Prompt has no outputs', extra_info: {} },
      details: 'Add a SaveImage or a PreviewImage.',
    };
    return await reply.status(400).send({ error, node_errors: {} });
  }
  const problems = findProblems(graph, outputs, await listsOf(context, loras, []));
  if (problems.size > 0) return await reply.status(400).send(refuse(graph, problems));
  const read = await readGraph(context, graph, outputs, (name) => uploads.read(caller, name)).catch(
    (error: unknown) => {
      if (error instanceof UnsupportedNode) return error;
      throw error;
    },
  );
  if (read instanceof UnsupportedNode)
    return await reply.status(400).send(refuse(graph, new Map([[read.id, [read.problem]]])));

  const { asked, warnings, names, loader, sampler, decoder } = read;
  const id = prompt_id ?? randomUUID();
  // Sent twice under one id it is one job: its caller may have lost the answer, or this server its memory.
  const { job } = await submitJob(context, {
    ...{ caller, request: asked, priority: 0 },
    ...(prompt_id ? { idempotencyKey: `comfyui ${prompt_id}` } : {}),
  });
  const known = prompts.find(caller, id);
  if (known) return { prompt_id: id, number: known.number, node_errors: {}, warnings: known.warnings };
  const prompt: Prompt = {
    ...{ id, number: prompts.nextNumber(), caller, client: client_id ?? '', graph, outputs, names },
    nodes: { loader, sampler, decoder },
    ...{ job: job.id, state: 'pending', messages: [], made: {}, warnings },
  };
  prompts.add(prompt);
  void new PromptFollower({ context, prompts, sockets, request }, prompt).begin();
  return { prompt_id: id, number: prompt.number, node_errors: {}, warnings };
}
