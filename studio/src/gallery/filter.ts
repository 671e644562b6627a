import { atom } from 'nanostores';
import type { GalleryFilter } from '../api/gallery.js';

/** How the address has it. */
const names = { text: 'q', model: 'model', plugin: 'provider', since: 'since', until: 'until' } as const;
const starredName = 'star';

export const noFilter: GalleryFilter = {
  text: '',
  model: '',
  plugin: '',
  since: '',
  until: '',
  starred: false,
};

const isHere = () => location.pathname.endsWith('/gallery');

/** What is no day counts as none: people write addresses by hand. */
function dayOf(text: string): string {
  const time = Date.parse(text);
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text ? '' : text;
}

function fromAddress(): GalleryFilter {
  const query = new URLSearchParams(isHere() ? location.search : '');
  const of = (name: keyof typeof names) => query.get(names[name]) ?? '';
  return {
    text: of('text'),
    model: of('model'),
    plugin: of('plugin'),
    since: dayOf(of('since')),
    until: dayOf(of('until')),
    starred: query.get(starredName) === '1',
  };
}

/** What is looked for: at first what the address says. */
export const $filter = atom<GalleryFilter>(fromAddress());

/** Has the address of the gallery say what is looked for. */
export function showFilter(): void {
  if (!isHere()) return;
  const filter = $filter.get();
  const query = new URLSearchParams();
  for (const [field, name] of Object.entries(names)) {
    const value = filter[field as keyof typeof names];
    if (value) query.set(name, value);
  }
  if (filter.starred) query.set(starredName, '1');
  history.replaceState(history.state, '', `${location.pathname}${query.size > 0 ? `?${query}` : ''}`);
}
