/**
 * Stable Image at Stability AI: a form is answered with an image.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { type GenerationRequest, type InputImage, seedLimit } from '@easel/plugin-sdk';
import {
  addressSetting,
  definePostPlugin,
  formOf,
  modelOptions,
  planByFields,
  postSettings,
  Service,
  unusable,
} from '@easel/plugin-sdk/provider';
import { z } from 'zod';
import { failures, filtered } from './failures.js';

const name = 'Stability AI';
const { imagesPerTask: _, ...options } = modelOptions;
const answerSchema = z.object({
  image: z.string().min(1),
  finish_reason: z.string().nullish(),
  seed: z.number().nullish(),
});

export default definePostPlugin({
  config: z.strictObject({
    ...postSettings,
    requestMs: postSettings.requestMs.default(120_000),
    baseUrl: addressSetting('https://api.stability.ai/v2beta', 'Where the API is, with the version.'),
  }),
  options: z.strictObject(options),
  open({ config, secrets }) {
    const { baseUrl, requestMs: timeoutMs } = config;
    const headers = { authorization: `Bearer ${secrets.STABILITY_API_KEY}`, accept: 'application/json' };
    const service = new Service({ name, baseUrl, headers, timeoutMs, failures });
    return {
      name,
      plan(request, options) {
        const files = filesOf(request, options.fields);
        const texts = { ...request, inputImages: [], mask: undefined };
        const plan = planByFields(name, texts, { ...options, imagesPerTask: 1 });
        // The address, and for Stable Diffusion 3.5 the model behind a colon.
        const [path = '', model] = plan.model.split(':');
        const own = model === undefined ? {} : modeOf(request, model);
        return {
          ...plan,
          asked: [plan.asked, own, Object.entries(files).map(([field, file]) => [field, hashOf(file)])],
          imagesPerRequest: 1,
          async post(task, signal) {
            const fields = z.record(z.string(), scalar).parse({ ...plan.inputOf(task), ...own });
            const body = formOf(fields, files);
            const { json } = await service.ask({ url: path, body, signal, pays: true });
            return read(json);
          },
        };
      },
    };
  },
});

const scalar = z.union([z.string(), z.number(), z.boolean(), z.undefined()]);

type Fields = z.output<z.ZodObject<typeof options>>['fields'];

/** Images are files of the form. */
function filesOf({ inputImages: [image], mask }: GenerationRequest, { images, mask: maskField }: Fields) {
  const files: { [field: string]: InputImage } = {};
  if (images && image) files[images.field] = image;
  if (maskField && mask) files[maskField] = mask;
  return files;
}

/** Of Stable Diffusion 3.5: an image to start from has its own shape. */
const modeOf = ({ inputImages }: GenerationRequest, model: string) =>
  inputImages.length > 0
    ? { model, mode: 'image-to-image', aspect_ratio: undefined }
    : { model, mode: 'text-to-image', strength: undefined };

function read(json: unknown) {
  const { success, data } = answerSchema.safeParse(json);
  if (!success) throw unusable(name, 'there is no image in it', true);
  const { image, finish_reason: reason, seed } = data;
  if (reason === 'CONTENT_FILTERED') throw filtered();
  const isOfContract = typeof seed === 'number' && Number.isInteger(seed) && seed >= 0 && seed <= seedLimit;
  return { images: [{ base64: image }], details: isOfContract ? { seeds: [seed] } : {} };
}

const hashOf = ({ bytes }: InputImage): string => createHash('sha256').update(bytes).digest('hex');
