import type { Conditioning } from '../../pipelines/diffusion-model.js';
import type { Feed } from '../../session/network.js';
import { firstTokens } from './packed-latents.js';

/**
 * One prediction for a batch whose texts have several lengths, by a network without a mask: images that
 * follow one another and whose texts have as many tokens go through it together.
 *
 * @param conditioning with `encoder_hidden_states` [batch, tokens, width], filled up, and `text_lengths`
 * [batch]; each input one row an image
 * @param predict likewise, of texts that are not filled up
 */
export async function predictByTextLength(
  latents: Feed,
  { text_lengths: lengths, ...conditioning }: Conditioning,
  predict: (latents: Feed, conditioning: Conditioning) => Promise<Float32Array>,
): Promise<Float32Array> {
  const made = new Float32Array(latents.data.length);
  const size = latents.data.length / latents.shape[0]!;
  for (const { first, count, length } of runsOf(lengths!.data as Float32Array)) {
    const rows = Object.entries(conditioning).map(([name, feed]) => [name, rowsOf(feed, first, count)]);
    const { encoder_hidden_states: text, ...own } = Object.fromEntries(rows) as Conditioning;
    const told = { ...own, encoder_hidden_states: cutTokens(text!, length) };
    made.set(await predict(rowsOf(latents, first, count), told), first * size);
  }
  return made;
}

/** The first tokens of each row. */
export function cutTokens(
  { data, shape: [batch = 0, all = 0, perToken = 0] }: Feed,
  tokens: number,
): Feed & { readonly data: Float32Array } {
  const kept = firstTokens(data as Float32Array, { batch, all, tokens, perToken });
  return { data: kept, shape: [batch, tokens, perToken] };
}

/** Images that follow one another and whose texts have as many tokens. */
function runsOf(lengths: Float32Array): { first: number; count: number; readonly length: number }[] {
  const runs: { first: number; count: number; readonly length: number }[] = [];
  for (const [index, length] of lengths.entries()) {
    const last = runs.at(-1);
    if (last?.length === length) last.count += 1;
    else runs.push({ first: index, count: 1, length });
  }
  return runs;
}

function rowsOf({ data, shape }: Feed, first: number, count: number): Feed {
  const size = data.length / shape[0]!;
  return {
    data: data.subarray(first * size, (first + count) * size) as Float32Array,
    shape: [count, ...shape.slice(1)],
  };
}
