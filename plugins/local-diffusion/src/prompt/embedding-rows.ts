import { EaselError } from '@easel/plugin-sdk';
import { invalidFiles } from '../checkpoint/invalid-files.js';
import type { Placeholder } from './placeholders.js';
import type { TextualInversion } from './textual-inversion.js';

/** The token table that textual inversions extend. */
export interface TokenTable {
  /** Rows of the text encoder's token embedding: the first id that is free. */
  readonly vocabularySize: number;
  readonly width: number;
}

/** Rows beyond a text encoder's vocabulary, and the words that stand for them. */
export interface EmbeddingRows {
  readonly placeholders: readonly Placeholder[];
  /** [rows, width]; row i belongs to the id `vocabularySize + i`. */
  readonly rows: Float32Array;
  readonly shape: readonly [number, number];
}

/**
 * Gives each vector of the textual inversions an id of its own beyond the vocabulary.
 *
 * @param tables one a text encoder, in the model's order
 * @returns the rows and placeholders of each text encoder, in that order
 * @throws ERR_MODEL_FILES_INVALID for a textual inversion made for another kind of model, and one with NaN or
 * infinity in it
 * @throws ERR_REQUEST_INVALID when two of them have the same word
 */
export function allocateEmbeddingRows(
  given: readonly TextualInversion[],
  tables: readonly TokenTable[],
): EmbeddingRows[] {
  const inversions = withoutOverruled(given);
  refuseSharedWords(inversions);
  for (const inversion of inversions) {
    refuseOtherWidths(inversion, tables);
    refuseDamaged(inversion);
  }
  return tables.map(({ vocabularySize, width }, encoder) => {
    const matrices = inversions.map((inversion) => inversion.matrices[encoder]!);
    const total = matrices.reduce((count, { vectors }) => count + vectors, 0);
    const rows = new Float32Array(total * width);
    let row = 0;
    const placeholders = matrices.map(({ vectors, values }, index): Placeholder => {
      rows.set(values, row * width);
      const first = vocabularySize + row;
      row += vectors;
      const { word, isBundled } = inversions[index]!;
      return { word, ids: Array.from({ length: vectors }, (_, i) => first + i), isBundled };
    });
    return { placeholders, rows, shape: [total, width] };
  });
}

const keyOf = (word: string): string => word.trim().replace(/\s+/g, ' ').toLowerCase();

/** What came with a LoRA gives way to what somebody asked for by the same word. */
function withoutOverruled(inversions: readonly TextualInversion[]): readonly TextualInversion[] {
  const asked = new Set(inversions.filter(({ isBundled }) => !isBundled).map(({ word }) => keyOf(word)));
  return inversions.filter(({ word, isBundled }) => !isBundled || !asked.has(keyOf(word)));
}

function refuseSharedWords(inversions: readonly TextualInversion[]): void {
  const files = new Map<string, string>();
  for (const { word, file } of inversions) {
    const key = keyOf(word);
    const other = files.get(key);
    if (other !== undefined) {
      throw new EaselError({
        code: 'ERR_REQUEST_INVALID',
        message: `Two textual inversions have the word "${word}": ${other} and ${file}.`,
        hint: 'Give one of them another word.',
      });
    }
    files.set(key, file);
  }
}

function refuseOtherWidths({ file, matrices }: TextualInversion, tables: readonly TokenTable[]): void {
  const own = matrices.map(({ width }) => width).join(' and ');
  const wanted = tables.map(({ width }) => width).join(' and ');
  if (own === wanted) return;
  throw invalidFiles(
    `${file} was made for another kind of model: its vectors have ${own} numbers, and those of this model ${wanted}.`,
    'Use a textual inversion that was made for this kind of model.',
  );
}

function refuseDamaged({ file, matrices }: TextualInversion): void {
  if (matrices.every(({ values }) => values.every(Number.isFinite))) return;
  throw invalidFiles(`${file} has NaN or infinity among its vectors.`, 'Use another version of it.');
}
