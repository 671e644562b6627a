import { createHash, randomUUID } from 'node:crypto';
import type { InputImage, ValidImageRequest } from '@easel/plugin-sdk';
import type { Configuration } from '../../config/configuration.js';
import { hashFolder } from '../generations/fingerprint.js';
import type { PluginFolder } from '../manifest/read.js';
import type { Candidate } from './candidates.js';
import { pathsIn } from './file-options.js';
import { fileStamps } from './file-stamps.js';

/**
 * What pictures depend on, as far as the kernel knows: the model's whole entry, the code and the
 * configuration of the plugin that would be asked first, the request with every default filled in, and the
 * files that its options and its prompt name, by size and time. Files of a model itself that change under the
 * same path are not seen.
 */
export interface RequestIdentity {
  /** SHA-256, in hexadecimal digits. */
  readonly hash: string;
  readonly plugin: string;
  readonly model: string;
  /** Whether the caller has fixed a seed that the model heeds. */
  readonly isSeeded: boolean;
}

export async function identityOf(
  asked: ValidImageRequest,
  { plugin, model, pipelineType, request, withFiles, warnings }: Candidate,
  { plugins }: Configuration,
): Promise<RequestIdentity> {
  const { id } = plugin.manifest;
  const { previews: _, seed, inputImages, mask, control = [], ...others } = request;
  const files = [
    ...(await pathsIn(plugin.manifest, withFiles?.options ?? request.options)),
    ...(withFiles?.control ?? control).flatMap(({ model: path }) => path ?? []),
  ];
  // One that was drawn is another one the next time.
  const isSeeded = asked.seed !== undefined && seed !== undefined;
  const facts = [
    ...[model, pipelineType, id, await codeOf(plugin.plugin), plugins[id]?.options ?? {}, others],
    [asked.outputFormat, asked.outputQuality ?? null],
    isSeeded ? seed : null,
    // A size that was rounded is another request than the rounded one: its answer says so.
    warnings,
    await fileStamps(files),
    [...inputImages, ...(mask ? [mask] : [])].map(hashOf),
    control.map(({ image, ...settings }) => [settings, hashOf(image)]),
    mask === undefined ? null : [asked.keepUnmasked, asked.maskBlur, asked.maskFill, asked.maskPadding],
  ];
  return { hash: sha256(JSON.stringify(facts)), plugin: id, model: model.id, isSeeded };
}

/** Of each version that runs, once: an author may change a plugin without a new number. */
const codeHashes = new WeakMap<PluginFolder, Promise<string>>();

function codeOf(plugin: PluginFolder): Promise<string> {
  // Nobody can tell whether a value is the same in another process.
  const hash = () => (plugin.module ? Promise.resolve(randomUUID()) : hashFolder(plugin.folder));
  const known = codeHashes.get(plugin) ?? hash();
  codeHashes.set(plugin, known);
  return known;
}

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
const hashOf = ({ bytes, mediaType }: InputImage): string => `${mediaType} ${sha256(bytes)}`;
