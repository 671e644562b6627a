import * as z from 'zod/mini';
import { call } from './call.js';

const text = z.string();

const modelFileSchema = z.looseObject({
  id: text,
  source: text,
  licence: z.optional(text),
  gated: z.optional(z.boolean()),
  variant: z.optional(text),
  bytes: z.optional(z.number()),
  removable: z.boolean(),
});
export type ModelFile = z.infer<typeof modelFileSchema>;

const removedSchema = z.looseObject({ id: text, name: text, until: text });
export type RemovedModel = z.infer<typeof removedSchema>;

const filesSchema = z.looseObject({
  memoryBytes: z.number(),
  freeBytes: z.number(),
  models: z.array(modelFileSchema),
  removed: z.array(removedSchema),
});
export type ModelFiles = z.infer<typeof filesSchema>;

const versionSchema = z.looseObject({
  variant: z.optional(text),
  memoryGb: z.optional(z.number()),
  fits: z.optional(z.boolean()),
  bytes: z.optional(z.number()),
  missingBytes: z.optional(z.number()),
  problem: z.optional(text),
});
export type ModelVersion = z.infer<typeof versionSchema>;

const foundSchema = z.looseObject({ path: text, is: text, id: z.optional(text), note: z.optional(text) });
export type FoundFile = z.infer<typeof foundSchema>;

const memorySchema = z.looseObject({
  budgetBytes: z.number(),
  limitBytes: z.number(),
  leastBytes: z.number(),
  networks: z.array(z.looseObject({ heldBytes: z.number() })),
});
export type MemoryPlan = z.infer<typeof memorySchema>;

const pathOf = (model: string, what = '') => `api/admin/models/${encodeURIComponent(model)}${what}`;

export const listModelFiles = (): Promise<ModelFiles> => call(filesSchema, 'api/admin/models');

/** What of a model can be installed; the hub is asked. */
export const listVersions = async (model: string): Promise<ModelVersion[]> =>
  (await call(z.looseObject({ versions: z.array(versionSchema) }), pathOf(model, '/versions'))).versions;

export const removeModel = (model: string): Promise<RemovedModel> =>
  call(removedSchema, pathOf(model), { method: 'DELETE' });

export const restoreModel = (model: string) =>
  call(z.looseObject({ id: text }), pathOf(model, '/restore'), { method: 'POST', body: {} });

export const importFolder = async (path: string): Promise<FoundFile[]> => {
  const schema = z.looseObject({ files: z.array(foundSchema) });
  return (await call(schema, 'api/admin/models/import', { method: 'POST', body: { path } })).files;
};

/** What an image of a model holds in memory. Undefined: its plugin does not say. */
export const planMemory = async (model: string): Promise<MemoryPlan | undefined> => {
  const schema = z.looseObject({ memory: z.optional(memorySchema) });
  const body = { prompt: 'what it holds in memory', model };
  return (await call(schema, 'api/images/plan', { method: 'POST', body })).memory;
};
