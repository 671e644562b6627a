import { EaselError, type GenerationRequest, type Warning } from '@easel/plugin-sdk';
import type { NamedField, Server } from '../servers/index.js';
import type { Options } from '../settings.js';
import { sizeFields } from './size.js';

type Json = Options['body'][string];
export type Fields = Readonly<Record<string, Json>>;

export interface RequestFields {
  /** Of each request, without images and seed. */
  readonly fields: Fields;
  /** Name of the field for a seed. Absent: none was asked for, or the server has none. */
  readonly seedField?: string;
  /** What was asked for and has no field. */
  readonly warnings: readonly Warning[];
}

/**
 * What a request is in the words of a server. Fields that the server does not have are left out, with a
 * warning.
 */
export function requestFields(
  server: Pick<Server, 'name' | 'fields' | 'formats' | 'size' | 'responseFormat'>,
  request: GenerationRequest,
  options: Options,
): RequestFields {
  const { model, prompt } = request;
  if (model.source.type !== 'provider')
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `"${model.id}" lies in a folder; ${server.name} makes images with its own models alone.`,
    });
  const { formats = [request.outputFormat] } = server;
  const outputFormat = formats.includes(request.outputFormat) ? request.outputFormat : formats[0];
  const named = { ...pick({ ...request, outputFormat }), ...pick(options) };
  const { sent, warnings } = namedFields(server, named);
  const { seed, ...fields } = sent;
  return {
    fields: {
      ...options.body,
      ...fields,
      model: model.source.id,
      prompt,
      ...sizeFields(server, request, options),
      ...(server.responseFormat === undefined ? {} : { response_format: server.responseFormat }),
    },
    ...(seed === undefined ? {} : { seedField: server.fields.seed as string }),
    warnings,
  };
}

const names: readonly NamedField[] = [
  'seed',
  'steps',
  'guidanceScale',
  'negativePrompt',
  'strength',
  'outputFormat',
  'quality',
  'background',
  'moderation',
  'outputCompression',
  'inputFidelity',
  'style',
  'safetyIdentifier',
];

type Named = Partial<Record<NamedField, string | number>>;

const pick = (from: object): Named =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = (from as Named)[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );

function namedFields({ name: server, fields }: Pick<Server, 'name' | 'fields'>, named: Named) {
  const sent: Record<string, string | number> = {};
  const warnings: Warning[] = [];
  for (const name of names) {
    const value = named[name];
    if (value === undefined) continue;
    const field = fields[name];
    if (name === 'seed' && field !== undefined) sent.seed = value;
    else if (field !== undefined) sent[field] = value;
    // The answer is converted here where the server does not do it.
    else if (name !== 'outputFormat')
      warnings.push({
        code: 'parameter-dropped',
        parameter: name,
        message: `${name}: ${server} has no such field; it had no effect.`,
      });
  }
  return { sent, warnings };
}
