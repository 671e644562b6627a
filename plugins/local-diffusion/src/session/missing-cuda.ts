import { existsSync } from 'node:fs';
import type { Check } from './check.js';
import type { ExecutionProvider } from './execution-providers.js';

/**
 * What to install for CUDA: ONNX Runtime fetches its libraries on request only, they are hundreds of
 * megabytes.
 */
export const cudaFix = 'Install CUDA 12 and cuDNN 9, and the libraries of ONNX Runtime: easel gpu install';

/**
 * A check that fails where there is an NVIDIA card and nothing that computes on it; none otherwise.
 *
 * @param card the device file of the first card, as the driver makes it on Linux
 */
export function checkMissingCuda(
  offered: readonly ExecutionProvider[],
  card = '/dev/nvidia0',
): readonly Check[] {
  if (!existsSync(card) || offered.includes('cuda')) return [];
  const detail = `there is an NVIDIA card (${card}), and the libraries that compute on it are not installed`;
  return [{ name: 'execution provider cuda', ok: false, detail, fix: cudaFix, optional: true }];
}
