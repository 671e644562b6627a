import type { Check } from '../check.js';
import { isSame } from '../same-picture.js';
import { picturesOf } from '../subject.js';

export const seedsMakePicturesAgain: Check = {
  name: 'makes the same bytes of the same seed, where the model has seeds',
  async find(subject) {
    const { supports } = await subject.model();
    if (!supports.seed) return [];
    const pictures = picturesOf(await subject.answer());
    const plugin = await subject.started();
    const problems: string[] = [];
    for (const [index, picture] of pictures.entries()) {
      if (picture.seed === undefined) {
        problems.push(`Picture ${index} does not tell its seed.`);
        continue;
      }
      const again = await plugin.generate(await subject.request({ n: 1, seed: picture.seed }));
      if (!isSame(picture, picturesOf(again)[0]))
        problems.push(`Picture ${index} comes out differently when it is made again alone by its seed.`);
    }
    return problems;
  },
};
