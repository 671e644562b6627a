import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';
import type { StoredJob } from '../../jobs/job.js';
import { assertScope } from '../access/authenticate.js';
import { priorityOf } from '../access/priority.js';
import { cancelJob, describeFor, findJob } from '../jobs/find-job.js';
import { submitJob } from '../make-result.js';
import type { ServerContext } from '../server-context.js';
import { warnOfUnknownArguments } from './arguments.js';
import { asTool } from './as-tool.js';
import { fromArguments, generateShape, type McpRequest } from './make.js';

const idShape = { id: z.string().min(1).max(100).describe('Of a job, as start_image_job answers it.') };

/** The tools for images that take longer than a client waits: begin, look, cancel. */
export function addJobTools(server: McpServer, context: ServerContext, { request }: McpRequest): void {
  const answer = (job: StoredJob, more: object = {}): CallToolResult => {
    const described = describeFor(context, request, job);
    const links = (described.result?.images ?? []).map(({ url: uri, mediaType: mimeType }, index) => ({
      type: 'resource_link' as const,
      uri,
      name: `image-${index + 1}`,
      mimeType,
    }));
    return { content: [...links, { type: 'text', text: JSON.stringify({ ...described, ...more }) }] };
  };
  const withScope = (work: () => Promise<CallToolResult>) =>
    asTool(request, async () => {
      assertScope(request.apiKey, 'generate');
      return await work();
    });

  server.registerTool(
    'start_image_job',
    {
      title: 'Begin to make pictures',
      description:
        'Begins to make pictures from words, and answers at once with the id of a job. Ask get_image_job for them.',
      inputSchema: z.looseObject(generateShape),
    },
    async (asked) =>
      await withScope(async () => {
        const { job } = await submitJob(context, {
          caller: request.apiKey?.id ?? '',
          request: fromArguments(asked),
          priority: priorityOf(request, undefined),
        });
        return answer(job, { warnings: warnOfUnknownArguments(generateShape, asked) });
      }),
  );
  server.registerTool(
    'get_image_job',
    {
      title: 'Look at a job',
      description: 'Tells how far a job is, and links to its pictures once they are made.',
      inputSchema: idShape,
    },
    async ({ id }) => await withScope(async () => answer(await findJob(context, request, id))),
  );
  server.registerTool(
    'cancel_image_job',
    { title: 'Cancel a job', description: 'Cancels a job that has not ended.', inputSchema: idShape },
    async ({ id }) => await withScope(async () => answer(await cancelJob(context, request, id))),
  );
}
