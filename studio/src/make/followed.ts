import { atom } from 'nanostores';
import type { JobRequest } from '../api/jobs.js';
import { dataUrlOf, type InputImage, openImage } from './inputs.js';
import { keepValue, readValue } from './kept-value.js';

/** An image that the next one follows: its edges, depths or pose, as its ControlNet was trained with. */
export interface Followed {
  readonly image: InputImage;
  /** The ControlNet, by the name that the server lists it with. */
  readonly net: string;
  /** How much it counts, 0 to 2. */
  readonly strength: number;
}
type Kept = readonly (Pick<Followed, 'net' | 'strength'> & { readonly blob: Blob })[];

const none: readonly Followed[] = [];
const stored = 'followed';

export const $followed = atom<readonly Followed[]>(none);

function setFollowed(followed: readonly Followed[]): void {
  $followed.set(followed);
  const kept: Kept = followed.map(({ image, net, strength }) => ({ blob: image.blob, net, strength }));
  void keepValue(stored, kept);
}

/** Rejects for what the browser cannot show. */
export async function addFollowed(blob: Blob, net: string): Promise<void> {
  const image = await openImage(blob);
  setFollowed([...$followed.get(), { image, net, strength: 1 }]);
}

export const changeFollowed = (place: number, change: Partial<Followed>): void =>
  setFollowed($followed.get().map((each, index) => (index === place ? { ...each, ...change } : each)));

export function removeFollowed(place: number): void {
  const [removed] = $followed.get().slice(place, place + 1);
  if (removed) URL.revokeObjectURL(removed.image.address);
  setFollowed($followed.get().filter((_, index) => index !== place));
}

/** Those of the last time that the page was open. */
export async function openFollowed(): Promise<void> {
  const kept = (await readValue(stored)) as Kept | undefined;
  if (!kept || $followed.get() !== none) return;
  const open = async ({ blob, ...rest }: Kept[number]) => ({ ...rest, image: await openImage(blob) });
  const followed = await Promise.all(kept.map(open)).catch(() => []);
  if ($followed.get() === none && followed.length > 0) $followed.set(followed);
}

/** The images to follow as the server takes them, as far as a model does. */
export async function controlFields(supports: {
  readonly control: number;
}): Promise<Pick<JobRequest, 'control'>> {
  const taken = $followed.get().slice(0, supports.control);
  if (taken.length === 0) return {};
  const fieldOf = async ({ image, net, strength }: Followed) => ({
    image: await dataUrlOf(image.blob),
    model: net,
    strength,
  });
  return { control: await Promise.all(taken.map(fieldOf)) };
}
