import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EaselError, type NetworkCost } from '@easel/plugin-sdk';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { areFinite, requireFiniteFeeds } from '../session/finite-numbers.js';
import { planMemory, requireFit } from '../session/memory-plan.js';
import type { Feed } from '../session/network.js';
import type { NetworkMemory, Place } from '../session/network-memory.js';
import type { InferenceSession, TensorMetadata, ValueMetadata } from '../session/onnx-runtime.js';
import type { Dialect } from './dialects.js';
import { openExportedSession } from './exported-session.js';
import { portTypes, toFloats, toTensor } from './tensors.js';

type Port = TensorMetadata;

/** Dimensions by number where the file fixes them, by name where they are free. */
export type PortShape = readonly (number | string)[];

export interface Output {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** An ONNX file that somebody else has exported, with its inputs bound by what the file says of them. */
export class ExportedNetwork {
  /** For messages. */
  readonly file: string;
  readonly #memory: NetworkMemory;
  readonly #place: Place<InferenceSession>;
  readonly #inputs: ReadonlyMap<string, Port>;
  readonly #outputs: ReadonlyMap<string, Port>;
  #lastMs: number | undefined;
  #runMs = 0;

  private constructor(
    file: string,
    { memory, place }: { memory: NetworkMemory; place: Place<InferenceSession> },
    { inputs, outputs }: { inputs: ReadonlyMap<string, Port>; outputs: ReadonlyMap<string, Port> },
  ) {
    this.file = file;
    this.#memory = memory;
    this.#place = place;
    this.#inputs = inputs;
    this.#outputs = outputs;
  }

  /**
   * Opens a file, and the external data beside it, to see what it takes. It may be closed between two runs,
   * and is opened again then.
   *
   * @throws ERR_MODEL_FILES_INVALID when it cannot be opened, and when it has inputs or outputs that the
   * dialect does not know; ERR_REQUEST_INVALID, before it is opened, for one that is larger than a network
   * may be
   */
  static async open(file: string, dialect: Dialect, memory: NetworkMemory): Promise<ExportedNetwork> {
    const weightBytes = await bytesOf(dirname(file));
    requireFit(planMemory([costOf(file, weightBytes)], memory));
    const place: Place<InferenceSession> = {
      weightBytes,
      open: (options) => openExportedSession(file, options),
    };
    try {
      const ports = await memory.use(place, {}, async (session) => ({
        inputs: bindInputs(file, session, dialect),
        outputs: bindOutputs(file, session, dialect),
      }));
      return new ExportedNetwork(file, { memory, place }, ports);
    } catch (error) {
      await memory.close(place);
      throw error;
    }
  }

  /** Milliseconds spent in runs so far. */
  get runMs(): number {
    return this.#runMs;
  }

  /**
   * What it holds, as far as its files say it: they do not tell what a run takes beside the weights, and it
   * runs in one part.
   */
  get cost(): NetworkCost {
    return costOf(this.file, this.#place.weightBytes);
  }

  /** The declared shape of an input, by our name for it; absent where the file has none. */
  shapeOf(input: string): PortShape | undefined {
    return this.#inputs.get(input)?.shape;
  }

  /** What it gives, by our names where we have one. */
  get outputNames(): readonly string[] {
    return [...this.#outputs.keys()];
  }

  /**
   * Runs it over a batch, in as many runs as a fixed batch of the file takes. A vector of one number an
   * image, as the timestep is, may be a scalar in the file.
   *
   * @param feeds by our names; those that the file does not have are left out. All have the images in front.
   * @param output the one that is wanted
   * @throws ERR_REQUEST_INVALID for a size that the file does not take
   */
  async run(feeds: Readonly<Record<string, Feed>>, output: string): Promise<Output> {
    const [only] = await this.runFor(feeds, [output]);
    return only!;
  }

  /** The same for several outputs, in their order. */
  async runFor(feeds: Readonly<Record<string, Feed>>, outputs: readonly string[]): Promise<Output[]> {
    const bound = Object.entries(feeds).filter(([name]) => this.#inputs.has(name));
    const rows = bound[0]?.[1].shape[0] ?? 0;
    const fixed = [...this.#inputs.values()].map(({ shape }) => shape.length > 1 && shape[0]);
    const batch = fixed.find((each) => typeof each === 'number') || rows;
    const parts: Output[][] = [];
    for (let first = 0; first < rows; first += batch) {
      const indexes = Array.from({ length: batch }, (_, index) => Math.min(first + index, rows - 1));
      const picked = bound.map(([name, feed]) => [name, pickRows(feed, indexes)] as const);
      parts.push(await this.#runOnce(picked, outputs));
    }
    return outputs.map((_, index) =>
      joinRows(
        parts.map((part) => part[index]!),
        rows,
        batch,
      ),
    );
  }

  async release(): Promise<void> {
    await this.#memory.close(this.#place);
  }

  async #runOnce(feeds: readonly (readonly [string, Feed])[], outputs: readonly string[]): Promise<Output[]> {
    requireFiniteFeeds(this.file, Object.fromEntries(feeds));
    const tensors = feeds.map(([name, feed]) => {
      const port = this.#inputs.get(name)!;
      return [port.name, toTensor(this.#fit(port, feed), port.type)] as const;
    });
    return await this.#memory.use(this.#place, { expectedMs: this.#lastMs }, async (session) => {
      const startedAt = performance.now();
      const names = outputs.map((name) => this.#outputs.get(name)!.name);
      const results = await session.run(Object.fromEntries(tensors), names);
      this.#lastMs = performance.now() - startedAt;
      this.#runMs += this.#lastMs;
      const made = names.map((name) => ({ data: toFloats(results[name]!), shape: results[name]!.dims }));
      if (made.every(({ data }) => areFinite(data))) return made;
      throw invalidFiles(
        `${this.file} gave NaN or infinity, which would be a black image.`,
        'Export the model in float32, or use another version of it.',
      );
    });
  }

  #fit({ name, shape: declared }: Port, { data, shape }: Feed): Feed {
    if (shape.length === 1 && declared[0] === undefined) return { data: data.slice(0, 1), shape: [] };
    if (shape.length === 1 && declared[0] === 1) return { data: data.slice(0, 1), shape: [1] };
    const fits =
      declared.length === shape.length &&
      declared.every((each, index) => typeof each === 'string' || each === shape[index]);
    if (fits) return { data, shape };
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `${this.file} takes "${name}" only as [${declared.join(', ')}], and it would be [${shape.join(', ')}].`,
      hint: 'Ask for the size that the model was exported for, or export it with free dimensions.',
    });
  }
}

const costOf = (file: string, weightBytes: number): NetworkCost => ({
  name: basename(dirname(file)),
  weightBytes,
  stages: 1,
  heldBytes: weightBytes,
  leastBytes: weightBytes,
});

/** The file and its external data, which lie together. */
async function bytesOf(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(folder, name)).catch(() => undefined))?.size ?? 0),
  );
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

function pickRows({ data, shape }: Feed, indexes: readonly number[]): Feed {
  const size = data.length / shape[0]!;
  const picked =
    data instanceof Float32Array
      ? new Float32Array(indexes.length * size)
      : new BigInt64Array(indexes.length * size);
  for (const [place, index] of indexes.entries()) {
    const row = data.subarray(index * size, (index + 1) * size);
    picked.set(row as never, place * size);
  }
  return { data: picked, shape: [indexes.length, ...shape.slice(1)] };
}

/** Outputs of runs over a batch each as one, of so many rows. */
function joinRows(parts: readonly Output[], rows: number, batch: number): Output {
  const [, ...rest] = parts[0]?.shape ?? [];
  const size = rest.reduce((one, other) => one * other, 1);
  const data = new Float32Array(rows * size);
  for (const [index, part] of parts.entries()) {
    const start = index * batch * size;
    data.set(part.data.subarray(0, data.length - start), start);
  }
  return { data, shape: [rows, ...rest] };
}

function bindInputs(file: string, session: InferenceSession, dialect: Dialect): ReadonlyMap<string, Port> {
  const ports = tensorsOf(file, session.inputMetadata);
  const bound = new Map<string, Port>();
  for (const [name, aliases] of Object.entries(dialect.inputs)) {
    const port = aliases.map((alias) => ports.find((each) => each.name === alias)).find(Boolean);
    if (port) bound.set(name, port);
    else if (!dialect.optionalInputs?.includes(name)) throw unbound(file, `has no input "${name}"`, ports);
  }
  const known = new Set(bound.values());
  const stranger = ports.find((port) => !known.has(port));
  if (stranger) throw unbound(file, `has an input "${stranger.name}", which is not known`, ports);
  return bound;
}

function bindOutputs(file: string, session: InferenceSession, dialect: Dialect): ReadonlyMap<string, Port> {
  const ports = tensorsOf(file, session.outputMetadata);
  const bound = new Map<string, Port>(ports.map((port) => [port.name, port]));
  for (const [name, aliases] of Object.entries(dialect.outputs)) {
    const port = aliases.map((alias) => ports.find((each) => each.name === alias)).find(Boolean);
    if (port) bound.set(name, port);
    else if (!dialect.optionalOutputs?.includes(name)) throw unbound(file, `has no output "${name}"`, ports);
  }
  return bound;
}

function tensorsOf(file: string, metadata: readonly ValueMetadata[]): Port[] {
  return metadata.map((port) => {
    if (port.isTensor && portTypes.includes(port.type)) return port;
    const kind = port.isTensor ? `of ${port.type}` : 'no tensor';
    throw invalidFiles(`${file}: "${port.name}" is ${kind}; known are ${portTypes.join(', ')}.`);
  });
}

const unbound = (file: string, problem: string, ports: readonly Port[]) =>
  invalidFiles(
    `${file} ${problem}. It has ${ports.map(({ name, type, shape }) => `${name}: ${type} [${shape.join(', ')}]`).join('; ')}.`,
    'Export the model with optimum, which names inputs and outputs as this engine knows them.',
  );
