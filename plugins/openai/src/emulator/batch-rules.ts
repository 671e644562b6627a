import type { LineRules } from '@easel/plugin-sdk/emulator';
import type { z } from 'zod';
import type { Dialect } from './dialects.js';

export type LineBody = Readonly<Record<string, unknown>>;

const edits = '/v1/images/edits';

/** What OpenAI takes in the lines of its batches: platform.openai.com/docs/guides/batch. */
export const batchRules = ({ generate, lineEdit = generate }: Dialect): LineRules<LineBody> => ({
  endpoints: new Set([
    '/v1/responses',
    '/v1/chat/completions',
    '/v1/embeddings',
    '/v1/completions',
    '/v1/moderations',
    '/v1/images/generations',
    edits,
  ]),
  mostLines: 50_000,
  mostBytes: 200 * 1024 * 1024,
  bodySchema: (endpoint) => (endpoint === edits ? lineEdit : generate) as z.ZodType<LineBody>,
  problemOf(_, { model, stream }, first) {
    if (model !== first.model)
      return { code: 'mismatched_model', message: 'All lines must name one model.', param: 'body.model' };
    return stream === undefined || stream === false
      ? undefined
      : { code: 'invalid_value', message: 'Batches do not stream.', param: 'body.stream' };
  },
});
