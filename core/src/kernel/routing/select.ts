import { EaselError, type Model, type Warning } from '@easel/plugin-sdk';
import type { GuardedPlugin } from '../guard/guarded-plugin.js';
import type { Registry } from '../registry/registry.js';
import type { RoutingTable } from './table.js';

export interface Route {
  readonly plugin: GuardedPlugin;
  /** The model's own pipeline type, or the fallback's. */
  readonly pipelineType: string;
  readonly warnings: readonly Warning[];
}

/**
 * Chooses who makes the pictures of a model: the first candidate of its pipeline type that is not open or quarantined, or of the fallback type
 * where nobody handles its own. Throws ERR_NO_ROUTE with the types that exist.
 */
export function selectRoute(
  { table, plugins }: Pick<Registry, 'table' | 'plugins'>,
  model: Model,
  fallbackPipelineType: string | undefined,
): Route {
  const own = firstUsable(table, model.pipelineType);
  if (own) return { plugin: own, pipelineType: model.pipelineType, warnings: [] };
  const fallback = fallbackPipelineType === undefined ? undefined : firstUsable(table, fallbackPipelineType);
  if (fallback && fallbackPipelineType !== undefined) {
    const message = `No plugin handles the pipeline type "${model.pipelineType}"; the fallback "${fallbackPipelineType}" was used.`;
    return { plugin: fallback, pipelineType: fallbackPipelineType, warnings: [{ code: 'other', message }] };
  }
  const handled = [...table.keys()].sort();
  const asleep = plugins.find(({ manifest }) =>
    manifest.handles.some(({ type }) => type === model.pipelineType),
  );
  throw new EaselError({
    code: 'ERR_NO_ROUTE',
    message: `No plugin handles the pipeline type "${model.pipelineType}" of the model "${model.id}"; handled are: ${handled.join(', ') || 'none'}.`,
    hint:
      asleep &&
      `The plugin "${asleep.manifest.id}" would, and is disabled: see plugins.${asleep.manifest.id}.enabled in easel.config.json.`,
  });
}

/** Where none is usable, the first candidate answers why. */
function firstUsable(table: RoutingTable, type: string): GuardedPlugin | undefined {
  const candidates = table.get(type) ?? [];
  return candidates.find((plugin) => isUsable(plugin, type)) ?? candidates[0];
}

const isUsable = ({ breakers, supervisor }: GuardedPlugin, type: string) =>
  breakers[type] !== 'open' && supervisor.state !== 'quarantined';
