import { atom } from 'nanostores';
import { ApiError } from '../api/call.js';
import { beginInstall, listInstalls, pauseInstall } from '../api/installs.js';
import type { Install } from '../api/schemas.js';
import { refreshModels } from '../live/models.js';
import { showToast } from '../shell/toast.js';
import { refreshModelFiles } from './model-files.js';

/** The installs of the server, by their models. */
export const $installs = atom<ReadonlyMap<string, Install>>(new Map());

const lookMs = 1_000;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Reads how far the installs are, again and again while one runs. */
export async function watchInstalls(): Promise<void> {
  clearTimeout(timer);
  const before = $installs.get();
  // Without the right to see them, there are none.
  const listed = await listInstalls().catch(() => [...before.values()]);
  $installs.set(new Map(listed.map((one) => [one.model, one])));
  const isNew = ({ model, state }: Install) =>
    state === 'installed' && before.get(model)?.state !== 'installed';
  if (listed.some(isNew)) await Promise.all([refreshModels(), refreshModelFiles()]);
  if (listed.some(({ state }) => state === 'running')) timer = setTimeout(() => void watchInstalls(), lookMs);
}

export const stopWatching = (): void => clearTimeout(timer);

/** @param variant to begin with. Absent: the model itself, or what was begun before */
export async function changeInstall(
  model: string,
  change: 'begin' | 'pause',
  variant?: string,
): Promise<void> {
  try {
    await (change === 'begin' ? beginInstall(model, variant) : pauseInstall(model));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    showToast({ text: error.message });
  }
  await watchInstalls();
}
