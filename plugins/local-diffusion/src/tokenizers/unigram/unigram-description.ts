import type { Pieces } from './unigram-model.js';

/** A text that stands for one id wherever it is written, such as `</s>`. */
export interface AddedToken {
  readonly text: string;
  readonly id: number;
  /** Whether it takes the white space before it. */
  readonly takesLeft: boolean;
  /** Whether it takes the white space after it. */
  readonly takesRight: boolean;
}

/** How a text becomes words, before each is cut into pieces. */
export interface WordRules {
  /** Whether words end at any white space, which is left out. Otherwise spaces begin words. */
  readonly splitsAtWhiteSpace: boolean;
  /** Stands for a space. */
  readonly spaceMark: string;
  /** Which stretches of text between added tokens begin with a space though they have none. */
  readonly leadingSpace: 'always' | 'first' | 'never';
}

/** A tokenizer with a vocabulary of SentencePiece's unigrams, wherever it was read from. */
export interface UnigramDescription {
  /** For messages: where it was read from. */
  readonly origin: string;
  readonly pieces: Pieces;
  readonly unknownId: number;
  readonly addedTokens: readonly AddedToken[];
  /** Brings the text into the form that the vocabulary has. */
  normalize(text: string): string;
  readonly words: WordRules;
}
