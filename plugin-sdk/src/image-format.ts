/**
 * Formats of images that are read. Any other file is refused by its first bytes, before a decoder has seen
 * it.
 */
export const imageFormats = ['png', 'jpeg', 'webp', 'gif', 'avif', 'tiff'] as const;
export type ImageFormat = (typeof imageFormats)[number];

const tiffBeginnings: ReadonlySet<string> = new Set(['II*\0', 'MM\0*', 'II+\0', 'MM\0+']);
/** Bytes of the box of brands that are looked at: a few brands of four bytes. */
const brandBytes = 256;

/**
 * The format of an image file, by its first bytes, whatever it is called: PNG section 5.2, JPEG's start of
 * image, RFC 9649, GIF89a section 17, TIFF 6.0 section 2 and BigTIFF, AVIF section 6. Undefined: none of
 * them.
 */
export function imageFormatOf(bytes: Uint8Array): ImageFormat | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, brandBytes)).toString(
    'latin1',
  );
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'webp';
  if (/^GIF8[79]a/.test(text)) return 'gif';
  if (tiffBeginnings.has(text.slice(0, 4))) return 'tiff';
  return isAvif(text) ? 'avif' : undefined;
}

/** A box "ftyp" whose major or compatible brands are AVIF's; the second four bytes are a version. */
function isAvif(text: string): boolean {
  if (text.slice(4, 8) !== 'ftyp') return false;
  const size = [...text.slice(0, 4)].reduce((sum, byte) => sum * 256 + byte.charCodeAt(0), 0);
  const brands = (text.slice(8, 12) + text.slice(16, Math.min(size, brandBytes))).match(/.{4}/gs) ?? [];
  return brands.some((brand) => brand === 'avif' || brand === 'avis');
}
