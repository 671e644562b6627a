import { z } from 'zod';
import { readImageTexts } from '../../results/image-texts.js';
import { parseParametersText } from '../../results/parameters-text.js';
import { HttpError } from '../errors.js';

export const pngInfoSchema = z.looseObject({
  image: z.string().min(1).describe('Base64, or a data URL with it.'),
});

/**
 * What an image tells of how it was made, as Automatic1111 answers it: the text, all texts, and the text taken apart.
 *
 * @throws HttpError 400 for what is no PNG, JPEG or WebP file
 */
export function pngInfoOf(image: string): { info: string; items: object; parameters: object } {
  const bytes = Buffer.from(image.replace(/^data:[^,]{0,100};base64,/, ''), 'base64');
  let items: Record<string, string>;
  try {
    items = Object.fromEntries(readImageTexts(bytes));
  } catch (error) {
    throw new HttpError(400, 'invalid_image', `image: ${(error as Error).message}`, { param: 'image' });
  }
  const { parameters: info = '' } = items;
  if (info === '') return { info, items, parameters: {} };
  const { prompt, negativePrompt, values } = parseParametersText(info);
  const parameters = { Prompt: prompt, 'Negative prompt': negativePrompt, ...Object.fromEntries(values) };
  return { info, items, parameters };
}
