import type { ValidImageRequest, Warning } from '@easel/plugin-sdk';

/** Options that are told of by name. */
const mostWarnings = 10;

/**
 * Options that nobody reads: the name of their plugin is wrong, or it is not here. Those of plugins that are
 * not asked this time are not a mistake.
 */
export function warnOfUnknownOptions(
  { providerOptions }: Pick<ValidImageRequest, 'providerOptions'>,
  plugins: readonly { readonly manifest: { readonly id: string } }[],
): Warning[] {
  const ids = plugins.map(({ manifest }) => manifest.id);
  const unknown = Object.keys(providerOptions).filter((id) => !ids.includes(id));
  return unknown.slice(0, mostWarnings).map((id) => ({
    code: 'parameter-dropped',
    parameter: `providerOptions.${id.slice(0, 100)}`,
    message: `providerOptions.${id.slice(0, 100)} had no effect: there is no plugin of that name; there ${ids.length === 1 ? 'is' : 'are'}: ${ids.join(', ') || 'none'}.`,
  }));
}

/**
 * Options for plugins none of which has made the images: another one took over, or goes first. Where the one
 * that made them has options too, those of the others were meant for its place.
 */
export function warnOfUnusedOptions(
  { providerOptions }: Pick<ValidImageRequest, 'providerOptions'>,
  maker: string,
  plugins: readonly { readonly manifest: { readonly id: string } }[],
): Warning[] {
  if (Object.hasOwn(providerOptions, maker)) return [];
  const known = Object.keys(providerOptions).filter((id) =>
    plugins.some(({ manifest }) => manifest.id === id),
  );
  const unused = known.flatMap((id) =>
    Object.keys(providerOptions[id] ?? {}).map((name) => [id, name] as const),
  );
  return unused.slice(0, mostWarnings).map(([id, name]) => {
    const parameter = `providerOptions.${id}.${name.slice(0, 100)}`;
    const message = `${parameter} had no effect: the plugin "${maker}" made the images.`;
    return { code: 'parameter-dropped', parameter, message };
  });
}
