import { fromHalf } from '../half-floats.js';
import { type BlockType, blockTypes } from './block-types.js';

/** The scales of float16 that a block has which begins at a byte. */
export const scalesOf = (type: BlockType, bytes: Buffer, block: number): readonly number[] =>
  type === 'IQ1_M'
    ? [fromHalf(splitScale(bytes, block + 48))]
    : blockTypes[type].scales.map((from) => fromHalf(bytes.readUInt16LE(block + from)));

/** The bits of IQ1_M's scale: the uppermost four of four words, the lowest ones first. */
const splitScale = (bytes: Buffer, from: number): number =>
  [0, 1, 2, 3].reduce((bits, word) => bits | ((bytes[from + 2 * word + 1]! >> 4) << (4 * word)), 0);
