import { atom } from 'nanostores';
import * as z from 'zod/mini';
import { keepText, readText } from '../kept-text.js';
import { $draft, setDraft } from './draft.js';

const styleSchema = z.object({ name: z.string(), prompt: z.string(), negative: z.optional(z.string()) });
/** Words that people add to prompts again and again. */
export type Style = z.infer<typeof styleSchema>;

const stored = 'easel styles';
/** Where the prompt goes in the words of a style; without it they come behind the prompt. */
const place = '{prompt}';

function readStyles(): readonly Style[] {
  try {
    return z.array(styleSchema).parse(JSON.parse(readText(stored) ?? '[]'));
  } catch {
    // What somebody else has put there is no style.
    return [];
  }
}

/** Those of this browser, by their names; its tabs agree. */
export const $styles = atom(readStyles());
addEventListener('storage', ({ key }) => key === stored && $styles.set(readStyles()));

function keep(styles: readonly Style[]): void {
  const ordered = styles.toSorted((one, other) => one.name.localeCompare(other.name));
  keepText(stored, JSON.stringify(ordered));
  $styles.set(ordered);
}

const others = (name: string) => $styles.get().filter((style) => style.name !== name);

/** Keeps the prompts that are set under a name, in the place of the style that has it. */
export function keepStyle(name: string): void {
  const { prompt, negative } = $draft.get();
  keep([...others(name), { name, prompt, ...(negative ? { negative } : {}) }]);
}

export const dropStyle = (name: string): void => keep(others(name));

/** Adds the words of a style to the prompts that are set. */
export function addStyle({ prompt, negative }: Style): void {
  const draft = $draft.get();
  const joined = (...texts: readonly (string | undefined)[]) => texts.filter(Boolean).join(', ');
  setDraft({
    prompt: prompt.includes(place)
      ? prompt.replaceAll(place, () => draft.prompt)
      : joined(draft.prompt, prompt),
    negative: joined(draft.negative, negative) || undefined,
  });
}
