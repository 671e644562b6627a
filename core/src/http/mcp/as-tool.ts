import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { FastifyRequest } from 'fastify';
import { answerTo } from '../server-paths.js';

/** A failure as the model that called reads it: what happened, and what to do. */
export async function asTool(
  request: FastifyRequest,
  work: () => Promise<CallToolResult>,
): Promise<CallToolResult> {
  try {
    return await work();
  } catch (error) {
    const { code, message, hint } = answerTo(request, error);
    return {
      isError: true,
      content: [{ type: 'text', text: [`${code}: ${message}`, hint].filter(Boolean).join(' ') }],
    };
  }
}
