import { EaselError, type Image, type ImageIdentity, identifyImage, type Warning } from '@easel/plugin-sdk';

/** Bytes of what is no image that an error shows. */
const shownBytes = 16;

/**
 * An image that a plugin answered, with the media type and the size that its file has, and a warning where
 * the plugin said others: it may have been paid. Only its structure is looked at: a decoder would take as
 * long as the image is large.
 *
 * @param index which image of the answer it is, from 0
 * @throws EaselError ERR_PLUGIN_PROTOCOL for bytes that are no image
 */
export function checkImage(
  image: Image,
  index: number,
  plugin: string,
): { readonly image: Image; readonly warnings: readonly Warning[] } {
  const identity = identifyImage(image.bytes);
  if (!identity) throw broken(plugin, `images.${index}.bytes: ${describe(image)}`);
  const [said, found] = [summaryOf(image), summaryOf(identity)];
  if (said === found) return { image, warnings: [] };
  const message = `The plugin "${plugin}" said that image ${index} is ${said}: its file is ${found}.`;
  return { image: { ...image, ...identity }, warnings: [{ code: 'other', message }] };
}

const summaryOf = ({ mediaType, width, height }: ImageIdentity | Image): string =>
  `${mediaType} of ${width} x ${height} pixels`;

const describe = ({ bytes, mediaType }: Image): string =>
  `is said to be ${mediaType}, and is no whole PNG, JPEG, WebP or AVIF file (${bytes.byteLength} bytes that begin with ${JSON.stringify(beginning(bytes))})`;

/** What people recognise: the beginning of a page of HTML, or of JSON. */
const beginning = (bytes: Uint8Array): string =>
  Buffer.from(bytes.subarray(0, shownBytes))
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, '.');

const broken = (plugin: string, problem: string) =>
  new EaselError({
    code: 'ERR_PLUGIN_PROTOCOL',
    plugin,
    message: `The plugin "${plugin}" answered a result that is not of the contract: ${problem}.`,
    hint: `Look at what its provider answered (a page of an error, perhaps), and report it to the author of the plugin "${plugin}": an image has to be a whole file.`,
  });
