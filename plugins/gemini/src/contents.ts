import { EaselError, type GenerationRequest } from '@easel/plugin-sdk';
import type { Content, GenerateContentParameters, Part } from '@google/genai';
import type { ImageConfig } from './image-config.js';
import type { Options } from './settings.js';

/** Bytes of a request with pictures in it: ai.google.dev/gemini-api/docs/file-input-methods, since 2026. */
export const mostBytes = 100_000_000;

/** The prompt, and what was said before it. */
export interface Said {
  readonly prompt: string;
  /** Its images, each as a part of the request. */
  readonly inputs: readonly Part[];
  /** Absent: nothing. */
  readonly history?: readonly Content[];
}

export type PictureRequest = Omit<GenerateContentParameters, 'contents'> & { contents: Content[] };

const lengthOf = ({ parts = [] }: Content) =>
  parts.reduce(
    (total, { text = '', inlineData }) => total + text.length + (inlineData?.data?.length ?? 0),
    0,
  );

/** Google refuses a level that a model does not take; which it takes stands in its catalogue file. */
function checkThinkingLevel(model: string, { thinkingLevel, thinkingLevels }: Options): void {
  if (thinkingLevel === undefined || !thinkingLevels || thinkingLevels.includes(thinkingLevel)) return;
  const known = thinkingLevels.length === 0 ? 'it takes none' : `it takes ${thinkingLevels.join(', ')}`;
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    field: 'providerOptions.gemini.thinkingLevel',
    message: `thinkingLevel: ${model} does not take ${thinkingLevel}; ${known}.`,
    hint: 'Leave thinkingLevel out, or name one that the model takes.',
  });
}

/**
 * The request for one picture. Throws ERR_REQUEST_INVALID where its input pictures are too large to be sent,
 * or the model does not take the level of thinking.
 */
export function pictureRequest(
  { model }: Pick<GenerationRequest, 'model'>,
  { prompt, inputs, history = [] }: Said,
  imageConfig: ImageConfig,
  options: Options,
): PictureRequest {
  const user = { role: 'user', parts: [{ text: prompt }, ...inputs] };
  const contents = [...history, user];
  const bytes = contents.reduce((total, content) => total + lengthOf(content), 0);
  if (bytes > mostBytes)
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      field: 'inputImages',
      message: `inputImages: they make a request of ${bytes} bytes; Google takes ${mostBytes}.`,
      hint: 'Send smaller pictures, or JPEG instead of PNG; or begin a new conversation, in the background or without keepTurn.',
    });
  const { temperature, topP, thinkingLevel, serviceTier, systemInstruction, safetySettings } = options;
  const id = model.source.type === 'provider' ? model.source.id : '';
  checkThinkingLevel(id, options);
  return {
    model: id,
    contents,
    config: {
      // With words allowed, a model that will not draw says why.
      responseModalities: ['TEXT', 'IMAGE'],
      ...(Object.keys(imageConfig).length === 0 ? {} : { imageConfig }),
      ...(temperature === undefined ? {} : { temperature }),
      ...(topP === undefined ? {} : { topP }),
      ...(thinkingLevel === undefined ? {} : { thinkingConfig: { thinkingLevel } }),
      ...(serviceTier === undefined ? {} : { serviceTier }),
      ...(systemInstruction === undefined ? {} : { systemInstruction }),
      ...(safetySettings === undefined ? {} : { safetySettings }),
    } as NonNullable<GenerateContentParameters['config']>,
  };
}
