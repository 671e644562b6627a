import { atom } from 'nanostores';
import { ApiError } from '../api/call.js';
import { changePlugin, type PluginAct, readHealth } from '../api/kernel.js';
import type { Health } from '../api/schemas.js';
import { refreshModels } from '../live/models.js';

const lookMs = 2_000;

export const $health = atom<Health | undefined>();
/** Why the last act was refused. Absent: it was not. */
export const $refused = atom<ApiError | undefined>();
/** Plugins on which something is being done. */
export const $busy = atom<ReadonlySet<string>>(new Set());

async function look(): Promise<void> {
  const health = await readHealth().catch(() => undefined);
  if (health) $health.set(health);
}

/** Looks at the plugins now and again; the function that it answers ends that. */
export function watchHealth(): () => void {
  void look();
  const timer = setInterval(() => document.hidden || void look(), lookMs);
  return () => clearInterval(timer);
}

export async function act(id: string, what: PluginAct): Promise<void> {
  $refused.set(undefined);
  $busy.set(new Set([...$busy.get(), id]));
  try {
    await changePlugin(id, what);
  } catch (error) {
    if (error instanceof ApiError) $refused.set(error);
    else throw error;
  } finally {
    $busy.set(new Set([...$busy.get()].filter((one) => one !== id)));
    await Promise.all([look(), refreshModels()]);
  }
}
