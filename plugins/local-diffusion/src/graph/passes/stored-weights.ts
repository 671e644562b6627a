import type { StoredRows } from '../graph.js';
import { bytesComputed, type Graph, type Initializer } from '../graph.js';
import { elementTypes } from '../onnx/element-types.js';
import { blockDecoders } from './decoding/block-decoders.js';
import { Blocks } from './decoding/blocks.js';
import { DecodingNodes, filePartOfStored } from './decoding/decoding-nodes.js';
import { decodePacked } from './decoding/packings.js';
import { addScaled } from './decoding/scaled-rows.js';

/**
 * The same graph, each weight an initialiser of the type that it is stored in and nodes that make of it what
 * the graph computes with. ONNX Runtime computes those once, when it opens the network, unless constants are
 * not to be folded. They stand before all others, in the order of the weights: only so does it run each when
 * its result is needed, and not all of them first.
 *
 * @param held matrices that are converted at each run. Absent: none
 */
export function withStoredWeights(graph: Graph, held: ReadonlySet<string> = new Set()): Graph {
  const stored = graph.initializers.filter(({ storage }) => storage);
  if (stored.length === 0) return graph;
  const decoding = new DecodingNodes();
  const initializers = graph.initializers.flatMap((each) => decode(decoding, each, held.has(each.name)));
  const values = new Map([
    ...graph.values,
    ...stored.map(({ name, type, shape }) => [name, { type, shape }] as const),
  ]);
  return {
    ...graph,
    nodes: [...decoding.nodes, ...graph.nodes],
    initializers: [...initializers, ...decoding.initializers],
    values,
  };
}

/**
 * Whether a weight in blocks is held as codes. Matrices are: opening them makes no float32, which would take
 * six times their size in float32 while ONNX Runtime folds constants. A convolution runs slower over a weight
 * that is no constant.
 */
const holdsCodes = ({ shape, storage }: Initializer): boolean =>
  typeof storage === 'object' && 'blocks' in storage && shape.length === 2;

/**
 * Adds the nodes that make an initialiser of what is stored, and returns what has to be there in its place.
 */
function decode(decoding: DecodingNodes, initializer: Initializer, isHeld: boolean): readonly Initializer[] {
  const { name, type, shape, storage, ...rest } = initializer;
  if (!storage) return [initializer];
  if (typeof storage === 'string') {
    const stored = `${name}/${storage}`;
    decoding.addAs(name, 'Cast', [stored], { to: elementTypes[type] });
    return [{ name: stored, type: storage, shape, ...rest }];
  }
  const part = filePartOfStored(initializer);
  if ('packing' in storage && isHeld && storage.packing.kind === 'scaled') {
    addScaled(decoding, name, storage, storage.packing, part, shape);
    return [];
  }
  const { rows } = storage;
  const numbers =
    'blocks' in storage
      ? blockDecoders[storage.blocks](new Blocks(decoding, storage.blocks, part, holdsCodes(initializer)))
      : decodePacked(decoding, storage, part, storage.rows.wholeShape);
  const own = rows ? partOf(decoding, numbers, rows, shape) : numbers;
  const decoded = decoding.reshape(own, shape);
  decoding.addAs(name, 'Cast', [decoded], { to: elementTypes[type] });
  return [];
}

/** Some rows of what lies there, and of those as many columns as are wanted: the others are filling. */
function partOf(
  decoding: DecodingNodes,
  numbers: string,
  { first, wholeShape }: StoredRows,
  [count = 1, columns]: readonly number[],
): string {
  const whole = decoding.reshape(numbers, wholeShape);
  const rows = count === wholeShape[0] ? whole : decoding.slice(whole, 0, first, first + count);
  const [, allColumns] = wholeShape;
  if (columns === undefined || columns === allColumns || wholeShape.length !== 2) return rows;
  return decoding.slice(rows, 1, 0, columns);
}

/** What the weights of a graph take, in bytes. */
export interface WeightBytes {
  /** In the type that the graph computes with: what an open network holds. */
  readonly held: number;
  /**
   * Of those held, the weights that are stored in another type: while a network is opened, both are there.
   */
  readonly converted: number;
}

/** Counts the initialisers of a graph, each once. */
export function countWeights({ initializers }: Graph): WeightBytes {
  let [held, converted] = [0, 0];
  for (const initializer of initializers) {
    const bytes = bytesComputed(initializer);
    held += bytes;
    if (initializer.storage) converted += bytes;
  }
  return { held, converted };
}
