import { atom } from 'nanostores';
import { listModels } from '../api/jobs.js';
import type { Model } from '../api/schemas.js';

export const $models = atom<readonly Model[]>([]);

/** Reads the models; those that were known stay where the server cannot be asked. */
export async function refreshModels(): Promise<void> {
  await listModels().then(
    ({ models }) => $models.set(models),
    () => {},
  );
}

/** The one that is asked where none is named. */
export const currentOf = (models: readonly Model[]): Model | undefined =>
  models.find(({ current, available }) => current && available) ??
  models.find(({ available }) => available) ??
  models.find(({ current }) => current);
