import { atom } from 'nanostores';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const stored = 'easel theme';
export const $theme = atom<Theme>('system');

export function chooseTheme(theme: Theme): void {
  $theme.set(theme);
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  localStorage.setItem(stored, theme);
}

export function openTheme(): void {
  const kept = themes.find((theme) => theme === localStorage.getItem(stored));
  if (kept) chooseTheme(kept);
}
