import { atom } from 'nanostores';
import type { JobRequest } from '../api/jobs.js';
import type { Model } from '../api/schemas.js';
import { gridOf } from '../grid/axes.js';
import { keepText, readText } from '../kept-text.js';

/** What people have set for the next image; what is absent is as the model has it. */
export interface Draft {
  readonly prompt: string;
  readonly negative?: string | undefined;
  readonly model?: string | undefined;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly count?: number | undefined;
  readonly steps?: number | undefined;
  readonly guidance?: number | undefined;
  /** How far to go from the input image. */
  readonly strength?: number | undefined;
  readonly sampler?: string | undefined;
  /** `fast` where images may differ a little. Absent: exact. */
  readonly precision?: string | undefined;
  /** Absent: a new one is drawn each time. */
  readonly seed?: number | undefined;
  /** The parameter that differs from column to column of a grid, and its values as they are written. */
  readonly gridX?: string | undefined;
  readonly gridXValues?: string | undefined;
  /** The same from row to row. */
  readonly gridY?: string | undefined;
  readonly gridYValues?: string | undefined;
}

/** How the address has them. */
const names = {
  prompt: 'p',
  negative: 'not',
  model: 'm',
  width: 'w',
  height: 'h',
  count: 'n',
  steps: 'steps',
  guidance: 'g',
  strength: 'strength',
  sampler: 'sampler',
  precision: 'precision',
  seed: 's',
  gridX: 'x',
  gridXValues: 'xv',
  gridY: 'y',
  gridYValues: 'yv',
} as const satisfies Record<keyof Draft, string>;
const numbers: ReadonlySet<string> = new Set([
  'width',
  'height',
  'count',
  'steps',
  'guidance',
  'strength',
  'seed',
]);

const stored = 'easel draft';
/** What this tab has shown in the address last: where it still stands there, the draft may be newer. */
const shown = 'easel shown draft';
/** Characters; longer addresses are cut off on their way through mails and chats. */
const addressLimit = 1_500;
export const seedLimit = 4_294_967_295;

export const $draft = atom<Draft>({ prompt: '' });
export const setDraft = (change: Partial<Draft>): void => $draft.set({ ...$draft.get(), ...change });

export function draftFromQuery(query: URLSearchParams): Draft | undefined {
  const given: [string, string | number][] = [];
  for (const [field, name] of Object.entries(names)) {
    const text = query.get(name);
    if (text === null) continue;
    if (!numbers.has(field)) given.push([field, text]);
    else if (text !== '' && Number.isFinite(Number(text))) given.push([field, Number(text)]);
  }
  return given.length === 0 ? undefined : { prompt: '', ...Object.fromEntries(given) };
}

export function queryFromDraft(draft: Draft): URLSearchParams {
  const query = new URLSearchParams();
  for (const [field, name] of Object.entries(names)) {
    const value = draft[field as keyof Draft];
    if (value !== undefined && value !== '') query.set(name, `${value}`);
  }
  return query;
}

/**
 * The draft of the address, else of this tab, else the last one; and from then on each of them as it changes.
 */
export function keepDraft(first: string): void {
  const draftOf = (text: string | null) => draftFromQuery(new URLSearchParams(text ?? ''));
  const query = isMakePage() ? location.search.slice(1) : '';
  const fromAddress = draftOf(query);
  const ofTab = draftOf(readText(stored, 'sessionStorage'));
  const isBehind = query === readText(shown, 'sessionStorage');
  const kept = isBehind ? (ofTab ?? fromAddress) : (fromAddress ?? ofTab);
  $draft.set(kept ?? draftOf(readText(stored)) ?? { prompt: first });
  keepText(stored, `${queryFromDraft($draft.get())}`, 'sessionStorage');
  let timer: ReturnType<typeof setTimeout> | undefined;
  $draft.listen((draft) => {
    const text = `${queryFromDraft(draft)}`;
    keepText(stored, text, 'sessionStorage');
    keepText(stored, text);
    clearTimeout(timer);
    timer = setTimeout(() => showInAddress(text), 250);
  });
}

const isMakePage = (): boolean => {
  const path = location.pathname.slice(new URL(document.baseURI).pathname.length);
  return path === '' || path === 'make';
};

export function showInAddress(text: string): void {
  if (!isMakePage()) return;
  const query = text.length > addressLimit ? '' : text;
  keepText(shown, query, 'sessionStorage');
  history.replaceState(history.state, '', `${location.pathname}${query && `?${query}`}${location.hash}`);
}

/** Whether people can choose how exactly it computes. */
export const hasPrecision = (model: Model): model is Model & { readonly plugin: string } =>
  model.plugin !== undefined && model.choices.sharedOptions.includes('precision');

/** What the server is asked for. */
export function requestOf(draft: Draft, model: Model): JobRequest {
  const { supports, defaults } = model;
  const steps = draft.steps ?? defaults.steps;
  const grid = gridOf(draft, model);
  return {
    prompt: draft.prompt,
    model: model.id,
    size: `${draft.width ?? defaults.width}x${draft.height ?? defaults.height}`,
    ...(grid ? { grid } : { n: Math.min(draft.count ?? 1, supports.images) }),
    ...(supports.negativePrompt && draft.negative ? { negative_prompt: draft.negative } : {}),
    ...(supports.seed && draft.seed !== undefined ? { seed: draft.seed } : {}),
    ...(supports.steps && steps !== undefined ? { steps } : {}),
    ...(supports.guidanceScale && draft.guidance !== undefined ? { guidance_scale: draft.guidance } : {}),
    ...(supports.sampler && draft.sampler ? { sampler: draft.sampler } : {}),
    ...(hasPrecision(model) && draft.precision
      ? { provider_options: { [model.plugin]: { precision: draft.precision } } }
      : {}),
    previews: 10,
  };
}
