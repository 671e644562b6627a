import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ExecutionProvider,
  type ExecutionProviderSetting,
  executionProviders,
} from './execution-providers.js';
import { listSupportedBackends, type SessionOptions } from './onnx-runtime.js';
import { findRuntimePackage } from './runtime-package.js';

/** The order of `auto`. TensorRT is left out: it compiles each network for minutes. */
const automaticOrder: readonly ExecutionProvider[] = ['cuda', 'dml', 'coreml', 'webgpu'];

/** The providers to try for a setting, `cpu` not included where it is only the last resort. */
export function providersToTry(
  setting: ExecutionProviderSetting,
  environment: NodeJS.ProcessEnv,
): readonly ExecutionProvider[] {
  if (setting !== 'auto') return [...new Set(setting)];
  const offered = offeredProviders();
  return automaticOrder.filter(
    (provider) => offered.includes(provider) && (provider !== 'webgpu' || mayHaveVulkan(environment)),
  );
}

/**
 * Where Vulkan's loader finds its drivers on Linux (github.com/KhronosGroup/Vulkan-Loader,
 * docs/LoaderDriverInterface.md).
 */
const vulkanFolders = ['/usr/share', '/usr/local/share', '/etc'].map((folder) => `${folder}/vulkan/icd.d`);

/**
 * Whether WebGPU, which is Vulkan on Linux, is worth the third of a second that it takes to find no driver.
 */
function mayHaveVulkan({ VK_DRIVER_FILES, VK_ICD_FILENAMES }: NodeJS.ProcessEnv): boolean {
  if (process.platform !== 'linux') return true;
  if (VK_DRIVER_FILES || VK_ICD_FILENAMES) return true;
  return vulkanFolders.some((folder) => {
    try {
      return readdirSync(folder).length > 0;
    } catch {
      return false;
    }
  });
}

/**
 * The providers that are there for this platform: in the package, or by the libraries that its install script
 * fetches.
 */
export function offeredProviders(): readonly ExecutionProvider[] {
  return listSupportedBackends().flatMap(({ name, bundled }) => {
    const provider = executionProviders.find((each) => each === name);
    return provider && (bundled || hasLibrary(provider)) ? [provider] : [];
  });
}

/**
 * ONNX Runtime lists CUDA and TensorRT without looking whether their libraries are there, and says so on
 * stderr when they are not.
 */
function hasLibrary(provider: ExecutionProvider): boolean {
  const folder = join(findRuntimePackage().folder, 'bin', 'napi-v6', process.platform, process.arch);
  return existsSync(join(folder, `libonnxruntime_providers_${provider}.so`));
}

/**
 * What of a session's options tells it where to compute. ONNX Runtime adds `cpu` for what another provider
 * lacks.
 */
export const providerOptions = (provider: ExecutionProvider): SessionOptions => ({
  executionProviders: [provider],
});
