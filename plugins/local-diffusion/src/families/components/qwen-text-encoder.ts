import { type HiddenState, qwenTextGraph } from '../../networks/qwen/qwen-text.js';
import { type QwenTextConfig, readQwenTextConfig } from '../../networks/qwen/qwen-text-config.js';
import type { ChatEncoder } from '../../prompt/chat-texts.js';
import type { StoredNetwork } from '../../session/stored-network.js';
import { openByteLevelTokenizer } from '../../tokenizers/byte-level/open-byte-level-tokenizer.js';
import type { ComponentKind } from '../component-kind.js';
import { renamed } from './renamed-tensors.js';

/** What a family reads of the text model. */
export interface QwenReading {
  /** Folder of its tokenizer in a diffusers checkpoint. */
  readonly tokenizer: string;
  /** The states of a token that are read, side by side. */
  states(config: QwenTextConfig): readonly HiddenState[];
}

/** A text model of which other states can be read than those that its family reads. */
export interface LayeredEncoder extends ChatEncoder {
  readonly states: {
    readonly read: readonly HiddenState[];
    /** How many layers there are. */
    readonly layers: number;
  };
  /** @param states read in place of the family's */
  encode(
    ids: readonly (readonly number[])[],
    used: readonly number[],
    states?: readonly HiddenState[],
  ): Promise<Float32Array>;
}

/** transformers' `Qwen3ForCausalLM`, of which no text is sampled, and `Qwen3Model`. */
export const qwenTextKind = ({
  tokenizer,
  states: statesOf,
}: QwenReading): ComponentKind<LayeredEncoder> => ({
  // `Qwen3Model`, which is saved without what it would answer by.
  named: (tensors) =>
    tensors.has('embed_tokens.weight') ? renamed(tensors, (name) => `model.${name}`) : tensors,
  async mount(component, { networks, tokenizer: placeOf }) {
    const config = readQwenTextConfig(component);
    const trained = statesOf(config);
    const opened = await openByteLevelTokenizer(placeOf(tokenizer));
    const known = new Map<string, StoredNetwork>();
    const network = (states: readonly HiddenState[]) => {
      const made = known.get(states.join()) ?? networks.add(qwenTextGraph(component, { states }));
      known.set(states.join(), made);
      return made;
    };
    network(trained);
    return {
      tokenizer: opened,
      width: trained.length * config.width,
      states: { read: trained, layers: config.layers },
      async encode(ids, used, states = trained) {
        const shape = [ids.length, ids[0]?.length ?? 0];
        const mask = ids.flatMap((row, index) => row.map((_, token) => (token < used[index]! ? 1n : 0n)));
        const feeds = {
          input_ids: { data: BigInt64Array.from(ids.flat(), BigInt), shape },
          attention_mask: { data: BigInt64Array.from(mask), shape },
        };
        return (await network(states).run(feeds, ['hidden_states'])).hidden_states;
      },
    };
  },
});
