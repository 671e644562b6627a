import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { cacheFolder } from '../engine/random-checkpoint.js';

/** Engines of Python that networks are measured beside. */
export const pythonPeers = ['openvino', 'torch'] as const;
export type PythonPeer = (typeof pythonPeers)[number];

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const openedSchema = z.object({ seconds: z.number() });
const endSchema = z.object({ peakMb: z.number() });

/**
 * The Python that has a peer: a virtual environment in the cache folder, installed by the first run from
 * Python's package index (torch takes some 5 GB).
 */
export async function pythonOf(peer: PythonPeer): Promise<string> {
  const folder = join(cacheFolder, `python-${peer}`);
  const python = join(folder, 'bin/python');
  if (existsSync(python)) return python;
  await mkdir(cacheFolder, { recursive: true });
  execFileSync('python3', ['-m', 'venv', folder]);
  const install = ['-m', 'pip', 'install', '--quiet', '--requirement', file(`${peer}.txt`)];
  execFileSync(python, install, { stdio: 'inherit' });
  return python;
}

/** A network that a peer has opened in a process of its own. */
export interface PeerNetwork {
  readonly openS: number;
  /** Runs it once, and answers the seconds that it took by its own clock. */
  run(): Promise<number>;
  /** Ends the process. Answers its peak of memory, MB. */
  end(): Promise<number>;
}

/**
 * Opens a network in a peer.
 *
 * @param what an .onnx file for OpenVINO, the name of a phase for torch
 * @param shapes of what it is fed, by name
 */
export async function openInPeer(
  peer: PythonPeer,
  what: string,
  shapes: Readonly<Record<string, readonly number[]>>,
): Promise<PeerNetwork> {
  const program = file(`${peer}_network.py`);
  const child = spawn(await pythonOf(peer), [program, what, JSON.stringify(shapes)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${peer} ended before it answered.`);
    return JSON.parse(value);
  };
  const { seconds: openS } = openedSchema.parse(await read());
  return {
    openS,
    async run() {
      child.stdin.write('run\n');
      return openedSchema.parse(await read()).seconds;
    },
    async end() {
      child.stdin.write('memory\n');
      const { peakMb } = endSchema.parse(await read());
      child.stdin.end();
      return peakMb;
    },
  };
}
