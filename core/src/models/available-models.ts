import type { Model } from '@easel/plugin-sdk';
import type { RoutingTable } from '../kernel/routing/table.js';
import type { Catalogue } from './catalogue.js';

export interface AvailableModel
  extends Pick<Model, 'id' | 'name' | 'description' | 'pipelineType' | 'defaults' | 'supports'> {
  /** Whether a plugin handles its pipeline type, or the fallback's. */
  readonly available: boolean;
  /** Id of the plugin that is asked first. Absent: there is none. */
  readonly plugin?: string;
  /** Whether requests without a model go to it. */
  readonly current: boolean;
}

/** The catalogue as callers see it, in its own order. */
export function listModels(
  catalogue: Catalogue,
  table: RoutingTable,
  fallbackPipelineType: string | undefined,
  currentModel: string | undefined,
): AvailableModel[] {
  return [...catalogue.models.values()].map((model) => {
    const { id, name, description, pipelineType, defaults, supports } = model;
    const candidates =
      table.get(pipelineType) ?? (fallbackPipelineType ? table.get(fallbackPipelineType) : undefined);
    const plugin = candidates?.[0]?.manifest.id;
    const available = plugin !== undefined;
    return {
      id,
      name,
      description,
      pipelineType,
      defaults,
      supports,
      available,
      ...(plugin ? { plugin } : {}),
      current: id === currentModel,
    };
  });
}
