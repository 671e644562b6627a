/**
 * What the server has, by its own lists: it takes a checkpoint that it does not have in silence, and makes
 * the image with another.
 *
 * @module
 */
import { EaselError } from '@easel/plugin-sdk';
import { listed, matchSampler, type Service } from '@easel/plugin-sdk/provider';
import { z } from 'zod';

const checkpointsSchema = z.array(
  z.object({ title: z.string(), model_name: z.string(), filename: z.string().nullish() }),
);
const namedSchema = z.array(
  z.object({
    name: z.string(),
    label: z.string().nullish(),
    aliases: z.array(z.string()).nullish(),
  }),
);

/** A list of the server. Undefined: it has no such list. */
async function listOf<List>(service: Service, what: string, schema: z.ZodType<List>, signal: AbortSignal) {
  const answer = await service.ask({ url: `sdapi/v1/${what}`, signal, takesFailures: true });
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw service.failureOf(answer);
  return schema.safeParse(answer.json).data;
}

/**
 * The title of a checkpoint by any of its names.
 *
 * @throws EaselError ERR_MODEL_UNKNOWN where the server does not have it
 */
export async function findCheckpoint(service: Service, name: string, signal: AbortSignal): Promise<string> {
  const checkpoints = await listOf(service, 'sd-models', checkpointsSchema, signal);
  if (!checkpoints) return name;
  const found = checkpoints.find(
    ({ title, model_name: short, filename }) =>
      [title, short, title.replace(/ \[\w+\]$/, '')].includes(name) ||
      filename?.split(/[\\/]/).at(-1) === name,
  );
  if (found) return found.title;
  throw new EaselError({
    code: 'ERR_MODEL_UNKNOWN',
    message: `The server has no checkpoint "${name.slice(0, 200)}".`,
    hint: `It has ${listed(checkpoints.map(({ model_name: short }) => short))}. Put one of them into source.id of the catalogue file, or "current" for whichever is loaded.`,
  });
}

/**
 * The server's names of a sampler and its schedule.
 *
 * @throws EaselError ERR_REQUEST_INVALID where the server does not have it
 */
export async function findSampler(
  service: Service,
  asked: string,
  signal: AbortSignal,
): Promise<{ readonly sampler_name: string; readonly scheduler?: string }> {
  const samplers = await listOf(service, 'samplers', namedSchema, signal);
  if (!samplers) return { sampler_name: asked };
  // Until version 1.9 the schedule was a part of the sampler's name.
  const schedulers = (await listOf(service, 'schedulers', namedSchema, signal)) ?? [];
  const { sampler, schedule } = matchSampler(
    asked,
    samplers.map(({ name, label, aliases }) => ({ value: name, names: [label ?? name, ...(aliases ?? [])] })),
    schedulers.map(({ name, label, aliases }) => ({
      value: label ?? name,
      names: [name, ...(aliases ?? [])],
    })),
  );
  return { sampler_name: sampler, ...(schedule === undefined ? {} : { scheduler: schedule }) };
}
