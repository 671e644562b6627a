import type { InputImage, Warning } from '@easel/plugin-sdk';
import { colourOf, maskOfOpacity, opacityOf } from '../alpha-mask.js';

/**
 * A mask of OpenAI's API, which is transparent where it is to be painted, in the contract's sense. One
 * without any transparency is taken for a mask whose white part is to be painted, as most other programs make
 * them, with a warning.
 */
export async function readOpenAiMask(given: InputImage): Promise<{ mask: InputImage; warnings: Warning[] }> {
  const opacity = await opacityOf(given);
  if (!opacity || opacity.min === 255) {
    const { min, max } = await colourOf(given);
    const isPlain = opacity !== undefined && min === max;
    const mask = isPlain ? await maskOfOpacity(given, 'clear') : given;
    return {
      mask,
      warnings: isPlain ? [] : [warn('has no transparent part: what is white in it was painted')],
    };
  }
  const warnings =
    opacity.max === 0 ? [warn('is transparent everywhere: the whole image was painted anew')] : [];
  return { mask: await maskOfOpacity(given, 'clear'), warnings };
}

const warn = (what: string): Warning => ({
  code: 'other',
  parameter: 'mask',
  message: `mask ${what}. OpenAI's masks are transparent where the image is to be painted.`,
});
