import { createHash } from 'node:crypto';
import { definePlugin, type GenerationRequest, type ModelInput } from '@easel/plugin-sdk';
import sharp from 'sharp';
import { z } from 'zod';
import { startServer, type TestServer } from '../server.js';

export interface RecordingServer extends TestServer {
  /** What the plugin was asked for last. */
  readonly lastAsked: () => string;
}

const edges = { minimumEdge: 8, maximumEdge: 1024, edgeMultiple: 8, images: 8 };
const model = (id: string, supports: Partial<ModelInput['supports']>): ModelInput => ({
  ...{ id, name: id, pipelineType: id, source: { type: 'provider', id } },
  defaults: { width: 64, height: 64 },
  supports: { ...edges, ...supports },
});
/** Models that take all there is, nothing but words and a size, and images that words alone change. */
const models = [
  model('all', {
    ...{ inputImages: 2, mask: true, seed: true, negativePrompt: true },
    ...{ steps: true, guidanceScale: true, sampler: true },
  }),
  model('none', {}),
  model('words', { inputImages: 2, strength: false }),
];
const sharedOptions = [
  'clipSkip',
  'hiresFix',
  'background',
  'inputFidelity',
  'moderation',
  'quality',
  'style',
] as const;

/** A server whose plugin keeps what it is asked for, in this process. */
export async function startRecordingServer(
  onEnd: (end: () => Promise<void>) => void,
): Promise<RecordingServer> {
  let last = '';
  const recorder = definePlugin({
    manifest: {
      ...{ id: 'recorder', version: '1.0.0' },
      handles: [{ type: 'all', sharedOptions: [...sharedOptions] }, { type: 'none' }, { type: 'words' }],
    },
    config: z.strictObject({}),
    options: z.looseObject({}),
    async start() {
      return {
        async generate(request) {
          last = describe(request);
          return { images: await draw(request) };
        },
      };
    },
  });
  const server = await startServer(
    // What is kept would answer without the plugin.
    { pluginFolders: [], catalogueFolders: [], currentModel: 'all', server: { cacheResults: false } },
    { plugins: [recorder], models, drawSeed: () => 7 },
    onEnd,
  );
  return { ...server, lastAsked: () => last };
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function describe({ inputImages, mask, requestId: _, model, ...request }: GenerationRequest): string {
  const images = [...inputImages, ...(mask ? [mask] : [])].map(({ bytes }) => hashOf(bytes));
  return JSON.stringify({ ...request, model: model.id, images });
}

/** Noise, in which every change of quality and every mask shows. */
async function draw({ width, height, n, outputFormat, seed = 0 }: GenerationRequest) {
  const pixels = Buffer.alloc(width * height * 3);
  let state = seed + 1;
  for (let index = 0; index < pixels.length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    pixels[index] = state >>> 24;
  }
  const image = sharp(pixels, { raw: { width, height, channels: 3 } });
  const bytes = new Uint8Array(await image.toFormat(outputFormat).toBuffer());
  return Array.from({ length: n }, () => ({
    ...{ bytes: bytes.slice(), mediaType: `image/${outputFormat}`, width, height },
  }));
}

/** What can be seen of an image: its format, its size and its pixels. */
export async function looksOf(image: Buffer): Promise<string> {
  const file = sharp(image);
  const { format } = await file.metadata();
  const { data, info } = await file.raw().toBuffer({ resolveWithObject: true });
  return `${format} ${info.width}x${info.height} ${hashOf(data)}`;
}
