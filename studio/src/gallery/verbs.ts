import { changeImages } from '../api/gallery.js';
import type { GalleryImage, ImageDetails } from '../api/schemas.js';
import { $words } from '../language/words.js';
import { type Draft, setDraft } from '../make/draft.js';
import { showToast } from '../shell/toast.js';
import { changeKnown, dropKnown, refreshGallery } from './list.js';

export async function star({ name, starred }: Pick<GalleryImage, 'name' | 'starred'>): Promise<void> {
  changeKnown([name], { starred: !starred });
  await changeImages([name], { starred: !starred }).catch(refreshGallery);
}

/** Deletes images, and offers to have them back. */
export async function remove(names: readonly string[]): Promise<void> {
  dropKnown(names);
  const { deleted, undo } = $words.get();
  const changed = await changeImages(names, { deleted: true }).then(
    () => true,
    () => false,
  );
  refreshGallery();
  if (!changed) return;
  showToast({
    text: deleted(names.length),
    action: undo,
    act: async () => {
      await changeImages(names, { deleted: false });
      refreshGallery();
    },
  });
}

const numberOf = (value: unknown) => (typeof value === 'number' ? value : undefined);
const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined);

/** What makes the same image again; or, without its seed, another one of the kind. */
export function takeOver(
  { model, seed, provenance: { parameters } }: ImageDetails,
  keep: 'all' | 'all but the seed',
): void {
  const draft: Draft = {
    prompt: textOf(parameters.prompt) ?? '',
    negative: textOf(parameters.negativePrompt),
    model,
    width: numberOf(parameters.width),
    height: numberOf(parameters.height),
    count: 1,
    steps: numberOf(parameters.steps),
    guidance: numberOf(parameters.guidanceScale),
    sampler: textOf(parameters.sampler),
    seed: keep === 'all' ? (seed ?? undefined) : undefined,
  };
  setDraft(draft);
}
