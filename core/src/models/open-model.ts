import { edgeLimits, type Model, modelSchema, modelSupportSchema } from '@easel/plugin-sdk';
import type { RoutingTable } from '../kernel/registry/routing-table.js';

const pattern = /^([a-z0-9][a-z0-9-]*):([\w.@/:-]+)$/i;

/** All that a model says yes or no to. */
const everyAbility = Object.fromEntries(
  Object.entries(modelSupportSchema.shape).flatMap(([name, schema]) =>
    schema.safeParse(true).success ? [[name, true]] : [],
  ),
);

/** Abilities that only tune: what asks for one in vain is dropped with a warning. */
const tuning = { 'negative-prompt': 'negativePrompt', seed: 'seed', sampler: 'sampler' } as const;

/**
 * A model that is in no catalogue, by its pipeline type and its provider's id of it: `openai:gpt-image-9`.
 * Nobody knows what it can do, so that nothing is refused or dropped before its plugin is asked, but for what
 * no plugin of the type has for any model. Undefined: the name is not of that form, or no plugin that handles
 * the type takes such models.
 */
export function openModel(name: string, table: RoutingTable): Model | undefined {
  const [, pipelineType = '', id = ''] = pattern.exec(name) ?? [];
  const takers = (table.get(pipelineType) ?? [])
    .flatMap(({ manifest }) => manifest.handles)
    .filter(({ type, anyModel }) => type === pipelineType && anyModel);
  if (takers.length === 0) return undefined;
  const missing = Object.entries(tuning).filter(([ability]) =>
    takers.every(({ cannot }) => cannot.some((each) => each === ability)),
  );
  return modelSchema.safeParse({
    id: name,
    name: id,
    pipelineType,
    source: { type: 'provider', id },
    defaults: { width: 1024, height: 1024 },
    supports: {
      minimumEdge: edgeLimits.minimum,
      maximumEdge: edgeLimits.maximum,
      edgeMultiple: 1,
      images: 32,
      inputImages: 16,
      ...everyAbility,
      ...Object.fromEntries(missing.map(([, name]) => [name, false])),
    },
  }).data;
}
