import { type HiddenState, qwenTextGraph } from '../../networks/qwen/qwen-text.js';
import { type QwenTextConfig, readQwenTextConfig } from '../../networks/qwen/qwen-text-config.js';
import type { ChatEncoder } from '../../prompt/chat-texts.js';
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

/** transformers' `Qwen3ForCausalLM`, of which no text is sampled, and `Qwen3Model`. */
export const qwenTextKind = ({ tokenizer, states: statesOf }: QwenReading): ComponentKind<ChatEncoder> => ({
  // `Qwen3Model`, which is saved without what it would answer by.
  named: (tensors) =>
    tensors.has('embed_tokens.weight') ? renamed(tensors, (name) => `model.${name}`) : tensors,
  async mount(component, { networks, tokenizer: placeOf }) {
    const config = readQwenTextConfig(component);
    const states = statesOf(config);
    const opened = await openByteLevelTokenizer(placeOf(tokenizer));
    const network = networks.add(qwenTextGraph(component, { states }));
    return {
      tokenizer: opened,
      width: states.length * config.width,
      async encode(ids, used) {
        const shape = [ids.length, ids[0]?.length ?? 0];
        const mask = ids.flatMap((row, index) => row.map((_, token) => (token < used[index]! ? 1n : 0n)));
        const feeds = {
          input_ids: { data: BigInt64Array.from(ids.flat(), BigInt), shape },
          attention_mask: { data: BigInt64Array.from(mask), shape },
        };
        return (await network.run(feeds, ['hidden_states'])).hidden_states;
      },
    };
  },
});
