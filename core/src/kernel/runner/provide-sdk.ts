import module from 'node:module';
import { resolveSync } from './sdk-hooks.js';

/** Since Node 22.15. */
interface SynchronousHooks {
  registerHooks?(hooks: { readonly resolve: typeof resolveSync }): unknown;
}

/**
 * Lets a plugin that has no `node_modules` with the SDK, such as a plain folder anywhere on the disk, import
 * the one of the kernel. For the whole process or thread, so not where the kernel itself runs.
 */
export function provideSdk(): void {
  const { registerHooks } = module as SynchronousHooks;
  if (registerHooks) registerHooks({ resolve: resolveSync });
  else module.register('./sdk-hooks.js', import.meta.url);
}
