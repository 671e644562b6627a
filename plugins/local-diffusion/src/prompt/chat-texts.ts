import { invalidFiles } from '../checkpoint/invalid-files.js';
import type { Feed } from '../session/network.js';
import type { ByteLevelTokenizer } from '../tokenizers/byte-level/byte-level-tokenizer.js';
import { warnOfUnreadSyntax } from './prompt-warnings.js';
import type { PromptStyle } from './text-encoding.js';
import { parsePromptWeights } from './weights.js';

/** A language model that texts are read by, with the tokenizer that belongs to it. */
export interface ChatEncoder {
  readonly tokenizer: ByteLevelTokenizer;
  /** Of what is read of a token. */
  readonly width: number;
  /**
   * Token ids, one row a text, all of one length, to [texts, tokens, width].
   *
   * @param used of each row, how many tokens are seen
   */
  encode(ids: readonly (readonly number[])[], used: readonly number[]): Promise<Float32Array>;
}

/** How texts are read. */
export interface ChatTextOptions {
  /** Tokens that each text is cut at, those of the template counted. */
  readonly tokens: number;
  /** What a message of the system says before the text. Absent: there is none. */
  readonly system?: string;
  /** What stands in the message before each text, such as marks of images. Absent: nothing. */
  readonly before?: string;
  /**
   * What the template has behind the text, before the answer would begin. Absent: the answer begins at once.
   */
  readonly thought?: string;
  /** Absent: `plain`. */
  readonly promptStyle?: PromptStyle | undefined;
  /** The model's, for messages. */
  readonly title: string;
}

/** Texts as ids, with a sentence for each thing in them that had no effect. */
export interface ChatTexts {
  readonly ids: readonly (readonly number[])[];
  readonly warnings: readonly string[];
}

const padding = '<|endoftext|>';
const tail = '<|im_end|>\n<|im_start|>assistant\n';

/**
 * Texts as messages of a user, rendered by Qwen's chat template. Marks of the template in a text are taken
 * for marks, as transformers does, and weights in brackets for text, as these models' other readers do.
 */
export function prepareChatTexts(
  { tokenizer }: Pick<ChatEncoder, 'tokenizer'>,
  texts: readonly string[],
  { tokens, system, before = '', thought = '', promptStyle = 'plain', title }: ChatTextOptions,
): ChatTexts {
  const warnings = new Set<string>();
  const head = headOf(system);
  const ending = tokenizer.encode(tail + thought).length;
  const ids = texts.map((text) => {
    const all = tokenizer.encode(`${head}${before}${text}${tail}${thought}`);
    const lost = all.length - ending - tokens;
    if (lost > 0) {
      warnings.add(
        `The last ${lost} tokens of a prompt had no effect: "${text.slice(0, 40)}..." is longer than the ${tokens} tokens that are read.`,
      );
    }
    if (promptStyle === 'weighted' && hasWeights(text)) {
      warnings.add(`Weights in a prompt had no effect: ${title} reads brackets and numbers as text.`);
    }
    if (promptStyle === 'weighted') for (const warning of warnOfUnreadSyntax(text)) warnings.add(warning);
    return all.slice(0, tokens);
  });
  return { ids, warnings: [...warnings] };
}

/** How many tokens the template has before a text. */
export const tokensBefore = (
  { tokenizer }: Pick<ChatEncoder, 'tokenizer'>,
  system: string | undefined,
): number => tokenizer.encode(headOf(system)).length;

const headOf = (system: string | undefined): string =>
  `${system === undefined ? '' : `<|im_start|>system\n${system}<|im_end|>\n`}<|im_start|>user\n`;

const hasWeights = (text: string): boolean =>
  parsePromptWeights(text).some((part) => part.kind === 'text' && part.weight !== 1);

/** Ids filled up to a length. @throws Error for a vocabulary without what fills up */
export function fillIds(
  { tokenizer }: Pick<ChatEncoder, 'tokenizer'>,
  ids: readonly number[],
  length: number,
): number[] {
  const padId = tokenizer.idOf(padding);
  if (padId === undefined)
    throw invalidFiles(`The tokenizer has no "${padding}", which texts are filled up with.`);
  return [...ids, ...new Array<number>(length - ids.length).fill(padId)];
}

/** Rows of as many tokens as the longest has, the others filled up with zeros: [texts, tokens, width]. */
export function fillRows(rows: readonly Float32Array[], tokens: number, width: number): Feed {
  const data = new Float32Array(rows.length * tokens * width);
  for (const [index, row] of rows.entries()) data.set(row, index * tokens * width);
  return { data, shape: [rows.length, tokens, width] };
}
