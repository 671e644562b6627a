import type { GuardedPlugin } from '../guard/guarded-plugin.js';

/** What the order depends on. */
interface Route {
  readonly plugin: GuardedPlugin;
  readonly priority: number;
  readonly weight: number;
}

/**
 * The order in which the plugins of a type are asked: by priority; and among equals first the better one of
 * two that are drawn by weight (the power of two choices, Mitzenmacher 2001: it spreads the load and does not
 * send everybody to the same one), then the others by what waits for them. Where nothing waits, the draw
 * alone decides, so that their shares are their weights.
 *
 * @param random draws from 0 up to 1
 */
export function inOrder(
  plugins: readonly GuardedPlugin[],
  pipelineType: string,
  random: () => number,
): GuardedPlugin[] {
  const routes = plugins.map((plugin): Route => {
    const handled = plugin.manifest.handles.find(({ type }) => type === pipelineType);
    return { plugin, priority: handled?.priority ?? 0, weight: handled?.weight ?? 1 };
  });
  const priorities = [...new Set(routes.map(({ priority }) => priority))].sort((one, other) => other - one);
  return priorities.flatMap((priority) => {
    const equals = routes.filter((route) => route.priority === priority);
    return orderEquals(equals, pipelineType, random).map(({ plugin }) => plugin);
  });
}

function orderEquals(equals: readonly Route[], pipelineType: string, random: () => number): Route[] {
  if (equals.length < 2) return [...equals];
  const cost = costOf(equals, pipelineType);
  const [one, other] = [drawByWeight(equals, random), drawByWeight(equals, random)];
  const first = cost(other) < cost(one) ? other : one;
  return [first, ...equals.filter((route) => route !== first).sort((a, b) => cost(a) - cost(b))];
}

/**
 * Milliseconds of work that wait, for the weight; whoever has not been measured counts as the fastest, so
 * that it will be.
 */
function costOf(equals: readonly Route[], pipelineType: string): (route: Route) => number {
  const known = equals.flatMap(({ plugin }) => plugin.averageMs(pipelineType) ?? []);
  const unmeasuredMs = known.length === 0 ? 1 : Math.min(...known);
  return ({ plugin, weight }) =>
    ((plugin.inFlight + plugin.queued) * (plugin.averageMs(pipelineType) ?? unmeasuredMs)) / weight;
}

function drawByWeight(routes: readonly Route[], random: () => number): Route {
  const total = routes.reduce((sum, { weight }) => sum + weight, 0);
  let left = random() * total;
  for (const route of routes) {
    left -= route.weight;
    if (left < 0) return route;
  }
  return routes[routes.length - 1] as Route;
}
