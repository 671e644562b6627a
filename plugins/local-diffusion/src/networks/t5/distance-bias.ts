import type { GraphBuilder, Value } from '../../graph/builder.js';
import type { T5Config } from './t5-config.js';

/**
 * What T5 adds to the scores of attention by how far a key is from its query: [1, heads, tokens, tokens],
 * from the table `<path>.weight` [buckets, heads].
 *
 * @param ids [batch, tokens]
 */
export function distanceBias(
  graph: GraphBuilder,
  ids: Value,
  path: string,
  config: Pick<T5Config, 'distanceBuckets' | 'maximumDistance' | 'heads'>,
): Value {
  const { distanceBuckets, maximumDistance, heads } = config;
  const table = graph.mount(`${path}.weight`, [distanceBuckets, heads]);
  const buckets = Array.from({ length: 2 * maximumDistance + 1 }, (_, index) =>
    bucketOf(index - maximumDistance, distanceBuckets, maximumDistance),
  );
  const byDistance = graph.node('Gather', [table, graph.integers(buckets)]);

  const tokens = graph.node('Shape', [ids], { start: 1, end: 2 });
  const places = graph.node('Range', [graph.integers([0]), tokens, graph.integers([1])]);
  const keys = graph.node('Unsqueeze', [places, graph.integers([0])]);
  const queries = graph.node('Unsqueeze', [places, graph.integers([1])]);
  const distances = graph.node('Sub', [keys, queries]);
  const near = graph.node('Min', [
    graph.node('Max', [distances, graph.integers([-maximumDistance])]),
    graph.integers([maximumDistance]),
  ]);
  const rows = graph.node('Add', [near, graph.integers([maximumDistance])]);
  const bias = graph.node('Transpose', [graph.node('Gather', [byDistance, rows])], { perm: [2, 0, 1] });
  return graph.node('Unsqueeze', [bias, graph.integers([0])]);
}

/**
 * The bucket of a distance, that of the key minus that of the query: half of all for keys after the query; of
 * each half, the first half for single distances, the others ever wider. transformers'
 * `T5Attention._relative_position_bucket`, in float32 as there.
 */
function bucketOf(distance: number, buckets: number, maximumDistance: number): number {
  const half = buckets / 2;
  const exact = half / 2;
  const side = distance > 0 ? half : 0;
  const far = Math.abs(distance);
  if (far < exact) return side + far;
  const share =
    Math.fround(Math.log(Math.fround(far / exact))) / Math.fround(Math.log(maximumDistance / exact));
  return side + Math.min(half - 1, exact + Math.trunc(Math.fround(Math.fround(share) * (half - exact))));
}
