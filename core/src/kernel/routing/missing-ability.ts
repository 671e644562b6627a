import type { Ability, Manifest, ValidImageRequest } from '@easel/plugin-sdk';
import type { AdaptedRequest } from '../../models/adapt-request.js';

/** What only tunes is asked for where the model has it: without it, it has been dropped with a warning. */
const askedFor: Readonly<Record<Ability, (asked: ValidImageRequest, adapted: Adapted) => boolean>> = {
  'input-images': ({ inputImages }) => inputImages.length > 0,
  mask: ({ mask }) => mask !== undefined,
  'negative-prompt': (asked, adapted) => Boolean(asked.negativePrompt && adapted.negativePrompt),
  seed: (asked, adapted) => asked.seed !== undefined && adapted.seed !== undefined,
  sampler: (asked, adapted) => asked.sampler !== undefined && adapted.sampler !== undefined,
};
type Adapted = AdaptedRequest['request'];

/**
 * Something that was asked for and that the plugin says it cannot do for models of a type. Undefined: there
 * is no such thing.
 */
export function findMissingAbility(
  { handles }: Manifest,
  pipelineType: string,
  asked: ValidImageRequest,
  adapted: Adapted,
): Ability | undefined {
  const handled = handles.find(({ type }) => type === pipelineType);
  return handled?.cannot.find((ability) => askedFor[ability](asked, adapted));
}
