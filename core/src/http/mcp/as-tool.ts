import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import type { FastifyRequest } from 'fastify';
import { inCallersWords } from '../field-names.js';
import { answerTo } from '../server-paths.js';
import { mcpFieldNames } from './field-names.js';

/** A failure as the model that called reads it: what happened, and what to do. */
export async function asTool(
  request: FastifyRequest,
  work: () => Promise<CallToolResult>,
): Promise<CallToolResult> {
  try {
    return await work();
  } catch (error) {
    const { code, message, hint } = inCallersWords(answerTo(request, error), mcpFieldNames);
    return {
      isError: true,
      content: [{ type: 'text', text: [`${code}: ${message}`, hint].filter(Boolean).join(' ') }],
    };
  }
}
