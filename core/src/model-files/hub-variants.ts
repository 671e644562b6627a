import type { HubSource } from '@easel/plugin-sdk';

/** The variants of a source, by their names, each as a source of its own. */
export const variantsOf = ({ variants = {}, gated }: HubSource): ReadonlyMap<string, HubSource> =>
  new Map(
    Object.entries(variants).map(([name, { memoryGb: _, ...source }]) => [
      name,
      { type: 'hub', ...(gated !== undefined && { gated }), ...source },
    ]),
  );
