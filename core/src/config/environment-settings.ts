/**
 * Settings out of environment variables, for containers and service managers. They go before those of the
 * file.
 *
 * @module
 */
import { delimiter, resolve } from 'node:path';
import { EaselError } from '@easel/plugin-sdk';
import type { z } from 'zod';
import { type ConfigurationInput, configurationSchema } from './configuration.js';
import { firstProblem } from './first-problem.js';
import { settingNames } from './setting-names.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Folders and files, which are relative to the host's folder here. */
const isPath = (path: string) => /(Folders?|File)$/.test(path);

/**
 * The settings that the environment gives, in the form of the configuration file; paths come out absolute. A
 * variable that is empty counts as not set. Throws ERR_CONFIG_INVALID with the name of the variable.
 *
 * @param folder absolute path of the folder that paths start from
 */
export function readEnvironmentSettings(environment: Environment, folder: string): ConfigurationInput {
  const settings: Record<string, unknown> = {};
  const server: Record<string, unknown> = {};
  for (const { path, variable } of settingNames) {
    const text = environment[variable];
    if (text === undefined || text === '') continue;
    const [field, isServers] = [path.replace(/^server\./, ''), path.startsWith('server.')];
    const value = parseSetting({ path, variable, text, folder }, schemaOf(field, isServers));
    (isServers ? server : settings)[field] = value;
  }
  return { ...settings, ...(Object.keys(server).length > 0 && { server }) };
}

interface Given {
  readonly path: string;
  readonly variable: string;
  readonly text: string;
  readonly folder: string;
}

function schemaOf(field: string, isServers: boolean): z.ZodType {
  const { shape } = configurationSchema;
  const fields: Readonly<Record<string, z.ZodType>> = isServers ? shape.server.unwrap().shape : shape;
  return fields[field] as z.ZodType;
}

function parseSetting(given: Given, schema: z.ZodType): unknown {
  const parsed = schema.safeParse(readValue(given, kindOf(schema)));
  if (parsed.success) return parsed.data;
  throw invalid(given, firstProblem(parsed.error));
}

function readValue(given: Given, kind: string): unknown {
  const { path, text, folder } = given;
  if (kind === 'number') return text.trim() === '' ? text : Number(text);
  if (kind === 'boolean') return booleans[text.toLowerCase()] ?? text;
  if (kind === 'record' || kind === 'object') return parseJson(given);
  if (kind !== 'array') return isPath(path) ? resolve(folder, text) : text;
  const parts = text.split(isPath(path) ? delimiter : ',').filter((part) => part.trim() !== '');
  return parts.map((part) => (isPath(path) ? resolve(folder, part) : part.trim()));
}

const booleans: Readonly<Record<string, boolean>> = { true: true, 1: true, false: false, 0: false };

/** What a schema takes once it is given something. */
function kindOf(schema: z.ZodType): string {
  const { type, innerType } = schema.def as { type: string; innerType?: z.ZodType };
  return innerType ? kindOf(innerType) : type;
}

function parseJson(given: Given): unknown {
  try {
    return JSON.parse(given.text);
  } catch {
    throw invalid(given, 'must be JSON');
  }
}

// Never with the value: what people put into a variable may be a secret.
const invalid = ({ variable, path, text }: Given, what: string) =>
  new EaselError({
    code: 'ERR_CONFIG_INVALID',
    message: `The environment variable ${variable}: ${what}.`,
    hint: isServiceLink.test(text)
      ? 'Kubernetes sets it for a service named "easel": say "enableServiceLinks: false" in the pod.'
      : `Correct or unset it; it goes before "${path}" of easel.config.json.`,
  });

/** What Kubernetes writes into `<SERVICE>_PORT`. */
const isServiceLink = /^tcp:\/\//;
