import { readT5Config } from '../../networks/t5/t5-config.js';
import { t5EncoderGraph } from '../../networks/t5/t5-encoder.js';
import type { T5Encoder } from '../../prompt/t5-texts.js';
import type { StoredNetwork } from '../../session/stored-network.js';
import { openT5Tokenizer } from '../../tokenizers/unigram/open-t5-tokenizer.js';
import type { ComponentKind } from '../component-kind.js';

/**
 * transformers' `T5EncoderModel`.
 *
 * @param tokenizer folder of its tokenizer in a diffusers checkpoint
 */
export const t5TextKind = (tokenizer: string): ComponentKind<T5Encoder> => ({
  async mount(component, { networks, tokenizer: placeOf }) {
    const { width } = readT5Config(component);
    const opened = await openT5Tokenizer(placeOf(tokenizer));
    const known = new Map<boolean, StoredNetwork>();
    const network = (masked: boolean) => {
      const made = known.get(masked) ?? networks.add(t5EncoderGraph(component, { masked }));
      known.set(masked, made);
      return made;
    };
    return {
      tokenizer: opened,
      width,
      async encode(ids, used) {
        const shape = [ids.length, ids[0]?.length ?? 0];
        const feeds = {
          input_ids: { data: BigInt64Array.from(ids.flat(), BigInt), shape },
          ...(used && { attention_mask: { data: maskOf(ids, used), shape } }),
        };
        return (await network(used !== undefined).run(feeds, ['last_hidden_state'])).last_hidden_state;
      },
    };
  },
});

const maskOf = (ids: readonly (readonly number[])[], used: readonly number[]): BigInt64Array =>
  BigInt64Array.from(ids.flatMap((row, index) => row.map((_, token) => (token < used[index]! ? 1n : 0n))));
