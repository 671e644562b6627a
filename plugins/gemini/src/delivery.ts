import { EaselError } from '@easel/plugin-sdk';
import type { Config, Delivery, Options } from './settings.js';
import { turnId } from './turns.js';

type Asked = Pick<Options, 'delivery' | 'previousTurn' | 'interactions'>;

const field = 'providerOptions.gemini.delivery';

/**
 * Which way a call takes.
 *
 * @throws ERR_REQUEST_INVALID where the call asks for another way than that of the image that it goes on
 * from, or for one that Vertex AI has not
 */
export function deliveryOf(asked: Asked, config: Pick<Config, 'api' | 'delivery'>): Delivery {
  const delivery = wayOf(asked, config);
  if (config.api === 'gemini' || delivery === 'direct') return delivery;
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    field,
    message: `delivery: with an API key Vertex AI makes pictures directly alone, and not by "${delivery}".`,
    hint: 'Leave delivery out, and an id of a turn that the Gemini API has given.',
  });
}

/**
 * One that goes on from an earlier image takes a way on which that is known: Google knows what was made in
 * the background, this machine the rest.
 */
function wayOf(
  { delivery: asked, previousTurn, interactions }: Asked,
  { api, delivery }: Pick<Config, 'api' | 'delivery'>,
): Delivery {
  const usual = delivery ?? (interactions && api === 'gemini' ? 'background' : 'direct');
  if (previousTurn === undefined) return asked ?? usual;
  const isKeptHere = turnId.safeParse(previousTurn).success;
  const fits = (way: Delivery) => (way === 'background') !== isKeptHere;
  if (asked !== undefined && !fits(asked))
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      field,
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
