import type { Check } from '../check.js';
import { isSame } from '../same-picture.js';
import { picturesOf, type Subject } from '../subject.js';

export const callsDoNotMix: Check = {
  name: 'works on two calls at once, or in turn where its manifest says one',
  async find(subject) {
    const { manifest } = await subject.loaded();
    const { supports } = await subject.model();
    const alone = picturesOf(await subject.answer());
    const plugin = await subject.started();
    const seeds = alone.map(({ seed }) => seed);
    const call = async (index: number) =>
      picturesOf(await plugin.generate(await requestOf(subject, seeds[index % seeds.length])))[0];
    const pictures =
      manifest.runtime.concurrency > 1
        ? await Promise.all([call(0), call(1)])
        : [await call(0), await call(1)];
    return pictures.flatMap((picture, index) => {
      if (!picture) return [`Call ${index} of two answered no picture.`];
      if (!supports.seed || isSame(picture, alone[index % alone.length])) return [];
      return [`Call ${index} of two made another picture than the same seed did alone.`];
    });
  },
};

const requestOf = (subject: Subject, seed: number | undefined) =>
  subject.request(seed === undefined ? { n: 1 } : { n: 1, seed });
