import * as z from 'zod/mini';
import { call } from './call.js';
import { type Install, installSchema } from './schemas.js';

const listSchema = z.looseObject({ installs: z.array(installSchema) });
const pathOf = (model: string) => `api/admin/installs/${encodeURIComponent(model)}`;

export const listInstalls = async (): Promise<Install[]> =>
  (await call(listSchema, 'api/admin/installs')).installs;

export const beginInstall = (model: string, variant?: string): Promise<Install> =>
  call(installSchema, pathOf(model), { method: 'POST', body: variant === undefined ? {} : { variant } });

export const pauseInstall = (model: string): Promise<Install> =>
  call(installSchema, pathOf(model), { method: 'DELETE' });
