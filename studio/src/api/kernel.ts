import * as z from 'zod/mini';
import { call } from './call.js';
import { changedPluginSchema, costsSchema, explainedSchema, healthSchema } from './schemas.js';

export const readHealth = () => call(healthSchema, 'api/health/images');

/** Which plugins a request for a model would be sent to, in which order. */
export const explainRoute = async (model: string) =>
  (
    await call(explainedSchema, 'api/images/explain', {
      method: 'POST',
      body: { prompt: 'where this goes', model },
    })
  ).candidates;

const keptSchema = z.looseObject({ plugins: z.array(z.string()) });
/** Hands a provider's key to the server, which tells it to nobody. */
export const keepSecret = (name: string, value: string) =>
  call(keptSchema, 'api/admin/secrets', { method: 'POST', body: { name, value } });

export const listCosts = async () => (await call(costsSchema, 'api/images/costs')).costs;

export type PluginAct = 'enable' | 'disable' | 'reload' | 'reset';

export const changePlugin = (id: string, act: PluginAct) =>
  call(changedPluginSchema, `api/admin/plugins/${encodeURIComponent(id)}/${act}`, {
    method: 'POST',
    body: {},
  });
