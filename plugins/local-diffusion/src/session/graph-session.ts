import type { Graph } from '../graph/graph.js';
import { encodeGraph } from '../graph/onnx/encode.js';
import { withStoredWeights } from '../graph/passes/stored-weights.js';
import { InferenceSession, type SessionOptions } from './onnx-runtime.js';

/**
 * A graph as ONNX Runtime opens it.
 *
 * @param held matrices that stay as they are stored: they have to be opened with {@link unfoldedOptions}
 */
export const encodeForSession = (graph: Graph, held?: ReadonlySet<string>) =>
  encodeGraph(withStoredWeights(graph, held));

/**
 * Keeps ONNX Runtime from making float32 of weights when it opens a network. The first makes constants of all
 * nodes that read constants alone, the second widens float16 that only a Cast reads.
 */
export const unfoldedOptions = {
  optimization: {
    disable_specified_optimizers: 'ConstantFolding;FuseFp16InitializerToFp32NodeTransformer',
  },
};

/**
 * Opens a graph, whose weights stay in their files.
 *
 * @param sessionEntries of ONNX Runtime's configuration, by their names behind `session.`
 */
export async function createSession(
  { model, externalFolder }: ReturnType<typeof encodeForSession>,
  options: SessionOptions,
  sessionEntries: Readonly<Record<string, string>> = {},
): Promise<InferenceSession> {
  const session = { model_external_initializers_file_folder_path: externalFolder, ...sessionEntries };
  return await InferenceSession.create(model, { ...options, extra: { ...options.extra, session } });
}
