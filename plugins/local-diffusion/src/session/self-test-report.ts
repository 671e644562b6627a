import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { z } from 'zod';
import type { Check } from './check.js';
import { offeredProviders } from './execution-devices.js';
import { type ExecutionProvider, executionProviderSchema } from './execution-providers.js';
import { checkMissingCuda, cudaFix } from './missing-cuda.js';
import { type SelfTestVerdict, testDevice } from './self-test.js';
import { runtimeVersion } from './self-test-device.js';

/** Of the plugin's options, what the report is about; the plugin itself validates them. */
const contextSchema = z.object({
  config: z
    .looseObject({
      threads: z.number().optional(),
      executionProviders: executionProviderSchema.catch('auto'),
    })
    .prefault({}),
});

/** Where the loader looks for the drivers of graphics cards, on Linux. */
const driverFolders = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'];

/**
 * Runs the self-test on every execution provider that this platform offers, anew: what `easel doctor` asks
 * for.
 *
 * @param context the plugin's options as `config`
 */
export async function reportDevices(context: unknown): Promise<{ checks: readonly Check[] }> {
  const { threads, executionProviders } = contextSchema.parse(context).config;
  const setting = executionProviders === 'auto' ? 'auto' : executionProviders.join(', ');
  const checks: Check[] = [
    {
      name: 'ONNX Runtime',
      ok: true,
      detail: `${runtimeVersion()}, telemetry off; execution providers: ${setting}`,
    },
    { name: 'sharp', ok: true, detail: sharp.versions.sharp ?? 'of unknown version' },
    { name: 'threads', ok: true, detail: `${threads ?? availableParallelism()} for a network` },
  ];
  const asked = executionProviders === 'auto' ? [] : executionProviders;
  for (const provider of new Set([...offeredProviders(), ...asked])) {
    const startedAt = performance.now();
    const verdict = await testDevice(provider);
    checks.push(checkOf(provider, verdict, performance.now() - startedAt, asked.includes(provider)));
  }
  if (!asked.includes('cuda')) checks.push(...checkMissingCuda(offeredProviders()));
  return { checks };
}

function checkOf(
  provider: ExecutionProvider,
  verdict: SelfTestVerdict,
  tookMs: number,
  isAsked: boolean,
): Check {
  const name = `execution provider ${provider}`;
  // The processor has to work; another device only where the configuration names it.
  const optional = provider === 'cpu' || isAsked ? {} : ({ optional: true } as const);
  if (!verdict.usable) {
    const fix = fixFor(provider, verdict.opened);
    return { name, ok: false, detail: verdict.reason, ...optional, ...(fix !== undefined && { fix }) };
  }
  const { decompose, precision, speedup, error } = verdict;
  const inHalf = precision === 'float16' ? ' in float16' : '';
  const numbers =
    provider === 'cpu' ? 'right' : `right to ${error.toExponential(0)}, ${speedOf(speedup)}${inHalf}`;
  const otherwise = decompose.length === 0 ? '' : `; wrong and so written otherwise: ${decompose.join(', ')}`;
  const detail = `${numbers} (tested in ${Math.round(tookMs)} ms)${otherwise}`;
  return { name, ok: true, detail, ...optional };
}

const speedOf = (speedup: number): string =>
  speedup >= 1
    ? `${speedup.toFixed(1)} times as fast as the processor`
    : `the processor is ${(1 / speedup).toFixed(1)} times as fast: auto does not use it`;

function fixFor(provider: ExecutionProvider, isThere: boolean): string | undefined {
  if (isThere) return 'Update the driver; until then another execution provider is used.';
  if (provider === 'webgpu' && process.platform === 'linux') return vulkanHint();
  if (provider === 'cuda' || provider === 'tensorrt') return cudaFix;
  return undefined;
}

/** WebGPU is computed by Vulkan on Linux: a loader and a driver have to be there. */
function vulkanHint(): string {
  const drivers = driverFolders.flatMap((folder) =>
    existsSync(folder)
      ? readdirSync(folder)
          .filter((name) => name.endsWith('.json'))
          .map((name) => join(folder, name))
      : [],
  );
  if (drivers.length === 0)
    return "There is no Vulkan driver. With a graphics card: install its driver (Debian: mesa-vulkan-drivers, or NVIDIA's) and libvulkan1. Without one, cpu is the fastest.";
  return `Vulkan drivers are there (${drivers.join(', ')}), but they find no device: install libvulkan1, and see that this user may open /dev/dri.`;
}
