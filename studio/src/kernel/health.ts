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
/** Plugins that were just switched on (true) or off, shown until the server has answered. */
export const $switched = atom<ReadonlyMap<string, boolean>>(new Map());

const lastActs = new Map<string, Promise<void>>();
let looks = 0;
let shownLook = 0;

/** Answers that come later than those of newer looks are left out. */
async function look(): Promise<void> {
  const mine = ++looks;
  const health = await readHealth().catch(() => undefined);
  if (!health || mine < shownLook) return;
  shownLook = mine;
  $health.set(health);
}

/** Looks at the plugins now and again; the function that it answers ends that. */
export function watchHealth(): () => void {
  void look();
  const timer = setInterval(() => document.hidden || void look(), lookMs);
  return () => clearInterval(timer);
}

/** Switches a plugin on or off. */
export function switchPlugin(id: string, on: boolean): Promise<void> {
  $switched.set(new Map($switched.get()).set(id, on));
  return act(id, on ? 'enable' : 'disable');
}

/** What people ask of one plugin is done in their order, each after the one before. */
export async function act(id: string, what: PluginAct): Promise<void> {
  $busy.set(new Set($busy.get()).add(id));
  const before = lastActs.get(id) ?? Promise.resolve();
  const mine = before.catch(() => {}).then(() => change(id, what));
  lastActs.set(id, mine);
  try {
    await mine;
  } finally {
    if (lastActs.get(id) === mine) forget(id);
  }
}

function forget(id: string): void {
  lastActs.delete(id);
  $busy.set(new Set([...$busy.get()].filter((one) => one !== id)));
  $switched.set(new Map([...$switched.get()].filter(([one]) => one !== id)));
}

async function change(id: string, what: PluginAct): Promise<void> {
  $refused.set(undefined);
  try {
    await changePlugin(id, what);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    $refused.set(error);
  }
  await Promise.all([look(), refreshModels()]);
}
