import { atom } from 'nanostores';
import { ApiError } from '../api/call.js';
import { type GalleryFilter, listGallery } from '../api/gallery.js';
import type { Gallery, GalleryImage } from '../api/schemas.js';
import { $ended } from '../live/jobs.js';
import { $filter, showFilter } from './filter.js';

const pageSize = 200;

/** The list as far as it has been read: how many there are, and the images by their places. */
export interface GalleryList extends Pick<Gallery, 'total' | 'days'> {
  readonly images: ReadonlyMap<number, GalleryImage>;
  /** Whether the server has answered. */
  readonly isLoaded: boolean;
  /** Why there is nothing to show. */
  readonly problem?: ApiError;
}
const empty: GalleryList = { total: 0, days: [], images: new Map(), isLoaded: false };

export const $list = atom<GalleryList>(empty);

/** Counts what makes earlier answers void. */
let version = 0;
const asked = new Set<number>();

async function readPage(page: number): Promise<void> {
  if (asked.has(page)) return;
  asked.add(page);
  const began = version;
  const answer = await listGallery($filter.get(), page * pageSize, pageSize).catch((error: unknown) => {
    if (error instanceof ApiError) return error;
    // It may have broken off on its way.
    return new ApiError(0, { code: 'unreadable', message: 'The answer of the server cannot be read.' });
  });
  if (began !== version) return;
  if (answer instanceof ApiError) {
    asked.delete(page);
    if (!$list.get().isLoaded) $list.set({ ...empty, problem: answer });
    return;
  }
  const images = new Map($list.get().images);
  for (const [index, image] of answer.images.entries()) images.set(page * pageSize + index, image);
  $list.set({ total: answer.total, days: answer.days, images, isLoaded: true });
}

/** The places in sight, which a refresh reads first. */
let inSight: readonly [first: number, last: number] = [0, 0];

/** Has the images from one place to another read, where they are not. */
export function needImages(first: number, last: number): void {
  inSight = [first, last];
  for (let page = Math.floor(first / pageSize); page <= Math.floor(Math.max(first, last) / pageSize); page++)
    void readPage(page);
}

/** Reads the list anew; what is shown stays until it is there. */
export function refreshGallery(): void {
  version++;
  asked.clear();
  needImages(...inSight);
}

export function setFilter(change: Partial<GalleryFilter>): void {
  $filter.set({ ...$filter.get(), ...change });
  showFilter();
  $list.set(empty);
  inSight = [0, 0];
  refreshGallery();
}

/** Changes what is known of images at once; the server is told meanwhile. */
export function changeKnown(names: readonly string[], change: Partial<GalleryImage>): void {
  const list = $list.get();
  const images = new Map(
    [...list.images].map(([place, image]) => [
      place,
      names.includes(image.name) ? { ...image, ...change } : image,
    ]),
  );
  $list.set({ ...list, images });
}

/** Takes images out of the list until it is read anew; those behind them move up. */
export function dropKnown(names: readonly string[]): void {
  version++;
  const list = $list.get();
  let dropped = 0;
  const images = new Map<number, GalleryImage>();
  // Not all places are known: between those that are there may be gaps.
  for (const [place, image] of [...list.images].sort(([one], [other]) => one - other)) {
    if (names.includes(image.name)) dropped++;
    else images.set(place - dropped, image);
  }
  $list.set({ ...list, total: list.total - dropped, images });
}

let newest: string | undefined;
/** Follows what is made, from the first call on. */
export function followJobs(): void {
  newest ??= '';
  $ended.subscribe((ended) => {
    const found = ended.find(({ result }) => result)?.id ?? '';
    if (found !== newest && newest !== '') refreshGallery();
    newest = found;
  });
}
