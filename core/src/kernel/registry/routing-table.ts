import type { GuardedPlugin } from '../guard/guarded-plugin.js';

/**
 * Pipeline type to the plugins that handle it, the one to be asked first at the front. Built once and never
 * changed: a change is a new table.
 */
export type RoutingTable = ReadonlyMap<string, readonly GuardedPlugin[]>;

export function buildRoutingTable(plugins: readonly GuardedPlugin[]): RoutingTable {
  const routes = plugins.flatMap((plugin) =>
    plugin.manifest.handles.map((handled) => ({ ...handled, plugin })),
  );
  const table = new Map<string, readonly GuardedPlugin[]>();
  for (const type of new Set(routes.map((route) => route.type))) {
    const candidates = routes
      .filter((route) => route.type === type)
      .sort((one, other) => other.priority - one.priority)
      .map((route) => route.plugin);
    table.set(type, Object.freeze(candidates));
  }
  return Object.freeze(table);
}
