import { identifyImage } from '../../identify-image.js';
import { generationResultSchema } from '../../result.js';
import type { Check } from '../check.js';
import { picturesOf } from '../subject.js';

export const resultIsOfTheContract: Check = {
  name: 'answers a result of the contract, with as many pictures as asked for',
  async find(subject) {
    const { result, request } = await subject.answer();
    const parsed = generationResultSchema.safeParse(result);
    if (!parsed.success)
      return parsed.error.issues.map(
        ({ path, message }) => `The result's ${path.map(String).join('.')}: ${message}.`,
      );
    const count = parsed.data.images.length;
    return count === request.n ? [] : [`${request.n} pictures were asked for; ${count} came.`];
  },
};

export const picturesAreWhatIsSaid: Check = {
  name: 'makes pictures of the media type and size that it says',
  async find(subject) {
    return picturesOf(await subject.answer()).flatMap(({ bytes, mediaType, width, height }, index) => {
      const header = identifyImage(bytes);
      const said = `Picture ${index} is said to be ${mediaType}`;
      if (!header) return [`${said}; its bytes are not a whole PNG, JPEG, WebP or AVIF file.`];
      if (header.mediaType !== mediaType) return [`${said}; its bytes are ${header.mediaType}.`];
      if (header.width === width && header.height === height) return [];
      return [`${said} of ${width}x${height}; its file is ${header.width}x${header.height}.`];
    });
  },
};
