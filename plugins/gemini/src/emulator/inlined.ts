/**
 * Files that a request names, in its place: `fileData` of `generateContent`, `uri` of an interaction.
 *
 * @module
 */
import type { Answer } from '@easel/plugin-sdk/emulator';
import { z } from 'zod';
import { invalidArgument } from './errors.js';
import { type FileStore, noSuchFile } from './files.js';

const namedSchema = z.union([
  z
    .strictObject({ fileData: z.strictObject({ fileUri: z.string(), mimeType: z.string() }) })
    .transform(({ fileData: { fileUri: uri, mimeType } }) => ({
      ...{ uri, mimeType },
      put: (data: string): object => ({ inlineData: { mimeType, data } }),
    })),
  z
    .strictObject({ type: z.literal('image'), mime_type: z.string(), uri: z.string() })
    .transform(({ uri, mime_type: mimeType }) => ({
      ...{ uri, mimeType },
      put: (data: string): object => ({ type: 'image', mime_type: mimeType, data }),
    })),
]);

/** The same with the files in it, or the answer that refuses one. */
export function inlined(
  json: unknown,
  files: Pick<FileStore, 'stored'>,
): { readonly json: unknown } | { readonly refusal: Answer } {
  let refusal: Answer | undefined;
  const copy = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(copy);
    const named = namedSchema.safeParse(value).data;
    if (!named) return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, copy(inner)]));
    const { uri, mimeType, put } = named;
    const name = /\/v1beta\/(files\/[a-z0-9-]+)$/.exec(uri)?.[1] ?? '';
    const file = files.stored.get(name);
    if (!file) refusal ??= noSuchFile(name);
    else if (file.mimeType !== mimeType)
      refusal ??= invalidArgument(`Unsupported MIME type: ${mimeType}; the file has ${file.mimeType}.`);
    return put(file?.bytes.toString('base64') ?? '');
  };
  const copied = copy(json);
  return refusal ? { refusal } : { json: copied };
}
