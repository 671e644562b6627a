import type { EaselError } from '../errors.js';
import type { Image } from '../image.js';
import type { GenerationResult } from '../result.js';

/**
 * The pictures that there are; paid ones are not given up because of others.
 *
 * @param asked pictures that were asked for. Absent: one for each outcome.
 * @throws the first failure where there are none
 */
export function picturesOf(
  outcomes: readonly PromiseSettledResult<Image>[],
  asked = outcomes.length,
): GenerationResult {
  const images = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (images.length === 0 && failed) throw failed.reason;
  if (!failed) return { images };
  const { code, message } = failed.reason as EaselError;
  const said = `${images.length} of ${asked} pictures were made; then: ${code}: ${message}`;
  return { images, warnings: [{ code: 'other', parameter: 'n', message: said }] };
}
