import type { GenerationRequest } from '@easel/plugin-sdk';
import type { PaidCall } from '@easel/plugin-sdk/paid';
import { answerSchema, bytesOf, picturesOf } from './answer.js';
import { pictureRequest } from './contents.js';
import { openConversation } from './conversation.js';
import { draw } from './draw.js';
import { fingerprintOf } from './fingerprint.js';
import type { ImageConfig } from './image-config.js';
import type { Means, Way } from './means.js';
import { readPicture } from './read-picture.js';
import type { Options } from './settings.js';

/** Pictures by requests to `generateContent`, which are answered at once. */
export async function openDirectly(
  { client, requests, turns, inputFiles }: Pick<Means, 'client' | 'requests' | 'turns' | 'inputFiles'>,
  request: GenerationRequest,
  options: Options,
  imageConfig: ImageConfig,
  paid: PaidCall,
): Promise<Way> {
  const conversation = await openConversation(turns, request, options);
  const { history } = conversation;
  const isKept = options.keepTurn ?? options.previousTurn !== undefined;
  const inputs = await inputFiles.partsOf(request, { isKept, knowsFiles: false }, paid);
  const requestFor = (prompt: string) =>
    pictureRequest(request, { prompt, inputs, history }, imageConfig, options);
  const plain = requestFor(request.prompt);
  const fingerprint = fingerprintOf(plain.model, await client.write(plain), options);
  return {
    fingerprint,
    async draw(prompt, number) {
      const asked = prompt === request.prompt ? plain : requestFor(prompt);
      const { text, isResumed } = await requests.ask(paid, ['image', number, fingerprint], async (stop) =>
        JSON.stringify(await draw(client, asked, stop, paid.signal)),
      );
      const answer = answerSchema.parse(JSON.parse(text));
      const { pictures, areThoughts } = picturesOf(answer);
      const images = await Promise.all(
        pictures.map((picture) => readPicture(bytesOf(picture), request.outputFormat)),
      );
      await conversation.keep(asked, answer, images);
      return { images, usage: answer.usageMetadata, areThoughts, isResumed };
    },
    turnsOf: (images) => conversation.turnsOf(images),
  };
}
