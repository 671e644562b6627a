import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { builtInClipTokenizer, clipVocabularyOf } from './clip-vocabulary.js';

const merges = await readFile(new URL('../../clip/merges.txt', import.meta.url), 'utf8');

describe("CLIP's vocabulary", () => {
  it('is, token by token, that of vocab.json', () => {
    const vocabulary = clipVocabularyOf(merges);
    const inOrder = Object.entries(vocabulary).sort(([, one], [, other]) => one - other);
    const hash = createHash('sha256')
      .update(JSON.stringify(inOrder.map(([token]) => token)))
      .digest('hex');
    // Of the tokens of openai/clip-vit-large-patch14's vocab.json, in the order of their ids.
    expect(hash).toBe('2a71978dcdb511468c1418448eeb3ef50e750c2bc9ac24dd02caaf5bb2ffccf8');
    expect(inOrder).toHaveLength(49_408);
  });

  it('makes the ids that everybody knows, padded as each encoder expects', async () => {
    const [clip, openClip] = [await builtInClipTokenizer('clip'), await builtInClipTokenizer('open-clip')];
    expect(clip.encode('a photo of an astronaut riding a horse')).toEqual([
      320, 1125, 539, 550, 18376, 6765, 320, 4558,
    ]);
    expect(clip.encodePadded('a').ids.slice(0, 4)).toEqual([49406, 320, 49407, 49407]);
    expect(openClip.encodePadded('a').ids.slice(0, 4)).toEqual([49406, 320, 49407, 0]);
  });
});
