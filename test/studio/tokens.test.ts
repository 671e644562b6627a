import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const styles = fileURLToPath(new URL('../../studio/src/styles/', import.meta.url));
const tokens = new Map(
  [
    ...readFileSync(`${styles}tokens.css`, 'utf8').matchAll(
      /--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g,
    ),
  ].map(([, name, light, dark]) => [name as string, { light: light as string, dark: dark as string }]),
);

/** Relative luminance of WCAG 2.2. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast ratio of WCAG 2.2, 1 to 21. */
function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

const surfaces = ['well', 'page', 'panel', 'raised'];
const pairs = [
  ...['ink', 'ink2', 'ink3', 'accent', 'danger', 'caution'].map((name) => ({
    name,
    on: surfaces,
    least: 4.5,
  })),
  { name: 'ink', on: ['accent-quiet'], least: 4.5 },
  { name: 'ink2', on: ['accent-quiet'], least: 4.5 },
  { name: 'on-accent', on: ['accent'], least: 4.5 },
  { name: 'edge', on: ['page', 'panel', 'raised'], least: 3 },
  { name: 'focus', on: surfaces, least: 3 },
].flatMap(({ name, on, least }) => on.map((surface) => ({ name, surface, least })));

describe.each(['light', 'dark'] as const)('the %s theme', (theme) => {
  it.each(pairs)('can be read: $name on $surface', ({ name, surface, least }) => {
    const [one, other] = [tokens.get(name), tokens.get(surface)];
    expect(contrast(one?.[theme] ?? '', other?.[theme] ?? '')).toBeGreaterThanOrEqual(least);
  });
});

it('has no colours but those of the tokens and of the stage', () => {
  for (const file of readdirSync(styles).filter((name) => name !== 'tokens.css'))
    expect(
      readFileSync(`${styles}${file}`, 'utf8').match(/#[0-9a-f]{3,8}\b|\b(rgb|hsl|oklch)\(/g) ?? [],
      file,
    ).toEqual([]);
});
