import { EaselError } from '@easel/plugin-sdk';

/** Those of the named variables that are not set. */
export const missingSecrets = (
  names: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): string[] => names.filter((name) => !environment[name]);

/**
 * The named variables out of the environment.
 *
 * @param optional variables that are left out where they are not set
 * @throws ERR_SECRET_MISSING with the names, never the values
 */
export function resolveSecrets(
  plugin: string,
  names: readonly string[],
  optional: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const missing = missingSecrets(names, environment);
  if (missing.length > 0) {
    throw new EaselError({
      code: 'ERR_SECRET_MISSING',
      plugin,
      message: `The plugin "${plugin}" needs ${missing.join(', ')}, which ${missing.length === 1 ? 'is' : 'are'} not set.`,
      hint: `Set ${missing.length === 1 ? 'it' : 'them'} in the environment.`,
    });
  }
  return Object.fromEntries(
    [...names, ...optional].flatMap((name) => (environment[name] ? [[name, environment[name]]] : [])),
  );
}
