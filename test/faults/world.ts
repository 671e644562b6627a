import type { ImageResult } from '@easel/core';
import type { ImageRequest } from '@easel/plugin-sdk';
import { openProviderKernels } from '../providers/provider-kernels.js';
import { type Provider, patientRuntime, type Site } from './site.js';

/** Milliseconds that one call may take, on a machine that has much else to do. */
const callMs = 120_000;

export interface World {
  ask(request: ImageRequest): Promise<ImageResult>;
  /** Ends the plugin's process by SIGKILL. Answers whether there was one. */
  kill(): boolean;
  close(): Promise<void>;
}

/** A kernel that runs the provider's plugin in a process of its own against the emulator. */
export async function openWorld(
  { plugin, model, secrets }: Provider,
  {
    isSeedless = false,
    account,
    isKnownById = isSeedless && !account,
  }: Pick<Site, 'isSeedless' | 'account' | 'isKnownById'>,
  options: Site['options'],
): Promise<World> {
  const { createKernel, close } = await openProviderKernels({
    ...{ plugin, model, options, environment: secrets, retries: 2 },
    // An open circuit would hide what the faults do.
    breaker: { minimumCalls: 10_000 },
    runtime: patientRuntime,
  });
  const manager = createKernel();
  const health = () => manager.getServiceHealth().plugins.find(({ id }) => id === plugin);
  return {
    async ask(request) {
      // It is killed from outside: neither its own doing nor that of a request.
      await manager.enablePlugin(plugin);
      const requestId = isKnownById ? request.prompt : undefined;
      return await manager.generateImage({ timeoutMs: callMs, ...request }, { requestId });
    },
    kill() {
      const pid = health()?.pid;
      return pid !== undefined && kill(pid);
    },
    close,
  };
}

/** Answers whether there was such a process: one that was just killed is in the health for a moment more. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
