import { EaselError } from '@easel/plugin-sdk';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import type { TextEncoder } from '../prompt/text-encoding.js';
import type { ClipTokenizer } from '../tokenizers/clip-tokenizer.js';
import type { ExportedNetwork } from './exported-network.js';

/**
 * An exported text encoder: its last hidden states only, so that it can leave out no layers and learn no
 * words.
 */
export function exportedTextEncoder(network: ExportedNetwork, tokenizer: ClipTokenizer): TextEncoder {
  return {
    tokenizer,
    async encode(ids, clipSkip, extra) {
      if (clipSkip > 0) throw inOnePiece();
      if (extra) throw cannotGrow();
      const { data, shape } = await network.run(inputOf(ids), 'last_hidden_state');
      return { hidden: data, shape };
    },
  };
}

/**
 * An exported text encoder that gives the hidden states before its last layer, and the projection where it
 * has one.
 *
 * @throws ERR_MODEL_FILES_INVALID for one that gives its last states only
 */
export function exportedPenultimateTextEncoder(
  network: ExportedNetwork,
  tokenizer: ClipTokenizer,
): TextEncoder {
  const { outputNames } = network;
  // By their numbers; the first are the embeddings of the tokens.
  const states = outputNames
    .flatMap((name) => /^hidden_states\.(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((one, other) => one - other);
  if (states.length < 2 && !outputNames.includes('hidden_states')) {
    throw invalidFiles(
      `${network.file} gives ${outputNames.join(', ')}, and no hidden states but the last ones; its family reads those before.`,
      'Export the model with optimum, which gives all hidden states.',
    );
  }
  const hasProjection = outputNames.includes('text_embeds');
  return {
    tokenizer,
    ...(hasProjection && { projection: {} }),
    async encode(ids, clipSkip, extra) {
      if (extra) throw cannotGrow();
      if (clipSkip > 0 && states.length < 2) throw inOnePiece();
      const number = states[Math.max(0, states.length - 2 - clipSkip)];
      const hidden = states.length < 2 ? 'hidden_states' : `hidden_states.${number}`;
      const wanted = hasProjection ? [hidden, 'text_embeds'] : [hidden];
      const [own, pooled] = await network.runFor(inputOf(ids), wanted);
      return { hidden: own!.data, shape: own!.shape, pooled: pooled?.data };
    },
  };
}

const inputOf = (ids: readonly (readonly number[])[]) => ({
  input_ids: { data: BigInt64Array.from(ids.flat(), BigInt), shape: [ids.length, ids[0]?.length ?? 0] },
});

const inOnePiece = () => refusal('clipSkip: this exported text encoder has all of its layers in one piece.');
const cannotGrow = () =>
  refusal('textualInversions: an exported text encoder has a vocabulary that cannot grow.');

const refusal = (message: string) =>
  new EaselError({
    code: 'ERR_REQUEST_INVALID',
    message,
    hint: 'Leave it out, or use the model as .safetensors.',
  });
