import { changeImages } from '../api/gallery.js';
import { imageAddress } from '../api/jobs.js';
import type { GalleryImage, ImageDetails, Model } from '../api/schemas.js';
import { $words } from '../language/words.js';
import { $models, currentOf } from '../live/models.js';
import { $draft, type Draft, setDraft } from '../make/draft.js';
import { takeImages } from '../make/take-images.js';
import { showToast } from '../shell/toast.js';
import { changeKnown, dropKnown, refreshGallery } from './list.js';

export async function star({ name, starred }: Pick<GalleryImage, 'name' | 'starred'>): Promise<void> {
  changeKnown([name], { starred: !starred });
  await changeImages([name], { starred: !starred }).catch(refreshGallery);
}

export async function starAll(names: readonly string[]): Promise<void> {
  changeKnown(names, { starred: true });
  await changeImages(names, { starred: true }).catch(refreshGallery);
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

/** Has the next image start from this one, made by a model that takes images. */
export async function startFrom(name: string): Promise<void> {
  const models = $models.get();
  const set = models.find(({ id }) => id === $draft.get().model) ?? currentOf(models);
  const takes = ({ available, supports }: Model) => available && supports.inputImages > 0;
  const model = set && takes(set) ? set : (models.find(takes) ?? set);
  if (!model) return;
  setDraft({ model: model.id });
  const response = await fetch(imageAddress(name));
  if (response.ok) await takeImages([await response.blob()], model);
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
    precision: textOf(parameters.precision),
    seed: keep === 'all' ? (seed ?? undefined) : undefined,
  };
  setDraft(draft);
}
