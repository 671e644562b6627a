import type { GenerationRequest, Manifest, Warning } from '@easel/plugin-sdk';
import { z } from 'zod';
import { findByName } from '../../model-files/find-by-name.js';
import type { ModelFiles } from '../../model-files/requested-file.js';

type Options = GenerationRequest['options'];

const entrySchema = z.looseObject({ path: z.string(), weight: z.number().default(1) });

/** What a plugin is given in place of a prompt with tags. */
export interface WithoutTags {
  readonly prompt: string;
  /** With an entry `{ path, weight }` for each file. */
  readonly options: Options;
  readonly warnings: readonly Warning[];
}

/**
 * `<lora:name:0.8>` (stable-diffusion-webui, `modules/extra_networks.py`): the kind, the name, and numbers.
 */
const tagPattern = /<(\w+):([^:<>]+)((?::[^:<>]*)*)>/g;

/**
 * Takes the tags that a plugin's manifest lists under `promptTags` out of a prompt, and adds the files that
 * they name to the option that is listed beside them. What cannot be found or read is told in a warning, and
 * left out like the others.
 *
 * @returns undefined for a prompt without such tags
 */
export async function readPromptTags(
  { promptTags }: Pick<Manifest, 'promptTags'>,
  { prompt, options }: Pick<GenerationRequest, 'prompt' | 'options'>,
  files: ModelFiles,
): Promise<WithoutTags | undefined> {
  const tags = [...prompt.matchAll(tagPattern)].flatMap(([text, kind, name, numbers]) => {
    const option = promptTags.find(({ tag }) => tag === kind!.toLowerCase())?.option;
    return option === undefined ? [] : [{ text, option, name: name!.trim(), ...weightOf(numbers!) }];
  });
  if (tags.length === 0) return undefined;
  const find = findByName(files);
  const unread: string[] = [];
  const missing: string[] = [];
  const warnings: string[] = [];
  let changed = options;
  for (const { text, option, name, weight, isAdapted } of tags) {
    const [path, ...others] = Number.isFinite(weight) ? await find(name) : [];
    if (!Number.isFinite(weight)) unread.push(text);
    else if (path === undefined) missing.push(text);
    else changed = withFile(changed, option, { path, weight });
    if (path !== undefined && isAdapted)
      warnings.push(
        `"${excerpt(text)}" has two weights; ${weight}, that of the denoising network, was used for all.`,
      );
    if (others.length > 0)
      warnings.push(`${others.length + 1} files are called "${excerpt(name)}"; the first of them was used.`);
  }
  if (missing.length > 0)
    warnings.push(
      `${list(missing)} had no effect: no model and no file below server.modelFolders has that name.`,
    );
  if (unread.length > 0) warnings.push(`${list(unread)} had no effect: the weight is not a number.`);
  const read = new Set(tags.map(({ text }) => text));
  return {
    prompt: withoutTags(prompt, read),
    options: changed,
    warnings: [...new Set(warnings)].map((message) => ({ code: 'other', parameter: 'prompt', message })),
  };
}

/**
 * A prompt as if tags had not been written. A space that they leave would be a token to Qwen's encoders.
 *
 * @param tags their whole texts
 */
export function withoutTags(prompt: string, tags: ReadonlySet<string>): string {
  const spaced = new RegExp(`([^\\S\\n]*)(${tagPattern.source})`, 'g');
  const without = prompt.replace(spaced, (text: string, space: string, tag: string, ...rest: unknown[]) => {
    if (!tags.has(tag)) return text;
    const next = prompt[(rest.at(-2) as number) + text.length];
    return next === undefined || /[\s,.;]/.test(next) ? '' : space;
  });
  return without.trim();
}

/** Of `:0.8`, `:0.8:0.6` (text encoder, denoising network) and `:te=0.8:unet=0.6`; 1 where there is none. */
function weightOf(numbers: string): { readonly weight: number; readonly isAdapted: boolean } {
  const parts = numbers.split(':').slice(1);
  const positional = parts.filter((part) => !part.includes('='));
  const named = new Map(
    parts.filter((part) => part.includes('=')).map((part) => part.split('=') as [string, string]),
  );
  const text = named.get('te') ?? positional[0] ?? '1';
  const network = named.get('unet') ?? positional[1] ?? text;
  const weight = network.trim() === '' ? Number.NaN : Number(network);
  return { weight, isAdapted: Number(text) !== weight };
}

/** A file that is listed already has both weights, as if its changes were made one after the other. */
function withFile(
  options: Options,
  option: string,
  { path, weight }: { readonly path: string; readonly weight: number },
): Options {
  const entries = options[option] ?? [];
  // What is of another shape is left for the plugin to refuse.
  if (!Array.isArray(entries)) return options;
  const own = entries
    .map((entry) => entrySchema.safeParse(entry).data)
    .findIndex((entry) => entry?.path === path);
  if (own === -1) return { ...options, [option]: [...entries, { path, weight }] };
  const { weight: before, ...others } = entrySchema.parse(entries[own]);
  return { ...options, [option]: entries.with(own, { ...others, weight: before + weight }) };
}

const longestExcerpt = 60;
const excerpt = (text: string): string =>
  text.length > longestExcerpt ? `${text.slice(0, longestExcerpt)}...` : text;

const shown = 3;

function list(tags: readonly string[]): string {
  const all = [...new Set(tags)];
  const rest = all.length > shown ? ` and ${all.length - shown} more` : '';
  return `${all
    .slice(0, shown)
    .map((tag) => `"${excerpt(tag)}"`)
    .join(', ')}${rest}`;
}
