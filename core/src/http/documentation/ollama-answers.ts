import { z } from 'zod';

/** What Ollama's API answers, by the name under which the document has it. */
export const ollamaAnswers = {
  ollamaImage: z.looseObject({
    model: z.string(),
    created_at: z.iso.datetime(),
    done: z.boolean(),
    image: z.string().optional().describe('Base64. Absent: the line tells progress, or there was no prompt.'),
  }),
  ollamaModels: z.looseObject({ models: z.array(z.looseObject({ name: z.string() })) }),
  ollamaModel: z.looseObject({ capabilities: z.array(z.string()) }),
  ollamaVersion: z.looseObject({ version: z.string() }),
  ollamaStatus: z.looseObject({ status: z.string() }),
  ollamaFailed: z.looseObject({ error: z.string() }),
};
