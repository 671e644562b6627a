import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { filePartOf, type Graph } from '../graph/graph.js';
import { weightGraphs } from '../graph/passes/int8-nodes.js';
import { countWeights } from '../graph/passes/stored-weights.js';
import type { ExecutionProvider } from './execution-providers.js';
import { createSession, encodeForSession } from './graph-session.js';
import { InferenceSession, type SessionOptions } from './onnx-runtime.js';
import { buildingPrefix, freeBytes, makeRoom, removeAbandoned } from './prepared-budget.js';
import { describeEntry, entryFiles, isEntryWhole, markUsed, removeEntry } from './prepared-entry.js';
import { fingerprint } from './prepared-fingerprint.js';
import { withQuantisedWeights } from './quantised-weights.js';
import { hashOf, processorModel, runtimeVersion } from './self-test-device.js';

export interface PreparedNetworksOptions {
  readonly folder: string;
  /** What all entries may take together. */
  readonly maximumBytes: number;
  /**
   * Networks whose weights take fewer bytes in memory are not kept, unless their int8 weights have to be
   * made. Absent: 200 MB, which open as fast without.
   */
  readonly minimumWeightBytes?: number;
  /** Absent: the system's. */
  readonly now?: () => Date;
  /** Bytes of memory that this process may still take. Absent: what the system says. */
  readonly availableBytes?: () => number;
}

export interface Unprepared {
  /** Written for its provider. */
  readonly graph: Graph;
  readonly provider: ExecutionProvider;
  readonly options: SessionOptions;
  /** Where int8 weights lie while they are made. Absent: the system's. */
  readonly temporaryFolder?: string | undefined;
}

interface Encoded extends Pick<Unprepared, 'temporaryFolder'> {
  readonly graph: Graph;
  readonly encoded: ReturnType<typeof encodeForSession>;
  readonly options: SessionOptions;
}

/**
 * What a network takes in memory while it is prepared, and at most on disk, by what its weights take in
 * memory.
 */
const growth = 1.2;

/**
 * Networks on disk as ONNX Runtime has optimised them, convolutions in the layout that it computes in:
 * opening one again maps it, and takes a UNet of 0.86 G parameters 2 seconds instead of 16. For the processor
 * only; other providers prepare on the device.
 *
 * Matrices are packed anew at each opening. ONNX Runtime could write them down packed as well, but keeps the
 * plain ones beside them and reads both: twice the bytes for each matrix and a longer first opening, for half
 * a second less at the next.
 */
export class PreparedNetworks {
  readonly #options: Required<PreparedNetworksOptions>;

  constructor(options: PreparedNetworksOptions) {
    this.#options = {
      ...{ minimumWeightBytes: 200_000_000, now: () => new Date() },
      availableBytes: () => process.availableMemory(),
      ...options,
    };
  }

  /**
   * Opens a network by its entry, or prepares it and leaves an entry. Whatever is wrong with the folder, the
   * network is opened.
   */
  async open({ graph, provider, options, temporaryFolder }: Unprepared): Promise<InferenceSession> {
    const { folder, maximumBytes, minimumWeightBytes, now, availableBytes } = this.#options;
    const { held, converted } = countWeights(graph);
    const bytes = held * growth;
    const encoded = encodeForSession(graph);
    const unprepared = { graph, encoded, options, temporaryFolder };
    const isSlow = held >= minimumWeightBytes || weightGraphs(graph).length > 0;
    if (provider !== 'cpu' || !isSlow || bytes > maximumBytes) return await prepare(unprepared);
    const files = new Set(graph.initializers.flatMap((each) => filePartOf(each)?.file ?? []));
    const prints = await Promise.all([...files].sort().map(fingerprint));
    const facts = [
      runtimeVersion(),
      process.arch,
      processorModel(),
      provider,
      hashOf(encoded.model),
      ...prints,
    ];
    const key = hashOf(facts.join('\n'));
    const entry = join(folder, key);
    if (await isEntryWhole(entry)) {
      try {
        const session = await InferenceSession.create(join(entry, entryFiles.graph), {
          ...options,
          graphOptimizationLevel: 'disabled',
          extra: {},
        });
        await markUsed(entry, now()).catch(() => {});
        return session;
      } catch {
        // Not what this ONNX Runtime reads, whatever it was that wrote it.
      }
    }
    // To write what it has made, ONNX Runtime keeps it beside what it has made it of, unless that is mapped:
    // over 20 GB for SDXL's in float16. Widening the weights on disk first does with half of it, but takes
    // 105 s once to save 10 to 25 s at each opening.
    if (bytes + converted > availableBytes()) return await prepare(unprepared);
    return await this.#build(unprepared, key, bytes);
  }

  async #build(unprepared: Encoded, key: string, bytes: number): Promise<InferenceSession> {
    const { folder, maximumBytes, now } = this.#options;
    let building: string;
    try {
      await mkdir(folder, { recursive: true });
      await removeAbandoned(folder);
      await removeEntry(join(folder, key));
      await makeRoom(folder, maximumBytes - bytes);
      if ((await freeBytes(folder)) < 2 * bytes) return await prepare(unprepared);
      building = await mkdtemp(join(folder, buildingPrefix()));
    } catch {
      return await prepare(unprepared);
    }
    try {
      const session = await prepare(unprepared, building);
      // From here on the network is open; an entry that fails to be kept is not a reason to lose it.
      await keep(building, join(folder, key), now()).catch(() => {});
      await makeRoom(folder, maximumBytes).catch(() => {});
      return session;
    } catch {
      return await prepare(unprepared);
    } finally {
      await rm(building, { recursive: true, force: true });
    }
  }
}

/** The entry appears whole or not at all; one that another process has made meanwhile is as good. */
async function keep(building: string, entry: string, now: Date): Promise<void> {
  await describeEntry(building);
  await markUsed(building, now);
  await rename(building, entry);
}

/** Lets ONNX Runtime optimise; with a folder, it writes there what it made. */
async function prepare(
  { graph, encoded, options, temporaryFolder }: Encoded,
  folder?: string,
): Promise<InferenceSession> {
  return await withQuantisedWeights(graph, { session: options, temporaryFolder }, async (each) => {
    const written = each === graph ? encoded : encodeForSession(each);
    if (folder === undefined) return await createSession(written, options);
    return await createSession(
      written,
      { ...options, optimizedModelFilePath: join(folder, entryFiles.graph) },
      {
        optimized_model_external_initializers_file_name: entryFiles.weights,
        optimized_model_external_initializers_min_size_in_bytes: '1024',
      },
    );
  });
}
