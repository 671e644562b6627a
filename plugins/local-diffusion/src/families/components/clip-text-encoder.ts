import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Component } from '../../checkpoint/component.js';
import { readText } from '../../checkpoint/read-file.js';
import type { TextPart } from '../../models/open-model.js';
import { type ClipTextOptions, clipTextGraph } from '../../networks/clip/clip-text.js';
import { readClipTextConfig } from '../../networks/clip/clip-text-config.js';
import type { EmbeddingRows } from '../../prompt/embedding-rows.js';
import type { TextEncoder } from '../../prompt/text-encoding.js';
import type { NetworkGroup } from '../../session/network-group.js';
import type { StoredNetwork } from '../../session/stored-network.js';
import { type ClipTokenizer, createClipTokenizer } from '../../tokenizers/clip-tokenizer.js';

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

type Ids = readonly (readonly number[])[];
type ExtraRows = Pick<EmbeddingRows, 'rows' | 'shape'>;

const inputOf = (ids: Ids, extra: ExtraRows | undefined) => ({
  input_ids: { data: BigInt64Array.from(ids.flat(), BigInt), shape: [ids.length, ids[0]?.length ?? 0] },
  ...(extra && { extra_rows: { data: extra.rows, shape: extra.shape } }),
});

/** Networks of a text encoder by the options of their graphs. */
function networksOf(component: Component, networks: NetworkGroup) {
  const known = new Map<string, StoredNetwork>();
  return (options: ClipTextOptions): StoredNetwork => {
    const key = JSON.stringify(options);
    const network = known.get(key) ?? networks.add(clipTextGraph(component, options));
    known.set(key, network);
    return network;
  };
}

/** A text encoder as Stable Diffusion 1.x and 2.x use it: the last hidden states, after the final norm. */
export function addTextEncoder({ component, tokenizer }: TextPart, networks: NetworkGroup): TextEncoder {
  const { vocabularySize, width } = readClipTextConfig(component);
  const withOptions = networksOf(component, networks);
  const network = (clipSkip: number, extraRows: boolean) => withOptions({ clipSkip, extraRows });
  network(0, false);
  return {
    tokenizer,
    table: { vocabularySize, width },
    async encode(ids, clipSkip, extra) {
      const input = inputOf(ids, extra);
      const encoder = network(clipSkip, extra !== undefined);
      const { last_hidden_state } = await encoder.run(input, ['last_hidden_state']);
      return { hidden: last_hidden_state, shape: [...input.input_ids.shape, width] };
    },
  };
}

/** A text encoder as SDXL uses it: the hidden states before the last layer, without a norm, and the projection if it has one. */
export function addPenultimateTextEncoder(
  { component, tokenizer }: TextPart,
  networks: NetworkGroup,
): TextEncoder {
  const { vocabularySize, width, layers, projectionWidth } = readClipTextConfig(component);
  const withOptions = networksOf(component, networks);
  const network = (extraRows: boolean) => withOptions({ hiddenStates: true, extraRows });
  network(false);
  return {
    tokenizer,
    table: { vocabularySize, width },
    async encode(ids, clipSkip, extra) {
      const input = inputOf(ids, extra);
      const states = `hidden_states.${Math.max(0, layers - 1 - clipSkip)}`;
      const wanted = projectionWidth === undefined ? [states] : [states, 'text_embeds'];
      const outputs = await network(extra !== undefined).run(input, wanted);
      return {
        hidden: outputs[states]!,
        shape: [...input.input_ids.shape, width],
        pooled: projectionWidth === undefined ? undefined : outputs.text_embeds,
      };
    },
  };
}
