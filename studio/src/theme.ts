import { atom } from 'nanostores';
import { keepText, readText } from './kept-text.js';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const stored = 'easel theme';
export const $theme = atom<Theme>('system');

export function chooseTheme(theme: Theme): void {
  $theme.set(theme);
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  keepText(stored, theme);
}

export function openTheme(): void {
  const text = readText(stored);
  const kept = themes.find((theme) => theme === text);
  if (kept) chooseTheme(kept);
}
