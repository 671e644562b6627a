import type { Ability, Manifest, ValidImageRequest } from '@easel/plugin-sdk';

const askedFor: Readonly<Record<Ability, (asked: ValidImageRequest) => boolean>> = {
  'input-images': ({ inputImages }) => inputImages.length > 0,
  mask: ({ mask }) => mask !== undefined,
  'negative-prompt': ({ negativePrompt }) => negativePrompt !== undefined,
  seed: ({ seed }) => seed !== undefined,
  sampler: ({ sampler }) => sampler !== undefined,
};

/** Something that was asked for and that the plugin says it cannot do for models of a type. Undefined: there is no such thing. */
export function findMissingAbility(
  { handles }: Manifest,
  pipelineType: string,
  asked: ValidImageRequest,
): Ability | undefined {
  const handled = handles.find(({ type }) => type === pipelineType);
  return handled?.cannot.find((ability) => askedFor[ability](asked));
}
