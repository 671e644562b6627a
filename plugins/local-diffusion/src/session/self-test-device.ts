import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { env } from './onnx-runtime.js';

/** Names a processor by its model, as the system tells it. */
export const processorModel = (): string => cpus()[0]?.model.trim() ?? process.arch;

/** Version of ONNX Runtime. */
export const runtimeVersion = (): string => env.versions.node ?? env.versions.common;

/** Environment variables that choose another driver. */
const driverVariables = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES', 'CUDA_VISIBLE_DEVICES'];

/**
 * What a self-test's result depends on besides the provider: runtime, processor, system, and on Linux the
 * graphics cards and NVIDIA's driver. Node tells no more of a graphics card, so on other systems a new driver
 * is seen by the system's version only.
 */
export function describeMachine(environment: NodeJS.ProcessEnv): string {
  const parts = [
    runtimeVersion(),
    process.platform,
    process.arch,
    release(),
    processorModel(),
    ...graphicsCards(),
    read('/sys/module/nvidia/version'),
    ...driverVariables.map((name) => environment[name] ?? ''),
  ];
  return parts.join('\n');
}

/** Short name of a text for a file's. */
export const hashOf = (text: string | Uint8Array): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 32);

function graphicsCards(): string[] {
  const folder = '/sys/class/drm';
  try {
    return readdirSync(folder)
      .filter((name) => /^card\d+$/.test(name))
      .map((name) => join(folder, name, 'device'))
      .map((device) => `${read(join(device, 'vendor'))}:${read(join(device, 'device'))}`);
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
