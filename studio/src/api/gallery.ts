import { call } from './call.js';
import {
  changedSchema,
  type Gallery,
  gallerySchema,
  type ImageDetails,
  imageDetailsSchema,
} from './schemas.js';

/** What is looked for; empty is everything. */
export interface GalleryFilter {
  readonly text: string;
  readonly model: string;
  readonly plugin: string;
  /** Days (UTC) such as 2026-11-30; the first and the last of interest. */
  readonly since: string;
  readonly until: string;
  readonly starred: boolean;
}

export async function listGallery(filter: GalleryFilter, offset: number, limit: number): Promise<Gallery> {
  const query = new URLSearchParams({ offset: `${offset}`, limit: `${limit}` });
  if (filter.text) query.set('text', filter.text);
  if (filter.model) query.set('model', filter.model);
  if (filter.plugin) query.set('plugin', filter.plugin);
  if (filter.since) query.set('since', filter.since);
  if (filter.until) query.set('until', filter.until);
  if (filter.starred) query.set('starred', 'true');
  return await call(gallerySchema, `api/images/gallery?${query}`);
}

export const describeImage = (name: string): Promise<ImageDetails> =>
  call(imageDetailsSchema, `api/images/gallery/${encodeURIComponent(name)}`);

export const changeImages = (
  names: readonly string[],
  change: { readonly starred?: boolean; readonly deleted?: boolean },
) => call(changedSchema, 'api/images/gallery', { method: 'POST', body: { names, ...change } });
