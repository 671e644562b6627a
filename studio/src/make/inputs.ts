import { atom } from 'nanostores';
import type { JobRequest } from '../api/jobs.js';
import { isMarked, type Mark, maskOf } from '../mask/marks.js';
import { keepValue, readValue } from './kept-value.js';

/** An image that the next one starts from, or goes by. */
export interface InputImage {
  readonly blob: Blob;
  /** Where the page shows it. */
  readonly address: string;
  readonly width: number;
  readonly height: number;
}
export interface Inputs {
  readonly images: readonly InputImage[];
  /** What of the first image is painted. Empty: all of it. */
  readonly marks: readonly Mark[];
}
interface Kept {
  readonly blobs: readonly Blob[];
  readonly marks: readonly Mark[];
}

const none: Inputs = { images: [], marks: [] };
const stored = 'inputs';

export const $inputs = atom<Inputs>(none);

/** Takes others in their place, and keeps them. */
export function setInputs(inputs: Inputs): void {
  $inputs.set(inputs);
  const kept: Kept = { blobs: inputs.images.map(({ blob }) => blob), marks: inputs.marks };
  void keepValue(stored, kept);
}

/** An image as the page shows it. Rejects for what the browser cannot show. */
export async function openImage(blob: Blob): Promise<InputImage> {
  const address = URL.createObjectURL(blob);
  const image = new Image();
  image.src = address;
  await image.decode();
  return { blob, address, width: image.naturalWidth, height: image.naturalHeight };
}

/**
 * Adds an image in front of what takes so many; where there is one place alone, it takes the place of the one
 * that is there. Rejects for what the browser cannot show.
 */
export async function addInput(blob: Blob, most: number): Promise<InputImage> {
  const image = await openImage(blob);
  const { images, marks } = $inputs.get();
  const isFirst = images.length === 0 || most <= 1;
  setInputs({ images: [...(isFirst ? [] : images.slice(0, most - 1)), image], marks: isFirst ? [] : marks });
  return image;
}

export function removeInput(place: number): void {
  const { images, marks } = $inputs.get();
  const [removed] = images.slice(place, place + 1);
  if (removed) URL.revokeObjectURL(removed.address);
  setInputs({ images: images.filter((_, index) => index !== place), marks: place === 0 ? [] : marks });
}

export const setMarks = (marks: readonly Mark[]): void => setInputs({ ...$inputs.get(), marks });

/** The images of the last time that the page was open. */
export async function openInputs(): Promise<void> {
  const kept = (await readValue(stored)) as Kept | undefined;
  if (!kept || $inputs.get() !== none) return;
  const images = await Promise.all(kept.blobs.map(openImage)).catch(() => []);
  if ($inputs.get() === none && images.length > 0) $inputs.set({ images, marks: kept.marks });
}

/** A file as the text that JSON has of it. */
export const dataUrlOf = (blob: Blob): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(String(reader.result)));
    reader.addEventListener('error', () => reject(reader.error));
    reader.readAsDataURL(blob);
  });

/** The images as the server takes them, as far as a model does. */
export async function inputFields(supports: {
  readonly inputImages: number;
  readonly mask: boolean;
}): Promise<Pick<JobRequest, 'input_images' | 'mask'>> {
  const { images, marks } = $inputs.get();
  const taken = images.slice(0, supports.inputImages);
  const [first] = taken;
  if (!first) return {};
  const mask = supports.mask && isMarked(marks) ? await maskOf(marks, first) : undefined;
  return {
    input_images: await Promise.all(taken.map(({ blob }) => dataUrlOf(blob))),
    ...(mask ? { mask: await dataUrlOf(mask) } : {}),
  };
}
