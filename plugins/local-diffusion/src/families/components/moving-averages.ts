/**
 * How Stable Diffusion's training keeps the moving averages (EMA) of its denoising network: `LitEma` in
 * CompVis's `ldm/modules/ema.py`.
 */
const prefix = 'model_ema.diffusion_model';
const ownPrefix = 'model.diffusion_model.';

/** Words of the UNet's names, the longer of two that begin alike first. */
const words = [
  ...[
    'input_blocks',
    'output_blocks',
    'middle_block',
    'transformer_blocks',
    'time_embed',
    'label_emb',
    'cond_proj',
  ],
  ...[
    'in_layers',
    'out_layers',
    'emb_layers',
    'skip_connection',
    'proj_in',
    'proj_out',
    'proj',
    'conv',
    'op',
  ],
  ...['attn1', 'attn2', 'to_q', 'to_k', 'to_v', 'to_out', 'ff', 'net', 'norm[123]', 'norm', 'out'],
  ...['weight', 'bias', '\\d+'],
];
const wordPattern = new RegExp(words.join('|'), 'g');

/** Words that two numbers follow, the second of one digit: a block, and a part of it. */
const numberedTwice = /^(input_blocks|output_blocks|label_emb)$/;

/**
 * The names that moving averages would have as weights, by those that they have in a file, which lack the
 * dots.
 *
 * @returns none where the file has the weights themselves
 */
export function movingAverageNames(names: readonly string[]): ReadonlyMap<string, string> {
  if (names.some((name) => name.startsWith(ownPrefix))) return new Map();
  return new Map(
    names.flatMap((name) => {
      const own = name.startsWith(prefix) ? withDots(name.slice(prefix.length)) : undefined;
      return own === undefined ? [] : [[name, `${ownPrefix}${own}`]];
    }),
  );
}

function withDots(name: string): string | undefined {
  const found = name.match(wordPattern) ?? [];
  if (found.join('') !== name) return undefined;
  return found
    .flatMap((word, index) =>
      numberedTwice.test(found[index - 1] ?? '') ? [word.slice(0, -1), word.slice(-1)] : [word],
    )
    .join('.');
}
