import { invalidAvif, readBoxes, writeBox } from './avif-boxes.js';
import { type AvifItems, type ItemEntry, readItems, writePlaces } from './avif-items.js';

const xmpType = 'application/rdf+xml';
const isMetadata = ({ type, mediaType }: ItemEntry): boolean => type === 'Exif' || mediaType === xmpType;

/** Version 2 of a box, no flags. */
const versionTwo = Buffer.from([2, 0, 0, 0]);

/** The same AVIF file with EXIF and XMP at its end. Throws ERR_REQUEST_INVALID for what is no whole one. */
export function writeAvifMetadata(
  avif: Uint8Array,
  { exif, xmp }: { readonly exif?: Uint8Array; readonly xmp: string },
): Uint8Array<ArrayBuffer> {
  const file = fileOf(avif);
  const items = without(readItems(file));
  // An EXIF block follows the number of bytes before its TIFF header.
  const added = [
    ...(exif ? [{ type: 'Exif', mediaType: '', data: Buffer.concat([Buffer.alloc(4), exif]) }] : []),
    { type: 'mime', mediaType: xmpType, data: Buffer.from(xmp) },
  ];
  return assemble(file, items, added);
}

/** The same AVIF file without EXIF and XMP. Throws ERR_REQUEST_INVALID for what is no whole AVIF file. */
export function withoutAvifMetadata(avif: Uint8Array): Uint8Array<ArrayBuffer> {
  const file = Buffer.from(fileOf(avif));
  const items = readItems(file);
  const ids = new Set(items.entries.filter(isMetadata).map(({ id }) => id));
  // What is no longer named stays where it is: the places of all else would change.
  for (const { id, method, extents } of items.places)
    if (ids.has(id) && method === 0)
      for (const { offset, length } of extents) file.fill(0, offset, offset + length);
  return assemble(file, without(items), []);
}

/** The EXIF of an AVIF file, from its TIFF header on. Undefined: it has none. */
export function readAvifExif(avif: Uint8Array): Uint8Array | undefined {
  const file = fileOf(avif);
  const { entries, places } = readItems(file);
  const id = entries.find(({ type }) => type === 'Exif')?.id;
  const place = places.find((each) => each.id === id && each.method === 0);
  if (id === undefined || !place) return undefined;
  const data = Buffer.concat(
    place.extents.map(({ offset, length }) => file.subarray(offset, offset + length)),
  );
  return data.byteLength < 4 ? undefined : data.subarray(4 + data.readUInt32BE(0));
}

function fileOf(avif: Uint8Array): Buffer {
  const file = Buffer.from(avif.buffer, avif.byteOffset, avif.byteLength);
  if (file.toString('latin1', 4, 8) !== 'ftyp') throw invalidAvif('does not begin as one');
  return file;
}

function without(items: AvifItems): AvifItems {
  const ids = new Set(items.entries.filter(isMetadata).map(({ id }) => id));
  const fromOf = (reference: Buffer) =>
    items.wideReferences ? reference.readUInt32BE(8) : reference.readUInt16BE(8);
  return {
    ...items,
    entries: items.entries.filter(({ id }) => !ids.has(id)),
    places: items.places.filter(({ id }) => !ids.has(id)),
    references: items.references.filter((reference) => !ids.has(fromOf(reference))),
  };
}

interface AddedItem {
  readonly type: string;
  readonly mediaType: string;
  readonly data: Buffer;
}

/** With items that describe the image; their data lies in a box of its own at the end. */
function assemble(file: Buffer, items: AvifItems, added: readonly AddedItem[]): Uint8Array<ArrayBuffer> {
  const { meta, primary, wideReferences } = items;
  const lastId = Math.max(0, ...items.places.map(({ id }) => id), ...items.entries.map(({ id }) => id));
  if (lastId + added.length > 0xffff) throw invalidAvif('has too many items');
  // The head of a box has eight bytes. A box that reaches to the end of the file would take in what follows.
  const old = [file.subarray(0, meta.start), closed(file.subarray(meta.end))] as const;
  const write = (growth: number): Buffer => {
    let offset = file.byteLength + growth + 8;
    const newPlaces = added.map(({ data }, index) => {
      const extents = [{ offset, length: data.byteLength }];
      offset += data.byteLength;
      return { id: lastId + 1 + index, method: 0, source: 0, extents };
    });
    const moved = items.places.map((place) => ({
      ...place,
      extents: place.extents.map((extent) => ({
        ...extent,
        offset: extent.offset + (place.method === 0 && extent.offset >= meta.end ? growth : 0),
      })),
    }));
    const entries = [
      ...items.entries.map(({ box }) => box),
      ...added.map((item, index) => entryOf(item, lastId + 1 + index)),
    ];
    const references = [
      ...items.references,
      ...added.map((_, index) => describes(lastId + 1 + index, primary, wideReferences)),
    ];
    return writeBox(
      'meta',
      Buffer.alloc(4),
      ...items.others,
      writePlaces([...moved, ...newPlaces]),
      writeBox('iinf', Buffer.alloc(4), short(entries.length), ...entries),
      ...(references.length === 0
        ? []
        : [writeBox('iref', Buffer.from([wideReferences ? 1 : 0, 0, 0, 0]), ...references)]),
    );
  };
  const growth = write(0).byteLength - (meta.end - meta.start);
  const parts = [old[0], write(growth), old[1]];
  if (added.length > 0) parts.push(writeBox('mdat', ...added.map(({ data }) => data)));
  return new Uint8Array(Buffer.concat(parts));
}

/** With the size of the last box written down where it was left open. */
function closed(rest: Buffer): Buffer {
  const last = readBoxes(rest).at(-1);
  if (!last || rest.readUInt32BE(last.start) !== 0) return rest;
  const copy = Buffer.from(rest);
  copy.writeUInt32BE(last.end - last.start, last.start);
  return copy;
}

function short(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16BE(value);
  return buffer;
}

const entryOf = ({ type, mediaType }: AddedItem, id: number): Buffer =>
  writeBox(
    'infe',
    versionTwo,
    short(id),
    short(0),
    Buffer.from(`${type}\0${mediaType === '' ? '' : `${mediaType}\0`}`, 'latin1'),
  );

function describes(from: number, to: number, isWide: boolean): Buffer {
  const id = (value: number) => (isWide ? Buffer.concat([short(0), short(value)]) : short(value));
  return writeBox('cdsc', id(from), short(1), id(to));
}
