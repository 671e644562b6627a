import { appendFile, mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, parse } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import { filePartOf, type Graph, type Initializer } from '../graph/graph.js';
import { weightGraphs } from '../graph/passes/int8-nodes.js';
import { countWeights } from '../graph/passes/stored-weights.js';
import { createSession, encodeForSession } from './graph-session.js';
import type { SessionOptions } from './onnx-runtime.js';
import { buildingPrefix, removeAbandoned } from './prepared-budget.js';

/** What the weights that are made together may take in float32. */
const groupBytes = 32e6;

export interface QuantisingOptions {
  readonly session: SessionOptions;
  /** Where codes lie while the network is opened. Absent: the system's folder for temporary files. */
  readonly temporaryFolder?: string | undefined;
}

/**
 * Opens a graph with its int8 weights as codes in a file, which is removed afterwards. They are made a
 * few at a time: ONNX Runtime would keep all that it makes on the way, six float32 copies of all weights.
 *
 * @throws ERR_STORAGE where the codes cannot be written
 */
export async function withQuantisedWeights<Opened>(
  graph: Graph,
  { session, temporaryFolder = tmpdir() }: QuantisingOptions,
  open: (graph: Graph) => Promise<Opened>,
): Promise<Opened> {
  const weights = weightGraphs(graph);
  if (weights.length === 0) return await open(graph);
  const folder = await writable(() => makeFolder(temporaryFolder));
  try {
    const file = join(folder, 'codes.bin');
    // ONNX Runtime takes files of one drive.
    const isOnDrive = graph.initializers.every(
      (each) => parse(filePartOf(each)?.file ?? file).root === parse(file).root,
    );
    const made: Initializer[] = [];
    let offset = 0;
    for (const group of groupsOf(weights)) {
      for (const { data, ...codes } of await quantise(group, session)) {
        if (isOnDrive) await writable(() => appendFile(file, data));
        made.push({ ...codes, data: isOnDrive ? { file, offset, length: data.length } : data });
        offset += data.length;
      }
    }
    return await open(withCodes(graph, weights, made));
  } finally {
    // Windows removes no file that is mapped.
    await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

async function quantise(weight: Graph, { intraOpNumThreads }: SessionOptions) {
  const threads = intraOpNumThreads === undefined ? {} : { intraOpNumThreads };
  const session = await createSession(encodeForSession(weight), {
    ...threads,
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 3,
  });
  try {
    const results = await session.run(
      {},
      weight.outputs.map(({ name }) => name),
    );
    return weight.outputs.map(({ name, type }) => {
      const { data, dims } = results[name]!;
      const numbers = data as Int8Array | Float32Array;
      return {
        name,
        type,
        shape: dims,
        data: new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength),
      };
    });
  } finally {
    await session.release();
  }
}

/** Weights that are made together, since a session costs as much as small ones do. */
function groupsOf(weights: readonly Graph[]): readonly Graph[] {
  const groups: Graph[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const weight of weights) {
    bytes += countWeights(weight).held;
    if (bytes > groupBytes) {
      groups.push([]);
      bytes = countWeights(weight).held;
    }
    groups.at(-1)!.push(weight);
  }
  return groups.map(joined);
}

function joined(weights: readonly Graph[]): Graph {
  const initializers = weights.flatMap((weight) => weight.initializers);
  return {
    ...weights[0]!,
    nodes: weights.flatMap(({ nodes }) => nodes),
    initializers: [...new Map(initializers.map((each) => [each.name, each])).values()],
    outputs: weights.flatMap(({ outputs }) => outputs),
  };
}

/** Without symbolic links: ONNX Runtime opens external files by their real paths only. */
async function makeFolder(temporaryFolder: string): Promise<string> {
  await mkdir(temporaryFolder, { recursive: true });
  await removeAbandoned(temporaryFolder);
  return await mkdtemp(join(await realpath(temporaryFolder), buildingPrefix()));
}

async function writable<Made>(write: () => Promise<Made>): Promise<Made> {
  try {
    return await write();
  } catch (cause) {
    throw new EaselError({
      code: 'ERR_STORAGE',
      message: `The int8 weights of a network cannot be written: ${(cause as Error).message}`,
      hint: 'Make room on that disk, or ask for precision exact.',
      cause,
    });
  }
}

function withCodes(graph: Graph, weights: readonly Graph[], made: readonly Initializer[]): Graph {
  const done = new Set(weights.flatMap(({ nodes }) => nodes));
  const nodes = graph.nodes.filter((node) => !done.has(node));
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  return {
    ...graph,
    nodes,
    initializers: [...graph.initializers, ...made].filter(({ name }) => read.has(name)),
  };
}
