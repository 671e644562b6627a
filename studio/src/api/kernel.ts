import { call } from './call.js';
import { changedPluginSchema, healthSchema } from './schemas.js';

export const readHealth = () => call(healthSchema, 'api/health/images');

export type PluginAct = 'enable' | 'disable' | 'reload' | 'reset';

export const changePlugin = (id: string, act: PluginAct) =>
  call(changedPluginSchema, `api/admin/plugins/${encodeURIComponent(id)}/${act}`, {
    method: 'POST',
    body: {},
  });
