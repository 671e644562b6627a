/**
 * What a request asks for either changes what the provider is sent, or is named in a warning. Every provider
 * and model of the catalogue is tried, those of the fixtures, and some that are in none.
 *
 * @module
 */
import { EaselError, type ImageRequest, type Model } from '@easel/plugin-sdk';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { colours, halves } from '../http/masked-images.js';
import { openEveryProvider } from './every-provider.js';

/** Of each model. `EASEL_TOLD_RUNS` draws more. */
const runs = Number(process.env.EASEL_TOLD_RUNS ?? 1);

const seed = 4_242;
const png = async (left: keyof typeof colours, right: keyof typeof colours) => ({
  bytes: new Uint8Array(await halves(colours[left], colours[right], 320)),
  mediaType: 'image/png' as const,
});
const [first, second, mask] = [
  await png('red', 'blue'),
  await png('blue', 'white'),
  await png('black', 'white'),
];

/** What a request may have besides its prompt, its seed and its size: no value is a model's own. */
const tuning = {
  negativePrompt: fc.constant('fog'),
  steps: fc.nat(),
  guidanceScale: fc.constantFrom(1.5, 2.5),
  sampler: fc.constant('DPM++ 2M Karras'),
  strength: fc.constantFrom(0.375, 0.875),
  n: fc.constant(2),
  outputFormat: fc.constantFrom('jpeg' as const, 'webp' as const),
};
const masked = {
  maskBlur: fc.constant(3),
  maskFill: fc.constant('surroundings' as const),
};
/** Models that make no image in three steps. */
const slow: Readonly<Record<string, number>> = { 'bfl-flux-fill-pro': 23 };

/** Models that change what a mask shows, and nothing else. */
const painters = ['bfl-flux-fill-pro', 'stability-inpaint', 'comfyui-mask'];
/** Those, and models that change images, and make none. */
const editors = [...painters, 'fal-flux-kontext-pro'];

const sizes = [
  [320, 448],
  [448, 320],
] as const;

interface Tried {
  readonly id: string;
  readonly supports: Pick<Model['supports'], 'minimumEdge' | 'maximumEdge' | 'inputImages' | 'mask'>;
}

/** A request that the model refuses by nothing that its catalogue entry says. */
function requestOf({ id, supports }: Tried): fc.Arbitrary<ImageRequest> {
  const within = (edge: number) => Math.min(Math.max(edge, supports.minimumEdge), supports.maximumEdge);
  const isPainter = painters.includes(id);
  const images = [
    ...(editors.includes(id) ? [] : [[]]),
    ...(supports.inputImages > 0 ? [[first]] : []),
    ...(supports.inputImages > 1 ? [[first, second]] : []),
  ];
  return fc
    .record({
      size: fc.option(fc.constantFrom(...sizes), { nil: undefined }),
      inputImages: fc.constantFrom(...images),
      hasMask: fc.boolean(),
      names: fc.subarray(Object.keys({ ...tuning, ...masked }), { minLength: 5 }),
      values: fc.record({ ...tuning, ...masked, steps: fc.constant(slow[id] ?? 3) }),
    })
    .map(({ size, inputImages, hasMask, names, values }) => ({
      ...{ prompt: 'a boat', seed },
      ...Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name))),
      ...(size ? { width: within(size[0]), height: within(size[1]) } : {}),
      ...(inputImages.length > 0 ? { inputImages } : {}),
      ...(isPainter || (hasMask && supports.mask && inputImages.length > 0) ? { mask } : {}),
    }));
}

/** The request without one of the things that it asks for. */
function without({ ...request }: ImageRequest, name: keyof ImageRequest): ImageRequest {
  delete request[name];
  if (name === 'width') delete request.height;
  if (name === 'inputImages') delete request.mask;
  return request;
}

/** What the fixtures have to be refused. */
const broken = new Set(['comfyui-no-checkpoint', 'comfyui-no-node', 'sdapi-missing']);

/** One whose plugin refuses every mask. */
const maskless = 'gemini:gemini-nano-banana-2.1';

/** Models that are in no catalogue. */
const openModels = [
  'openai:gpt-image-9',
  'fal:fal-ai/flux/schnell',
  'replicate:black-forest-labs/flux-schnell',
  'runware:somebody:12345@1',
  maskless,
  'bfl:flux-2-flex',
  'sdapi:second',
];
const edges = { minimumEdge: 8, maximumEdge: 2_048 };

const catalogues = ['openai', 'parasail', 'server'].map((name) => `test/fixtures/${name}-catalogue`);
const every = await openEveryProvider(catalogues);
afterAll(() => every.close());
const models: readonly Tried[] = [
  ...every.manager
    .getAvailableModels()
    .filter(({ isHosted, id }) => isHosted && !broken.has(id))
    .map(({ id, supports }) => ({ id, supports })),
  ...openModels.map((id) => ({ id, supports: { ...edges, inputImages: 2, mask: id !== maskless } })),
];

async function ask(model: string, request: ImageRequest) {
  every.forget();
  const { images, warnings } = await every.manager.generateImage({ ...request, model });
  const made = images.map(({ width, height, mediaType }) => [width, height, mediaType]);
  return { effect: [every.wire(), made], told: warnings.map(({ parameter }) => parameter) };
}

/**
 * The request without what it is refused for, which is told by that, and with what the model cannot do
 * without.
 */
async function accepted(model: string, request: ImageRequest): Promise<ImageRequest> {
  try {
    await ask(model, request);
    return request;
  } catch (error) {
    if (!EaselError.isInstance(error) || error.code !== 'ERR_REQUEST_INVALID') throw error;
    const field = error.field as keyof ImageRequest | undefined;
    if (field && request[field] !== undefined) return await accepted(model, without(request, field));
    if (field !== 'inputImages' && field !== 'mask') throw error;
    return await accepted(model, { ...request, ...(field === 'mask' ? { mask } : { inputImages: [first] }) });
  }
}

const say = (request: ImageRequest) =>
  JSON.stringify(request, (_, value) => (value instanceof Uint8Array ? 'bytes' : value));

describe('what a request asks for', () => {
  it.each(models)('changes what $id is asked for, or is told to be without effect', async (model) => {
    await fc.assert(
      fc.asyncProperty(requestOf(model), async (drawn) => {
        const request = await accepted(model.id, drawn);
        const { effect, told } = await ask(model.id, request);
        for (const name of Object.keys(request) as (keyof ImageRequest)[]) {
          if (name === 'prompt' || name === 'height' || told.includes(name)) continue;
          // Without a mask it has none, and that is told.
          if (name in masked && told.includes('mask')) continue;
          const less = await ask(model.id, without(request, name)).catch((error: unknown) => error);
          // Without it there is no image: it was needed.
          if (EaselError.isInstance(less)) continue;
          expect(less, `${name} in ${say(request)}`).not.toMatchObject({ effect });
        }
      }),
      { numRuns: runs },
    );
  });
});
