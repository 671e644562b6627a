import { EaselError } from '@easel/plugin-sdk';

/**
 * Replaces every secret in a text by the name of its variable. Very short values are left: they would match
 * by chance.
 */
export function createRedactor(secrets: Readonly<Record<string, string>>): (text: string) => string {
  const known = Object.entries(secrets)
    .filter(([, value]) => value.length >= 6)
    .sort(([, one], [, other]) => other.length - one.length);
  if (known.length === 0) return (text) => text;
  return (text) => known.reduce((redacted, [name, value]) => redacted.replaceAll(value, `[${name}]`), text);
}

/** An error with its texts redacted, and without its cause and stack, which nobody can look through. */
export function redactError(
  { code, plugin, field, retryAfterMs, mayBePaid, message, hint }: EaselError,
  redact: (text: string) => string,
): EaselError {
  const texts = { message: redact(message), hint: redact(hint) };
  return new EaselError({ code, plugin, field, retryAfterMs, mayBePaid, ...texts });
}
