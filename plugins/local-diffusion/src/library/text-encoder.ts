import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readText } from '../checkpoint/read-file.js';
import { clipTextGraph } from '../networks/clip-text.js';
import { readClipTextConfig } from '../networks/clip-text-config.js';
import type { TextEncoder } from '../pipelines/text-encoding.js';
import { type ClipTokenizer, createClipTokenizer } from '../prompt/tokenizer.js';
import type { Network } from '../runtime/network.js';
import type { NetworkGroup } from '../runtime/network-group.js';
import type { TextPart } from './open-model.js';

/** Opens a `tokenizer/` folder. Throws ERR_MODEL_FILES_INVALID naming the file that is missing or damaged. */
export async function openTokenizer(folder: string): Promise<ClipTokenizer> {
  const optional = (name: string) => readFile(join(folder, name), 'utf8').catch(() => undefined);
  return createClipTokenizer({
    'vocab.json': await readText(join(folder, 'vocab.json')),
    'merges.txt': await readText(join(folder, 'merges.txt')),
    'tokenizer_config.json': await optional('tokenizer_config.json'),
    'special_tokens_map.json': await optional('special_tokens_map.json'),
  });
}

const inputOf = (ids: readonly (readonly number[])[]) => ({
  input_ids: { data: BigInt64Array.from(ids.flat(), BigInt), shape: [ids.length, ids[0]?.length ?? 0] },
});

/** A text encoder as Stable Diffusion 1.x and 2.x use it: the last hidden states, after the final norm. */
export async function openTextEncoder(
  { component, tokenizer }: TextPart,
  networks: NetworkGroup,
): Promise<TextEncoder> {
  const { width } = readClipTextConfig(component);
  /** Leaving layers out is another graph; the usual one is opened at once, others when they are first asked for. */
  const byClipSkip = new Map<number, () => Promise<Network>>();
  const network = (clipSkip: number) => {
    const known = byClipSkip.get(clipSkip) ?? networks.lazy(() => clipTextGraph(component, { clipSkip }));
    byClipSkip.set(clipSkip, known);
    return known();
  };
  await network(0);
  return {
    tokenizer,
    async encode(ids, clipSkip) {
      const input = inputOf(ids);
      const { last_hidden_state } = await (await network(clipSkip)).run(input, ['last_hidden_state']);
      return { hidden: last_hidden_state, shape: [...input.input_ids.shape, width] };
    },
  };
}

/** A text encoder as SDXL uses it: the hidden states before the last layer, without a norm, and the projection if it has one. */
export async function openPenultimateTextEncoder(
  { component, tokenizer }: TextPart,
  networks: NetworkGroup,
): Promise<TextEncoder> {
  const { width, layers, projectionWidth } = readClipTextConfig(component);
  const network = await networks.open(clipTextGraph(component, { hiddenStates: true }));
  return {
    tokenizer,
    async encode(ids, clipSkip) {
      const input = inputOf(ids);
      const states = `hidden_states.${Math.max(0, layers - 1 - clipSkip)}`;
      const outputs = await network.run(
        input,
        projectionWidth === undefined ? [states] : [states, 'text_embeds'],
      );
      return {
        hidden: outputs[states]!,
        shape: [...input.input_ids.shape, width],
        pooled: projectionWidth === undefined ? undefined : outputs.text_embeds,
      };
    },
  };
}
