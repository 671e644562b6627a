import { EaselError } from '@easel/plugin-sdk';
import type { Config, Delivery, Options } from './settings.js';
import { turnId } from './turns.js';

/**
 * Which way a call takes. One that goes on from an earlier image takes a way on which that is known: Google
 * knows what was made in the background, this machine the rest.
 *
 * @throws ERR_REQUEST_INVALID where the call asks for another way than that of the image
 */
export function deliveryOf(
  {
    delivery: asked,
    previousTurn,
    interactions,
  }: Pick<Options, 'delivery' | 'previousTurn' | 'interactions'>,
  { delivery: usual = interactions ? 'background' : 'direct' }: Pick<Config, 'delivery'>,
): Delivery {
  if (previousTurn === undefined) return asked ?? usual;
  const isKeptHere = turnId.safeParse(previousTurn).success;
  const fits = (delivery: Delivery) => (delivery === 'background') !== isKeptHere;
  if (asked !== undefined && !fits(asked))
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      field: 'providerOptions.gemini.delivery',
      message: `delivery: previousTurn was ${isKeptHere ? 'not ' : ''}made in the background, and ${asked} cannot go on from it.`,
      hint: 'Leave delivery out: the call then takes the way of the image that it goes on from.',
    });
  if (asked !== undefined) return asked;
  if (fits(usual)) return usual;
  return isKeptHere ? 'direct' : 'background';
}

/**
 * Whether Google has refused to make pictures of a model in the background; nothing of that is paid. No page
 * says which image models it takes there.
 */
export const isRefusedInBackground = (error: unknown): boolean =>
  EaselError.isInstance(error) &&
  (error.code === 'ERR_REQUEST_INVALID' || error.code === 'ERR_MODEL_UNKNOWN') &&
  error.mayBePaid !== true &&
  /\bbackground\b|\binteractions?\b/i.test(error.message);
