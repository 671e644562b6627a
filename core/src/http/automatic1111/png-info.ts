import { z } from 'zod';
import { objectOf } from '../../results/foreign/flat-settings.js';
import { readForeignTexts } from '../../results/foreign/index.js';
import { readImageTexts } from '../../results/image-texts.js';
import { printParametersText } from '../../results/parameters-text.js';
import { HttpError } from '../errors.js';

export const pngInfoSchema = z.looseObject({
  image: z.string().min(1).describe('Base64, or a data URL with it.'),
});

/**
 * What an image tells of how it was made, as Automatic1111 answers it: the text, all texts, and the text
 * taken apart. What other programs have written is put into Automatic1111's words.
 *
 * @throws HttpError 400 for what is no PNG, JPEG, WebP or AVIF file
 */
export function pngInfoOf(image: string): { info: string; items: object; parameters: object } {
  const bytes = Buffer.from(image.replace(/^data:[^,]{0,100};base64,/, ''), 'base64');
  let texts: ReadonlyMap<string, string>;
  try {
    texts = readImageTexts(bytes);
  } catch (error) {
    throw new HttpError(400, 'invalid_image', `image: ${(error as Error).message}`, { param: 'image' });
  }
  const items = Object.fromEntries(texts);
  const { parameters: info = '' } = items;
  const told = readForeignTexts(texts);
  if (!told) return { info, items, parameters: {} };
  const { prompt, negativePrompt, values } = told;
  const parameters = { Prompt: prompt, 'Negative prompt': negativePrompt, ...Object.fromEntries(values) };
  const isForeign = info === '' || objectOf(info) !== undefined;
  return { info: isForeign ? printParametersText(told) : info, items, parameters };
}
