import {
  EaselError,
  type ImageRequest,
  imageRequestSchema,
  type ParameterName,
  parameterNames,
  type Warning,
} from '@easel/plugin-sdk';
import { needsInputImage, parameters } from '../models/parameters.js';
import type { ParsedParametersText } from './parameters-text.js';
import { unlabelSampler } from './sampler-labels.js';

const fields = imageRequestSchema.shape;
/** Keys that say nothing about what to make. */
const silent: readonly string[] = ['Version', 'Schedule type'];

/**
 * What of a `parameters` text has a counterpart in a request; a warning names the rest. A model is taken only
 * where Easel itself wrote the text: elsewhere its name is that of a file on somebody's disk. Throws
 * ERR_REQUEST_INVALID for a text without a prompt.
 */
export function requestFromParametersText(
  text: ParsedParametersText,
  name: string,
): { request: ImageRequest; warnings: Warning[] } {
  const { values } = text;
  const prompt = fields.prompt.safeParse(text.prompt);
  if (!prompt.success) {
    const what = text.prompt === '' ? 'tells no prompt' : 'tells a prompt that is too long';
    throw new EaselError({ code: 'ERR_REQUEST_INVALID', message: `${name} ${what}.` });
  }
  const request: ImageRequest = { prompt: prompt.data };
  const leftOut: string[] = [];
  const take = (field: ParameterName | 'model', key: string, value: string): void => {
    // A number is a text here.
    const parsed = [value, toNumber(value)].map((read) => fields[field].safeParse(read));
    const valid = parsed.find(({ success }) => success);
    if (valid?.data !== undefined) Object.assign(request, { [field]: valid.data });
    else leftOut.push(key);
  };

  if (text.negativePrompt !== '') take('negativePrompt', 'Negative prompt', text.negativePrompt);
  for (const [key, value] of values) {
    const parameter = parameterNames.find((name) => parameters[name].textKey === key);
    // The input image is not in the text.
    if (parameter !== undefined && !needsInputImage(parameter)) take(parameter, key, value);
    else if (key === 'Model' && values.get('Version')?.startsWith('Easel ')) take('model', key, value);
    else if (key === 'Size') {
      if (!takeSize(request, value)) leftOut.push(key);
    } else if (!silent.includes(key)) leftOut.push(key + detailOf(key, value));
  }
  takeSchedule(request, values.get('Schedule type'), leftOut);
  return { request, warnings: leftOut.length === 0 ? [] : [leftOutWarning(name, leftOut)] };
}

/** What helps to ask for it all the same: whose model it was, or the option of plugins that does the same. */
function detailOf(key: string, value: string): string {
  if (key === 'Model') return ` (${value})`;
  if (key === 'Clip skip' && /^\d{1,2}$/.test(value)) return ` (the option clipSkip: ${Number(value) - 1})`;
  return key.startsWith('Hires ') ? ' (the option hiresFix)' : '';
}

function takeSize(request: ImageRequest, value: string): boolean {
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(value) ?? [];
  const parsed = [fields.width.safeParse(toNumber(width)), fields.height.safeParse(toNumber(height))];
  if (!parsed.every((edge) => edge.success && edge.data !== undefined)) return false;
  request.width = Number(width);
  request.height = Number(height);
  return true;
}

/** In requests the schedule is a part of the sampler's name. */
function takeSchedule(request: ImageRequest, schedule: string | undefined, leftOut: string[]): void {
  if (request.sampler === undefined) return;
  const sampler = unlabelSampler(request.sampler, schedule);
  if (sampler === undefined) leftOut.push(`Schedule type (${schedule})`);
  else request.sampler = sampler;
}

const toNumber = (text: string | undefined) =>
  text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;

const shown = 20;

function leftOutWarning(name: string, keys: readonly string[]): Warning {
  const list = keys.slice(0, shown).map((key) => key.slice(0, 100));
  const more = keys.length > shown ? ` and ${keys.length - shown} more` : '';
  return {
    code: 'parameter-dropped',
    message: `Of what ${name} tells, this has no counterpart in a request and was left out: ${list.join(', ')}${more}.`,
  };
}
