import { EaselError, type HubSource } from '@easel/plugin-sdk';

/** The file that tells a folder's pipeline and its parts; an install puts it in its place last. */
export const modelIndexName = 'model_index.json';

/** What a checker of pictures would need is left where it is. */
const unused = new Set(['safety_checker', 'feature_extractor', 'image_encoder']);

/** Folders of a model in diffusers' layout that are needed to run it, by its parsed `model_index.json`. */
export const partsOf = (index: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(index)
    .filter(([name, value]) => !name.startsWith('_') && !unused.has(name) && Array.isArray(value))
    .filter(([, value]) => (value as unknown[])[1] !== null)
    .map(([name]) => name);

/** What exporters to ONNX make of one part. An index may name the part, or what was made of it. */
const halves: Readonly<Record<string, readonly string[]>> = { vae: ['vae_decoder', 'vae_encoder'] };

/** Folders that a part may be in, the part's own first. */
export const foldersOf = (part: string): readonly string[] => [part, ...(halves[part] ?? [])];

/** Throws ERR_MODEL_FILES_INVALID for what is not an index, or names nothing that a model is made of. */
export function parseModelIndex({ repository }: HubSource, text: string): Record<string, unknown> {
  let index: unknown;
  try {
    index = JSON.parse(text);
  } catch {
    // Told below.
  }
  if (typeof index === 'object' && index !== null && partsOf({ ...index }).length > 0) return { ...index };
  throw new EaselError({
    code: 'ERR_MODEL_FILES_INVALID',
    message: `The ${modelIndexName} of ${repository} lists no parts of a model.`,
    hint: 'Use another repository or revision, or name one of its .safetensors files: organisation/name:file.',
  });
}
