import { addressOf } from '../api/call.js';
import type { Job } from '../api/schemas.js';

type Given = NonNullable<Job['request']>;

const fieldsOf = (request: Given): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined && value !== null));

const camelCase = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const quoted = (json: string) => json.replaceAll("'", "'\\''");

const curl = (request: Given): string =>
  [
    `curl '${addressOf(request.grid ? 'api/images/jobs' : 'api/images/generate')}'`,
    "  -H 'content-type: application/json'",
    `  -d '${quoted(JSON.stringify(fieldsOf(request)))}'`,
  ].join(' \\\n');

function typescript(request: Given): string {
  const { size, image_type, grid: _, ...fields } = fieldsOf(request);
  const [, width, height] = /^(\d+)x(\d+)$/.exec(String(size)) ?? [];
  const asked = {
    ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [camelCase(name), value])),
    ...(width && height ? { width: Number(width), height: Number(height) } : {}),
    ...(image_type ? { outputFormat: image_type } : {}),
  };
  const lines = Object.entries(asked).map(([name, value]) => `  ${name}: ${JSON.stringify(value)},`);
  return [
    "import { createImageServiceManager } from '@easel/core';",
    '',
    'const manager = createImageServiceManager();',
    'const { images } = await manager.generateImage({',
    ...lines,
    '});',
    'await manager.close();',
  ].join('\n');
}

/** As Automatic1111 writes it into its images, and as many tools read it. */
function parametersText({ request, result }: Job): string {
  const used = result?.provenance.parameters ?? {};
  const pairs = [
    ['Steps', used.steps ?? request?.steps],
    ['Sampler', used.sampler ?? request?.sampler],
    ['CFG scale', used.guidanceScale ?? request?.guidance_scale],
    ['Seed', result?.images[0]?.seed ?? request?.seed],
    ['Size', request?.size],
    ['Model', result?.provenance.model ?? request?.model],
  ];
  const negative = used.negativePrompt ?? request?.negative_prompt;
  const last = pairs.filter(([, value]) => value !== undefined && value !== null);
  return [
    request?.prompt,
    ...(negative ? [`Negative prompt: ${negative}`] : []),
    last.map(([key, value]) => `${key}: ${value}`).join(', '),
  ].join('\n');
}

export const forms = ['curl', 'TypeScript', 'A1111'] as const;
export type Form = (typeof forms)[number];

/** What a job was asked for, as a text to use elsewhere. Its images are not in it. */
export function sentText(job: Job, form: Form): string {
  if (!job.request) return '';
  if (form === 'A1111') return parametersText(job);
  return form === 'curl' ? curl(job.request) : typescript(job.request);
}
