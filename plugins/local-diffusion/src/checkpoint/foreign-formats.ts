/** What somebody may point the engine at in place of a .safetensors file, by its first bytes. */
const formats: readonly { start: string; what: string; hint: string }[] = [
  {
    start: 'PK\x03\x04',
    what: 'a PyTorch checkpoint (a zip of pickles), which can run code when it is opened',
    hint: 'Use the .safetensors version of the model, or convert it with a tool that you trust.',
  },
  {
    start: '\x80',
    what: 'a Python pickle, which can run code when it is opened',
    hint: 'Use the .safetensors version of the model, or convert it with a tool that you trust.',
  },
  {
    start: 'version https://git-lfs',
    what: 'a Git LFS pointer, not the file that it stands for',
    hint: 'Run `git lfs pull` in the folder of the model, or download the file itself.',
  },
  {
    start: 'GGUF',
    what: 'a GGUF file',
    hint: 'Use the .safetensors version: GGUF is read of whole models, transformers and text encoders only.',
  },
  {
    start: '<',
    what: 'a web page, probably the error page of a failed download',
    hint: 'Download the file again; the model may ask you to sign in first.',
  },
];

/**
 * Recognises a file that was mistaken for a .safetensors file.
 *
 * @param start the first bytes of the file, 32 or more where it has them
 * @returns what it is and what to do; `undefined` when it may well be a .safetensors file
 */
export function foreignFormat(
  start: Uint8Array,
): { readonly what: string; readonly hint: string } | undefined {
  // Byte 8 of a .safetensors file opens the JSON header, whatever its first bytes look like.
  if (start[8] === 0x7b) return undefined;
  const text = Buffer.from(start).toString('latin1');
  return formats.find((format) => text.startsWith(format.start));
}
