import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import { readModel } from '../graph/onnx/read.js';
import { withoutOperators } from '../graph/passes/decomposition.js';
import { onProcessor } from '../session/execution-choice.js';
import { providerOptions } from '../session/execution-devices.js';
import { createSession, encodeForSession } from '../session/graph-session.js';
import type { NetworkOptions } from '../session/network-options.js';
import { InferenceSession } from '../session/onnx-runtime.js';
import { unfusedOptions } from '../session/self-test.js';

/**
 * Opens an ONNX file that somebody else has exported. An operator that the execution provider gets wrong is
 * written in simpler ones, as in the networks that we write.
 *
 * @throws ERR_MODEL_FILES_INVALID when it cannot be opened
 */
export async function openExportedSession(
  file: string,
  { execution = onProcessor, threads }: NetworkOptions,
) {
  const options = {
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
  } as const;
  try {
    const onProvider = { ...options, ...providerOptions(execution.provider) };
    if (execution.decompose.size === 0) return await InferenceSession.create(file, onProvider);
    const graph = readModel(await readFile(file), { folder: dirname(file), name: basename(file) });
    const written = withoutOperators(graph, execution.decompose);
    return await createSession(encodeForSession(written), { ...onProvider, extra: unfusedOptions });
  } catch (cause) {
    throw invalidFiles(
      `${file} cannot be opened: ${(cause as Error).message}`,
      'Check that the file and the external data beside it (model.onnx_data, weights.pb) are whole, or export the model again.',
      cause,
    );
  }
}
