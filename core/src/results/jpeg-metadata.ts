import { EaselError } from '@easel/plugin-sdk';

const [startOfImage, startOfScan, jfif, firstApplication] = [0xd8, 0xda, 0xe0, 0xe1];
/** A segment's length has 16 bits, and counts itself. */
const segmentLimit = 0xffff - 2;
const exifHeader = Buffer.from('Exif\0\0', 'latin1');
const xmpHeader = Buffer.from('http://ns.adobe.com/xap/1.0/\0', 'latin1');

/** EXIF and XMP (APP1), C2PA (APP11), IPTC (APP13), and comments. The colour profile (APP2) is none. */
const metadataMarkers: ReadonlySet<number> = new Set([firstApplication, 0xeb, 0xed, 0xfe]);

/**
 * The same JPEG file with EXIF and XMP at its beginning. Throws ERR_REQUEST_INVALID for what is no JPEG, and
 * for blocks that do not fit.
 */
export function writeJpegMetadata(
  jpeg: Uint8Array,
  { exif, xmp }: { readonly exif?: Uint8Array; readonly xmp: string },
): Uint8Array<ArrayBuffer> {
  if (jpeg[0] !== 0xff || jpeg[1] !== startOfImage) throw invalid('does not begin as one');
  const segments = [
    ...(exif ? [segment(Buffer.concat([exifHeader, exif]))] : []),
    segment(Buffer.concat([xmpHeader, Buffer.from(xmp)])),
  ];
  const at = endOfJfif(jpeg);
  return new Uint8Array(Buffer.concat([jpeg.subarray(0, at), ...segments, jpeg.subarray(at)]));
}

/**
 * The same JPEG file without EXIF, XMP, C2PA, IPTC and comments. Throws ERR_REQUEST_INVALID for what is no
 * whole JPEG.
 */
export function withoutJpegMetadata(jpeg: Uint8Array): Uint8Array {
  const kept = [jpeg.subarray(0, 2)];
  let end = 2;
  for (const found of segmentsOf(jpeg)) {
    if (!metadataMarkers.has(found.marker)) kept.push(jpeg.subarray(end, found.end));
    end = found.end;
  }
  if (jpeg[end] !== 0xff || jpeg[end + 1] !== startOfScan) throw invalid('is cut short');
  return Buffer.concat([...kept, jpeg.subarray(end)]);
}

/** The EXIF of a JPEG file, from its TIFF header on. Undefined: it has none. */
export function readJpegExif(jpeg: Uint8Array): Uint8Array | undefined {
  for (const { marker, data } of segmentsOf(jpeg))
    if (marker === firstApplication && exifHeader.every((byte, index) => data[index] === byte))
      return data.subarray(exifHeader.byteLength);
  return undefined;
}

/** What lies before the pixels, as far as there is a segment where one should be. */
function* segmentsOf(jpeg: Uint8Array): Generator<{ marker: number; data: Uint8Array; end: number }> {
  for (let at = 2; at + 4 <= jpeg.byteLength && jpeg[at] === 0xff && jpeg[at + 1] !== startOfScan; ) {
    const end = at + 2 + (((jpeg[at + 2] ?? 0) << 8) | (jpeg[at + 3] ?? 0));
    yield { marker: jpeg[at + 1] ?? 0, data: jpeg.subarray(at + 4, end), end };
    at = end;
  }
}

/** Where the segment of JFIF ends, which comes first where there is one. */
function endOfJfif(jpeg: Uint8Array): number {
  if (jpeg[2] !== 0xff || jpeg[3] !== jfif) return 2;
  return Math.min(jpeg.byteLength, 4 + (((jpeg[4] ?? 0) << 8) | (jpeg[5] ?? 0)));
}

function segment(data: Uint8Array): Buffer {
  if (data.byteLength > segmentLimit) throw invalid(`has room for ${segmentLimit} bytes of text`);
  const head = Buffer.from([0xff, firstApplication, 0, 0]);
  head.writeUInt16BE(data.byteLength + 2, 2);
  return Buffer.concat([head, data]);
}

const invalid = (what: string) =>
  new EaselError({ code: 'ERR_REQUEST_INVALID', message: `The JPEG file ${what}.` });
