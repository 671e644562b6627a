import { atom } from 'nanostores';
import { ApiError } from '../api/call.js';
import {
  type FoundFile,
  importFolder,
  listModelFiles,
  type ModelFiles,
  removeModel,
  restoreModel,
} from '../api/model-files.js';
import { isolate } from '../controls/isolate.js';
import { $words } from '../language/words.js';
import { refreshModels } from '../live/models.js';
import { showToast } from '../shell/toast.js';

/** Where the models of the server lie. Absent: not known yet, or not for whoever looks. */
export const $modelFiles = atom<ModelFiles | undefined>();

export async function refreshModelFiles(): Promise<void> {
  await listModelFiles().then(
    (files) => $modelFiles.set(files),
    () => {},
  );
}

/** Removes a model, and offers to have it back. */
export async function remove(model: { readonly id: string; readonly name: string }): Promise<void> {
  const words = $words.get();
  try {
    await removeModel(model.id);
    showToast({
      text: words.modelRemoved(isolate(model.name)),
      action: words.undo,
      act: () => restore(model.id),
    });
  } catch (error) {
    tell(error);
  }
  await refreshAll();
}

export async function restore(id: string): Promise<void> {
  await restoreModel(id).catch(tell);
  await refreshAll();
}

/** Takes the models of a folder of the server over. Rejects with ApiError. */
export async function takeFolder(path: string): Promise<FoundFile[]> {
  const found = await importFolder(path);
  await refreshAll();
  return found;
}

const refreshAll = () => Promise.all([refreshModelFiles(), refreshModels()]);

function tell(error: unknown): void {
  if (!(error instanceof ApiError)) throw error;
  showToast({ text: error.message });
}
