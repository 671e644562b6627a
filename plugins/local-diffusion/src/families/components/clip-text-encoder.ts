import type { Component } from '../../checkpoint/component.js';
import { penultimateTextEncoderDialect, textEncoderDialect } from '../../exported/dialects.js';
import { exportedPenultimateTextEncoder, exportedTextEncoder } from '../../exported/exported-text.js';
import { type ClipTextOptions, clipTextGraph } from '../../networks/clip/clip-text.js';
import { readClipTextConfig } from '../../networks/clip/clip-text-config.js';
import type { EmbeddingRows } from '../../prompt/embedding-rows.js';
import type { TextEncoder } from '../../prompt/text-encoding.js';
import type { NetworkPlace } from '../../session/network-group.js';
import type { StoredNetwork } from '../../session/stored-network.js';
import type { ClipTokenizer } from '../../tokenizers/clip-tokenizer.js';
import { openClipTokenizer } from '../../tokenizers/open-clip-tokenizer.js';
import type { ComponentKind } from '../component-kind.js';
import type { Tensors } from '../single-file-layout.js';
import { clipTensors } from './original-text-names.js';

/** Which of CLIP's hidden states a family reads. */
export interface ClipTextReading {
  /** Folder of its tokenizer in a diffusers checkpoint. */
  readonly tokenizer: string;
  /**
   * `last`: those after the final norm. `penultimate`: those before the last layer, without a norm, and the
   * projection if there is one.
   */
  readonly states: 'last' | 'penultimate';
}

/** transformers' `CLIPTextModel` and `CLIPTextModelWithProjection`. */
export function clipTextKind({ tokenizer, states }: ClipTextReading): ComponentKind<TextEncoder> {
  const isLast = states === 'last';
  return {
    named: namedClipTensors,
    async mount(component, site) {
      const opened = await openClipTokenizer(site.tokenizer(tokenizer));
      return isLast
        ? mountTextEncoder(component, opened, site.networks)
        : mountPenultimateTextEncoder(component, opened, site.networks);
    },
    exported: {
      folders: (name) => [name, tokenizer],
      requiredFiles: (name) => [`${name}/model.onnx`, `${tokenizer}/merges.txt`, `${tokenizer}/vocab.json`],
      async open(name, site) {
        const network = await site.network(name, isLast ? textEncoderDialect : penultimateTextEncoderDialect);
        const opened = await openClipTokenizer(site.tokenizer(tokenizer));
        return isLast
          ? exportedTextEncoder(network, opened)
          : exportedPenultimateTextEncoder(network, opened);
      },
    },
  };
}

/** CLIP for families that read its pooled text alone: the last state of the end token. */
export const pooledClipTextKind = (tokenizer: string): ComponentKind<TextEncoder> => ({
  named: namedClipTensors,
  mount: async (component, { tokenizer: placeOf, networks }) =>
    mountPooledTextEncoder(component, await openClipTokenizer(placeOf(tokenizer)), networks),
});

/** transformers 5 writes `CLIPTextModel` without `text_model`. */
const namedClipTensors = (tensors: Tensors): Tensors =>
  tensors.has('embeddings.token_embedding.weight') ? clipTensors(tensors) : tensors;

type Ids = readonly (readonly number[])[];
type ExtraRows = Pick<EmbeddingRows, 'rows' | 'shape'>;

const inputOf = (ids: Ids, extra: ExtraRows | undefined) => ({
  input_ids: { data: BigInt64Array.from(ids.flat(), BigInt), shape: [ids.length, ids[0]?.length ?? 0] },
  ...(extra && { extra_rows: { data: extra.rows, shape: extra.shape } }),
});

/** Networks of a text encoder by the options of their graphs. */
function networksOf(component: Component, networks: NetworkPlace) {
  const known = new Map<string, StoredNetwork>();
  return (options: ClipTextOptions): StoredNetwork => {
    const key = JSON.stringify(options);
    const network = known.get(key) ?? networks.add(clipTextGraph(component, options));
    known.set(key, network);
    return network;
  };
}

/** Adds a text encoder to a model's networks that gives the last hidden states, after the final norm. */
export function mountTextEncoder(
  component: Component,
  tokenizer: ClipTokenizer,
  networks: NetworkPlace,
): TextEncoder {
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

/** The last states, and the pooled one of each text. */
function mountPooledTextEncoder(
  component: Component,
  tokenizer: ClipTokenizer,
  networks: NetworkPlace,
): TextEncoder {
  const { vocabularySize, width } = readClipTextConfig(component);
  const network = networks.add(clipTextGraph(component));
  return {
    tokenizer,
    table: { vocabularySize, width },
    projection: { width },
    async encode(ids) {
      const input = inputOf(ids, undefined);
      const { last_hidden_state, pooler_output } = await network.run(input, [
        'last_hidden_state',
        'pooler_output',
      ]);
      return { hidden: last_hidden_state, shape: [...input.input_ids.shape, width], pooled: pooler_output };
    },
  };
}

/** The hidden states before the last layer, without a norm, and the projection if the encoder has one. */
function mountPenultimateTextEncoder(
  component: Component,
  tokenizer: ClipTokenizer,
  networks: NetworkPlace,
): TextEncoder {
  const { vocabularySize, width, layers, projectionWidth } = readClipTextConfig(component);
  const withOptions = networksOf(component, networks);
  const network = (extraRows: boolean) => withOptions({ hiddenStates: true, extraRows });
  network(false);
  return {
    tokenizer,
    table: { vocabularySize, width },
    ...(projectionWidth !== undefined && { projection: { width: projectionWidth } }),
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
