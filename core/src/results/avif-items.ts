import { type Box, invalidAvif, readBoxes, writeBox } from './avif-boxes.js';

/** Where an item of a file lies: the box `iloc` of ISO/IEC 14496-12, 8.11.3. */
export interface ItemPlace {
  readonly id: number;
  /** 0: offsets count from the beginning of the file. */
  readonly method: number;
  readonly source: number;
  readonly extents: readonly { readonly offset: number; readonly length: number }[];
}

/** What an item is: a box `infe`. */
export interface ItemEntry {
  readonly id: number;
  readonly type: string;
  /** Of an item of the type `mime`. */
  readonly mediaType: string;
  readonly box: Buffer;
}

/** The content of the box `meta` that metadata touches. */
export interface AvifItems {
  readonly meta: Box;
  /** The other boxes in it, in their order. */
  readonly others: readonly Buffer[];
  readonly primary: number;
  readonly places: readonly ItemPlace[];
  readonly entries: readonly ItemEntry[];
  /** References from one item to others, with the box `iref` as it was. */
  readonly references: readonly Buffer[];
  readonly wideReferences: boolean;
}

/** Throws ERR_REQUEST_INVALID for what is no whole AVIF file. */
export function readItems(file: Buffer): AvifItems {
  const meta = readBoxes(file).find(({ type }) => type === 'meta');
  if (!meta) throw invalidAvif('has no items');
  try {
    const boxes = readBoxes(meta.data.subarray(4));
    const find = (type: string) => boxes.find((box) => box.type === type)?.data;
    const [pitm, iloc, iinf, iref] = [find('pitm'), find('iloc'), find('iinf'), find('iref')];
    if (!pitm || !iloc || !iinf) throw invalidAvif('has no items');
    const others = boxes
      .filter(({ type }) => !['iloc', 'iinf', 'iref'].includes(type))
      .map(({ type, data }) => writeBox(type, data));
    return {
      meta,
      others,
      primary: pitm[0] === 0 ? pitm.readUInt16BE(4) : pitm.readUInt32BE(4),
      places: readPlaces(iloc),
      entries: readBoxes(iinf.subarray(iinf[0] === 0 ? 6 : 8)).map(readEntry),
      references: iref ? readBoxes(iref.subarray(4)).map(({ type, data }) => writeBox(type, data)) : [],
      wideReferences: iref !== undefined && iref[0] !== 0,
    };
  } catch (error) {
    if (error instanceof RangeError) throw invalidAvif('is cut short');
    throw error;
  }
}

function readEntry({ type, data }: Box): ItemEntry {
  const isWide = data[0] === 3;
  const at = isWide ? 8 : 6;
  const [, mediaType = ''] = data.toString('latin1', at + 6).split('\0');
  return {
    id: isWide ? data.readUInt32BE(4) : data.readUInt16BE(4),
    type: data.toString('latin1', at + 2, at + 6),
    mediaType: data.toString('latin1', at + 2, at + 6) === 'mime' ? mediaType : '',
    box: writeBox(type, data),
  };
}

function readPlaces(iloc: Buffer): ItemPlace[] {
  const version = iloc[0]!;
  const [offsetSize, lengthSize] = [iloc[4]! >> 4, iloc[4]! & 15];
  const [baseSize, indexSize] = [iloc[5]! >> 4, version === 0 ? 0 : iloc[5]! & 15];
  let at = 6;
  const read = (bytes: number): number => {
    at += bytes;
    if (at > iloc.byteLength) throw invalidAvif('is cut short');
    return bytes === 8
      ? Number(iloc.readBigUInt64BE(at - 8))
      : bytes === 0
        ? 0
        : iloc.readUIntBE(at - bytes, bytes);
  };
  const count = read(version < 2 ? 2 : 4);
  return Array.from({ length: Math.min(count, iloc.byteLength) }, () => {
    const id = read(version < 2 ? 2 : 4);
    const method = version === 0 ? 0 : read(2) & 15;
    const source = read(2);
    const base = read(baseSize);
    const extentCount = read(2);
    if (offsetSize + lengthSize === 0 && extentCount > 1) throw invalidAvif('names nothing many times');
    const extents = Array.from({ length: extentCount }, () => {
      read(indexSize);
      return { offset: base + read(offsetSize), length: read(lengthSize) };
    });
    return { id, method, source, extents };
  });
}

/** The box `iloc` in version 1, with numbers of four bytes. */
export function writePlaces(places: readonly ItemPlace[]): Buffer {
  const number = (value: number, bytes: 2 | 4): Buffer => {
    const buffer = Buffer.alloc(bytes);
    buffer.writeUIntBE(value, 0, bytes);
    return buffer;
  };
  const items = places.flatMap(({ id, method, source, extents }) => [
    ...[id, method, source, extents.length].map((value) => number(value, 2)),
    ...extents.flatMap(({ offset, length }) => [number(offset, 4), number(length, 4)]),
  ]);
  return writeBox('iloc', Buffer.from([1, 0, 0, 0, 0x44, 0x00]), number(places.length, 2), ...items);
}
