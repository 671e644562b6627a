import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { elementTypes } from '../graph/onnx/onnx.js';
import { readFields, readString, readVarint } from '../graph/onnx/protobuf.js';

/** Field numbers of onnx/onnx.proto. */
const modelGraph = 7;
const graphInitializer = 5;
const tensor = { dimensions: 1, type: 2, externalData: 13 };
const entry = { key: 1, value: 2 };

/** Longest header that is hashed whole; a checkpoint's is some hundred kilobytes. */
const maximumHeaderBytes = 100_000_000;

/** The files that an ONNX graph's weights lie in. */
export interface MountedFiles {
  /** Relative to the folder of the external files, in no particular order. */
  readonly locations: readonly string[];
  /** Bytes that all weights take as float32, however they are stored. */
  readonly float32Bytes: number;
  /** Of these, the bytes of weights that are stored otherwise. */
  readonly convertedBytes: number;
}

/** Reads from a graph which files it has mounted. */
export function mountedFiles(model: Uint8Array): MountedFiles {
  const locations = new Set<string>();
  let [float32Bytes, convertedBytes] = [0, 0];
  const graphs = readFields(model).filter(({ field }) => field === modelGraph);
  for (const { field, content } of graphs.flatMap((graph) => readFields(graph.content))) {
    if (field !== graphInitializer) continue;
    const fields = readFields(content);
    const external = fields.filter((each) => each.field === tensor.externalData);
    if (external.length === 0) continue;
    const dimensions = fields.filter((each) => each.field === tensor.dimensions);
    const bytes = dimensions.reduce((product, each) => product * readVarint(each.content), 4);
    const type = fields.find((each) => each.field === tensor.type);
    float32Bytes += bytes;
    if (type && readVarint(type.content) !== elementTypes.float32) convertedBytes += bytes;
    for (const each of external) {
      const pair = readFields(each.content);
      const textOf = (number: number) =>
        readString(pair.find((part) => part.field === number)?.content ?? new Uint8Array());
      if (textOf(entry.key) === 'location') locations.add(textOf(entry.value));
    }
  }
  return { locations: [...locations].sort(), float32Bytes, convertedBytes };
}

/** One line that changes with a file: its path, size, time of change (nanoseconds) and the hash of its safetensors header. */
export async function fingerprint(folder: string, location: string): Promise<string> {
  const path = join(folder, location);
  const file = await open(path);
  try {
    const { size, mtimeNs } = await file.stat({ bigint: true });
    const start = Buffer.alloc(8);
    await file.read(start, 0, 8, 0);
    const stated = start.readBigUInt64LE();
    const isHeader = stated <= BigInt(maximumHeaderBytes) && stated + 8n <= size;
    const header = Buffer.alloc(isHeader ? Number(stated) : 65_536);
    await file.read(header, 0, header.length, 8);
    const hash = createHash('sha256').update(start).update(header).digest('hex');
    return [path, size, mtimeNs, hash].join(' ');
  } finally {
    await file.close();
  }
}
