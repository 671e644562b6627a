import { EaselError } from '@easel/plugin-sdk';
import type { TextEncoder } from '../../pipelines/text-encoding.js';
import type { ClipTokenizer } from '../../prompt/tokenizer.js';
import type { ExportedNetwork } from './exported-network.js';

/** An exported text encoder: its last hidden states only, so that it can leave out no layers and learn no words. */
export function exportedTextEncoder(network: ExportedNetwork, tokenizer: ClipTokenizer): TextEncoder {
  return {
    tokenizer,
    async encode(ids, clipSkip, extra) {
      if (clipSkip > 0) refuse('clipSkip: an exported text encoder has all of its layers in one piece.');
      if (extra) refuse('textualInversions: an exported text encoder has a vocabulary that cannot grow.');
      const shape = [ids.length, ids[0]?.length ?? 0];
      const output = await network.run({
        input_ids: { data: BigInt64Array.from(ids.flat(), BigInt), shape },
      });
      return { hidden: output.data, shape: output.shape };
    },
  };
}

function refuse(message: string): never {
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    message,
    hint: 'Leave it out, or use the model as .safetensors.',
  });
}
