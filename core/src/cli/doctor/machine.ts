import { existsSync, statfsSync } from 'node:fs';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { dirname } from 'node:path';
import type { Check } from './check.js';

/** Less than this on the storage folder's disk is worth a word: a checkpoint of 2 to 7 GB does not fit. */
const scarceDiskBytes = 8e9;
/** Less memory than this holds no usual checkpoint in float32. */
const scarceMemoryBytes = 4e9;
const oldestNode: readonly [major: number, minor: number] = [20, 19];

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

/** What every part of Easel stands on: Node, processor, memory, disk and the encoder of pictures. */
export async function checkMachine(storageFolder: string): Promise<Check[]> {
  return [
    checkNode(process.versions.node),
    checkProcessor(),
    checkMemory(),
    checkDisk(storageFolder),
    await checkSharp(),
  ];
}

/** @param version such as "20.19.1" */
export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const ok = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  const detail = `Node ${version}`;
  return { name: 'Node', ok, detail, ...(!ok && { fix: `Install Node ${oldestNode.join('.')} or later.` }) };
}

function checkProcessor(): Check {
  const all = cpus();
  const detail = `${availableParallelism()} threads of ${all.length}, ${all[0]?.model.trim() || process.arch}`;
  return { name: 'processor', ok: true, detail };
}

function checkMemory(): Check {
  // Node 20 answers a number beyond all memory where nothing limits the process.
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  const total = Math.min(totalmem(), limit);
  const detail = `${gigabytes(Math.min(freemem(), total))} free of ${gigabytes(total)}${limit < totalmem() ? ', by the limit of its container' : ''}`;
  const ok = total >= scarceMemoryBytes;
  const fix = 'Use small models on this machine, or models of cloud providers.';
  return { name: 'memory', ok, detail, optional: true, ...(!ok && { fix }) };
}

/** The folder need not be there yet. */
export function checkDisk(storageFolder: string): Check {
  const name = 'disk';
  try {
    let existing = storageFolder;
    while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
    const { bavail, bsize } = statfsSync(existing);
    const free = bavail * bsize;
    const ok = free >= scarceDiskBytes;
    const fix = 'Free some, or name another folder as "storageFolder" in easel.config.json.';
    const detail = `${gigabytes(free)} free for ${storageFolder}`;
    return { name, ok, detail, optional: true, ...(!ok && { fix }) };
  } catch (error) {
    const fix = 'Name a folder that can be used as "storageFolder" in easel.config.json.';
    return { name, ok: false, detail: `${storageFolder}: ${(error as Error).message}`, fix };
  }
}

/** Encodes a picture: that sharp can be loaded says little of its libraries. */
async function checkSharp(): Promise<Check> {
  const name = 'sharp';
  try {
    const { default: sharp } = await import('sharp');
    const pixel = { create: { width: 2, height: 2, channels: 3 as const, background: '#336699' } };
    for (const format of ['png', 'jpeg', 'webp', 'avif'] as const)
      await sharp(pixel).toFormat(format).toBuffer();
    const { sharp: version, vips } = sharp.versions;
    return {
      name,
      ok: true,
      detail: `sharp ${version} with libvips ${vips} writes PNG, JPEG, WebP and AVIF`,
    };
  } catch (error) {
    return { name, ok: false, detail: (error as Error).message, fix: 'Install it for this platform: npm ci' };
  }
}
