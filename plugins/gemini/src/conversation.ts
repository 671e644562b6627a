import type { GenerationRequest, Image } from '@easel/plugin-sdk';
import type { Content } from '@google/genai';
import type { ModelAnswer } from './answer.js';
import type { PictureRequest } from './contents.js';
import type { Options } from './settings.js';
import type { Turns } from './turns.js';

/** What a call goes on from, and what others can go on from. */
export interface Conversation {
  /** What was said before. */
  readonly history: readonly Content[];
  /** Keeps what was asked and answered, if others are to go on from it. */
  keep(asked: PictureRequest, answer: ModelAnswer, images: readonly Image[]): Promise<void>;
  /** The ids of the turns that images came of, in their order, for what they tell of themselves. */
  turnsOf(images: readonly Image[]): { readonly turns?: (string | null)[] };
}

/**
 * Reads what a call goes on from.
 *
 * @throws ERR_REQUEST_INVALID where that is not there any more
 */
export async function openConversation(
  turns: Turns,
  { model }: Pick<GenerationRequest, 'model'>,
  { previousTurn: previous, keepTurn = previous !== undefined }: Options,
): Promise<Conversation> {
  const id = model.source.type === 'provider' ? model.source.id : '';
  const kept = new Map<Image, string>();
  return {
    history: await turns.read(previous, id),
    async keep({ contents }, answer, images) {
      const user = contents.at(-1);
      if (!keepTurn || !user) return;
      const turn = await turns.keep({ model: id, previous, user }, answer);
      if (turn !== undefined) for (const image of images) kept.set(image, turn);
    },
    turnsOf: (images) => (keepTurn ? { turns: images.map((image) => kept.get(image) ?? null) } : {}),
  };
}
