import type { Graph } from '../graph/graph.js';
import { encodeGraph } from '../graph/onnx/encode.js';
import { withStoredWeights } from '../graph/passes/stored-weights.js';
import { InferenceSession } from './onnx-runtime.js';

/** Options of ONNX Runtime; `extra` has no `session` of its own. */
export type SessionOptions = InferenceSession.SessionOptions;

/** A graph as ONNX Runtime opens it. */
export const encodeForSession = (graph: Graph) => encodeGraph(withStoredWeights(graph));

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
