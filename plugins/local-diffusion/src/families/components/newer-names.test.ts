import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openComponent } from '../../checkpoint/component.js';
import { flux } from '../flux/index.js';
import { zImage } from '../z-image/index.js';

const golden = (name: string) =>
  fileURLToPath(new URL(`../../../../../test/golden/d_pipelines/${name}`, import.meta.url));

test.each([
  ['CLIPTextModel', 'flux_pipeline', 'text_model.', flux.components.text_encoder!],
  ['Qwen3Model', 'zimage_pipeline', 'model.', zImage.components.text_encoder!],
])(
  'a %s as transformers 5 saves it has the names of those before',
  async (_class, folder, prefix, { kind }) => {
    const { tensors } = await openComponent(golden(`${folder}/text_encoder`));
    expect([...tensors.keys()].every((name) => name.startsWith(prefix))).toBe(true);
    const newer = new Map([...tensors].map(([name, tensor]) => [name.slice(prefix.length), tensor]));
    expect(kind.named!(newer)).toEqual(tensors);
    expect(kind.named!(tensors)).toEqual(tensors);
  },
);
