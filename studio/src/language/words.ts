import { useStore } from '@nanostores/react';
import { atom, computed } from 'nanostores';
import { keepText, readText } from '../kept-text.js';
import { english, type Words } from './english.js';

/** A language is a file here, and a line in this table. */
export const languages = {
  en: { name: 'English', load: async () => english },
  de: { name: 'Deutsch', load: async () => (await import('./german.js')).german },
} as const;
export type Language = keyof typeof languages;

const stored = 'easel language';
export const $words = atom<Words>(english);
export const $language = atom<Language>('en');
/** How dates and numbers are written: as where the browser is, as far as its language is the page's. */
export const $locale = computed(
  $language,
  (language) => navigator.languages.find((tag) => tag.slice(0, 2) === language) ?? language,
);

const isLanguage = (name: string | null | undefined): name is Language =>
  name !== null && name !== undefined && Object.hasOwn(languages, name);

/** Changes the words of the page, now and when it is opened again. */
export async function chooseLanguage(language: Language): Promise<void> {
  $words.set(await languages[language].load());
  $language.set(language);
  document.documentElement.lang = language;
  keepText(stored, language);
}

/** The language that was chosen, or else the browser's. */
export async function openLanguage(): Promise<void> {
  const kept = readText(stored);
  const wished = isLanguage(kept)
    ? kept
    : navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => isLanguage(tag));
  if (isLanguage(wished) && wished !== 'en') {
    $words.set(await languages[wished].load());
    $language.set(wished);
    document.documentElement.lang = wished;
  }
}

export const useWords = (): Words => useStore($words);

/** A time as people say it: to the second below ten, then to five seconds. */
export function formatTime(milliseconds: number, { seconds, minutes }: Words): string {
  const exact = Math.max(1, Math.round(milliseconds / 1_000));
  if (exact < 10) return seconds(exact);
  if (exact < 90) return seconds(5 * Math.round(exact / 5));
  return minutes(Math.round(exact / 60));
}

/** As disks and networks are counted: a megabyte has 1,000,000 bytes. */
export function formatBytes(bytes: number): string {
  const [unit, size] =
    bytes >= 1e9
      ? (['gigabyte', 1e9] as const)
      : bytes >= 1e6
        ? (['megabyte', 1e6] as const)
        : (['kilobyte', 1e3] as const);
  return new Intl.NumberFormat($locale.get(), {
    style: 'unit',
    unit,
    maximumFractionDigits: unit === 'gigabyte' ? 1 : 0,
  }).format(bytes / size);
}

export const formatCost = ({ amount, currency }: { amount: number; currency: string }): string =>
  new Intl.NumberFormat($locale.get(), {
    style: 'currency',
    currency,
    maximumSignificantDigits: 2,
  }).format(amount);
