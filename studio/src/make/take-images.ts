import { useEffect } from 'react';
import type { Model } from '../api/schemas.js';
import { isolate } from '../controls/isolate.js';
import { $words } from '../language/words.js';
import { showToast } from '../shell/toast.js';
import { setDraft } from './draft.js';
import { addInput } from './inputs.js';
import { sizeLike } from './shapes.js';

/** Takes image files as what the next image starts from, in its shape. */
export async function takeImages(files: readonly Blob[], model: Model): Promise<void> {
  const most = model.supports.inputImages;
  const { notAnImage, takesNoImage } = $words.get();
  if (most === 0) return showToast({ text: takesNoImage(isolate(model.name)) });
  for (const file of files.slice(0, most)) {
    const image = await addInput(file, most).catch(() => undefined);
    if (image) setDraft(sizeLike(image, model));
    else showToast({ text: notAnImage });
  }
}

const imagesOf = (transfer: DataTransfer | null): File[] =>
  [...(transfer?.files ?? [])].filter(({ type }) => type.startsWith('image/'));

/** Takes the images that are dropped anywhere on the page, or pasted. */
export function useGivenImages(
  model: Model | undefined,
  take: (files: readonly File[]) => Promise<void>,
): void {
  useEffect(() => {
    if (!model) return;
    const isMarked = (is: boolean) => document.documentElement.toggleAttribute('data-dropping', is);
    const onPaste = (event: ClipboardEvent) => {
      const files = imagesOf(event.clipboardData);
      if (files.length === 0) return;
      event.preventDefault();
      void take(files);
    };
    const onDragOver = (event: DragEvent) => {
      if (!event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      isMarked(true);
    };
    const onDragLeave = (event: DragEvent) => event.relatedTarget === null && isMarked(false);
    const onDrop = (event: DragEvent) => {
      isMarked(false);
      const files = imagesOf(event.dataTransfer);
      if (files.length === 0) return;
      event.preventDefault();
      void take(files);
    };
    document.addEventListener('paste', onPaste);
    document.addEventListener('dragover', onDragOver);
    document.addEventListener('dragleave', onDragLeave);
    document.addEventListener('drop', onDrop);
    return () => {
      isMarked(false);
      document.removeEventListener('paste', onPaste);
      document.removeEventListener('dragover', onDragOver);
      document.removeEventListener('dragleave', onDragLeave);
      document.removeEventListener('drop', onDrop);
    };
  }, [model, take]);
}
