import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { type ProtobufField, readFields } from '../../graph/onnx/protobuf.js';
import { readCharacterMap } from './character-map.js';
import type { UnigramDescription } from './unigram-description.js';

/** Numbers of fields in SentencePiece's `ModelProto` (src/sentencepiece_model.proto). */
const model = { pieces: 1, trainer: 2, normalizer: 3 } as const;
const piece = { text: 1, score: 2, type: 3 } as const;
const trainer = { kind: 3 } as const;
const normalizer = { characterMap: 2, addsLeadingSpace: 3, removesExtraSpaces: 4 } as const;
/** `ModelType`, and `SentencePiece.Type`. */
const unigram = 1;
export const pieceTypes = { normal: 1, unknown: 2, control: 3, userDefined: 4 } as const;

/**
 * T5 was trained to fill gaps; transformers adds the marks of the gaps, last one first, behind
 * SentencePiece's own pieces.
 */
const gapCount = 100;

/**
 * Reads a `spiece.model` of T5, as transformers converts it (`convert_slow_tokenizer.py`, `T5Converter`).
 *
 * @param file for messages
 * @throws ERR_MODEL_FILES_INVALID for a file that is damaged or has no unigrams
 */
export function readSentencepieceModel(bytes: Uint8Array, file: string): UnigramDescription {
  const fields = fieldsOf(bytes, file);
  const trainerFields = fieldsOf(contentOf(fields, model.trainer), file);
  if ((integerOf(trainerFields, trainer.kind) ?? unigram) !== unigram)
    throw invalidFiles(`${file} is a SentencePiece model of another kind than unigrams.`);
  const normalizerFields = fieldsOf(contentOf(fields, model.normalizer), file);
  const own = fields
    .filter(({ field }) => field === model.pieces)
    .map(({ content }) => readPiece(fieldsOf(content, file)));
  if (own.length === 0) throw invalidFiles(`${file} has no pieces, so it is not a SentencePiece model.`);
  return describeSentencepiece(file, [...own, ...gapPieces()], {
    characterMap: contentOf(normalizerFields, normalizer.characterMap),
    addsLeadingSpace: (integerOf(normalizerFields, normalizer.addsLeadingSpace) ?? 1) !== 0,
    removesExtraSpaces: (integerOf(normalizerFields, normalizer.removesExtraSpaces) ?? 1) !== 0,
  });
}

/** A piece as SentencePiece has it. */
export interface SentencePiece {
  readonly text: string;
  readonly score: number;
  readonly type: number;
}

/** What SentencePiece does to a text beforehand. */
export interface SentencepieceNormalizer {
  /** Empty: characters stay. */
  readonly characterMap: Uint8Array;
  readonly addsLeadingSpace: boolean;
  readonly removesExtraSpaces: boolean;
}

/** A tokenizer of SentencePiece's own parts, wherever they were read from. */
export function describeSentencepiece(
  origin: string,
  pieces: readonly SentencePiece[],
  { characterMap, addsLeadingSpace, removesExtraSpaces }: SentencepieceNormalizer,
): UnigramDescription {
  const unknownId = pieces.findIndex(({ type }) => type === pieceTypes.unknown);
  if (unknownId === -1) throw invalidFiles(`${origin}: the vocabulary has no piece for what is unknown.`);
  const replaceCharacters =
    characterMap.length === 0 ? (text: string) => text : readCharacterMap(characterMap, origin);
  return {
    origin,
    pieces: pieces.map(({ text, score }) => [text, score]),
    unknownId,
    addedTokens: pieces.flatMap(({ text, type }, id) =>
      type === pieceTypes.normal || text === ''
        ? []
        : [{ text, id, takesLeft: isGap(text), takesRight: isGap(text) }],
    ),
    normalize(text) {
      const replaced = replaceCharacters(text);
      return removesExtraSpaces ? replaced.trimEnd().replaceAll(/ {2,}/g, spaceMark) : replaced;
    },
    words: {
      splitsAtWhiteSpace: false,
      spaceMark,
      leadingSpace: addsLeadingSpace ? 'always' : 'never',
    },
  };
}

const spaceMark = '▁';
const isGap = (text: string): boolean => text.startsWith('<extra_id_');

const gapPieces = (): SentencePiece[] =>
  Array.from({ length: gapCount }, (_, index) => ({
    text: `<extra_id_${gapCount - 1 - index}>`,
    score: 0,
    type: pieceTypes.userDefined,
  }));

function readPiece(fields: readonly ProtobufField[]): SentencePiece {
  const score = contentOf(fields, piece.score);
  return {
    text: Buffer.from(contentOf(fields, piece.text)).toString('utf8'),
    score: score.length === 4 ? new DataView(score.buffer, score.byteOffset, 4).getFloat32(0, true) : 0,
    type: integerOf(fields, piece.type) ?? pieceTypes.normal,
  };
}

function fieldsOf(message: Uint8Array, file: string): readonly ProtobufField[] {
  try {
    return readFields(message);
  } catch (cause) {
    throw invalidFiles(
      `${file} is not a SentencePiece model: ${(cause as Error).message}.`,
      undefined,
      cause,
    );
  }
}

const empty = new Uint8Array();
const contentOf = (fields: readonly ProtobufField[], wanted: number): Uint8Array =>
  fields.findLast(({ field }) => field === wanted)?.content ?? empty;

/** A small number; undefined where it is absent. */
function integerOf(fields: readonly ProtobufField[], wanted: number): number | undefined {
  const content = fields.findLast(({ field }) => field === wanted)?.content;
  return content?.reduce((value, byte, index) => value + (byte & 0x7f) * 128 ** index, 0);
}
