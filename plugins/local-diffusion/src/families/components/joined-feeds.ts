import type { Feed } from '../../session/network.js';

/** Tensors side by side along their last dimension; the others agree. */
export function joinWidths(feeds: readonly Feed[]): Feed {
  const [first] = feeds;
  if (!first || feeds.length === 1) return first!;
  return joinRows(
    feeds.map((feed) => ({ feed, row: feed.shape.at(-1)! })),
    (size) => [...first.shape.slice(0, -1), size],
  );
}

/** Tokens of both, the first's before the other's: [texts, tokens, width] each. */
export function joinTokens(first: Feed, other: Feed): Feed {
  const [texts = 0, , width = 0] = first.shape;
  return joinRows(
    [first, other].map((feed) => ({ feed, row: feed.shape[1]! * width })),
    (size) => [texts, size / width, width],
  );
}

/** Tensors [..., width] with zeros behind each of their rows. */
export function padWidth(feed: Feed, width: number): Feed {
  const own = feed.shape.at(-1)!;
  if (own === width) return feed;
  const shape = [...feed.shape.slice(0, -1), width - own];
  const zeros = new Float32Array(shape.reduce((count, size) => count * size, 1));
  return joinWidths([feed, { data: zeros, shape }]);
}

/** Rows of all of them, one behind the other, row by row. */
function joinRows(
  parts: readonly { readonly feed: Feed; readonly row: number }[],
  shapeOf: (row: number) => number[],
): Feed {
  const size = parts.reduce((sum, { row }) => sum + row, 0);
  const rows = parts[0]!.feed.data.length / parts[0]!.row;
  const data = new Float32Array(rows * size);
  let start = 0;
  for (const { feed, row } of parts) {
    const values = feed.data as Float32Array;
    for (let index = 0; index < rows; index++) {
      data.set(values.subarray(index * row, (index + 1) * row), index * size + start);
    }
    start += row;
  }
  return { data, shape: shapeOf(size) };
}
