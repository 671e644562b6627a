import type { Model } from '../api/schemas.js';
import { $words } from '../language/words.js';
import { enlargeImage, type Margins } from '../mask/enlarge.js';
import { showToast } from '../shell/toast.js';
import { $draft, setDraft } from './draft.js';
import { $inputs, openImage, setInputs } from './inputs.js';
import { sizeLike } from './shapes.js';

/**
 * Has the next image go on beyond the edges of the first input image: what is new is painted, and the image
 * stays as it is.
 */
export async function enlargeInput(margins: Margins, model: Model): Promise<void> {
  const [before, draft] = [$inputs.get(), $draft.get()];
  const [first, ...others] = before.images;
  if (!first) return;
  const { width, height } = first;
  const bitmap = await createImageBitmap(first.blob);
  const image = await openImage(await enlargeImage(bitmap, first, margins));
  const { left, above: top } = margins;
  setInputs({ images: [image, ...others], marks: [{ kind: 'outside', left, top, width, height }] });
  // The margins have no content yet that is worth keeping.
  setDraft({ ...sizeLike(image, model), strength: 1 });
  const { enlarged, undo } = $words.get();
  showToast({
    text: enlarged(image.width, image.height),
    action: undo,
    act: async () => {
      setInputs(before);
      const { width, height, strength } = draft;
      setDraft({ width, height, strength });
    },
  });
}
