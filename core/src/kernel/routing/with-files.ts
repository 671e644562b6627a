import type { ValidImageRequest } from '@easel/plugin-sdk';
import type { ModelFiles } from '../../model-files/requested-file.js';
import type { Candidate } from './candidates.js';
import { nameFileOptions, resolveFileOptions } from './file-options.js';
import { readPromptTags } from './prompt-tags.js';
import { resolveControls } from './resolve-controls.js';

/** Whether there may be anything to resolve for it; a request from outside also names files in options. */
export const mayNameFiles = (
  { plugin: { manifest }, model, request: { prompt, control } }: Candidate,
  isFromOutside: boolean,
): boolean =>
  (control !== undefined && 'path' in model.source) ||
  (isFromOutside && manifest.fileOptions.length > 0) ||
  (manifest.promptTags.length > 0 && prompt.includes('<'));

/**
 * A candidate with the paths of the files that a request names for it: in the options of its plugin, where
 * the request is one from outside, and in tags of the prompt.
 *
 * @throws ERR_REQUEST_INVALID for an option that names a file which the operator does not offer
 */
export async function withFiles(
  candidate: Candidate,
  { providerOptions }: ValidImageRequest,
  { files, isFromOutside }: { readonly files: ModelFiles; readonly isFromOutside: boolean },
): Promise<Candidate> {
  const { plugin, model, request, warnings } = candidate;
  const { manifest } = plugin;
  const asked = providerOptions[manifest.id] ?? {};
  const isResolved = isFromOutside && manifest.fileOptions.length > 0;
  const resolved = isResolved ? await resolveFileOptions(manifest, asked, files) : {};
  const options = { ...request.options, ...resolved };
  const read = await readPromptTags(manifest, { prompt: request.prompt, options }, files);
  const control =
    'path' in model.source ? await resolveControls(request.control, files, isFromOutside) : undefined;
  const own = isResolved && (await nameFileOptions(manifest, model.options ?? {}, files));
  return {
    ...candidate,
    warnings: [...warnings, ...(read?.warnings ?? [])],
    withFiles: {
      options: read?.options ?? options,
      ...(read && { prompt: read.prompt }),
      ...(control && { control }),
    },
    // Told are the names that it gave, and none of the paths.
    ...(own && { toldOptions: { ...own, ...asked } }),
  };
}
