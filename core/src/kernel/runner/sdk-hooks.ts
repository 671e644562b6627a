/**
 * Hooks of Node's module loader: what every plugin may import and does not find from its own folder is the
 * kernel's.
 *
 * @module
 */

interface Context {
  readonly parentURL?: string | undefined;
}
type Next<Answer> = (specifier: string, context: Context) => Answer;

/** The SDK and what it is used with. */
const isProvided = (specifier: string): boolean => /^(@easel\/plugin-sdk|zod|sharp)(\/|$)/.test(specifier);

const isMissing = (error: unknown): boolean =>
  ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes((error as NodeJS.ErrnoException).code ?? '');

/** Looks from this package where a plugin's own place has nothing. */
function lookAgain<Answer>(error: unknown, specifier: string, context: Context, next: Next<Answer>): Answer {
  if (!isMissing(error) || !isProvided(specifier)) throw error;
  return next(specifier, { ...context, parentURL: import.meta.url });
}

/** For `module.register`, whose hooks run in a thread of their own. */
export async function resolve<Answer>(
  specifier: string,
  context: Context,
  next: Next<Promise<Answer>>,
): Promise<Answer> {
  try {
    return await next(specifier, context);
  } catch (error) {
    return await lookAgain(error, specifier, context, next);
  }
}

/** For `module.registerHooks`. */
export function resolveSync<Answer>(specifier: string, context: Context, next: Next<Answer>): Answer {
  try {
    return next(specifier, context);
  } catch (error) {
    return lookAgain(error, specifier, context, next);
  }
}
