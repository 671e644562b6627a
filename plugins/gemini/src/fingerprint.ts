import { createHash } from 'node:crypto';
import type { Options } from './settings.js';

/**
 * What tells what a call asks for from what others do.
 *
 * @param body of the prompt as the caller gave it: a text model words it another way each time
 */
export function fingerprintOf(
  model: string,
  body: string,
  { enhancePrompt: isEnhanced, enhanceInstruction, textModel, callName }: Options,
): string {
  const enhancing = isEnhanced ? [textModel?.id ?? null, enhanceInstruction ?? null] : null;
  return createHash('sha256')
    .update(JSON.stringify([model, body, enhancing, callName ?? null]))
    .digest('hex');
}
