import { z } from 'zod';
import { invalidFiles } from '../../checkpoint/invalid-files.js';
import { readCharacterMap } from './character-map.js';
import type { UnigramDescription, WordRules } from './unigram-description.js';

const addedToken = z.object({
  id: z.int().nonnegative(),
  content: z.string().min(1),
  lstrip: z.boolean().default(false),
  rstrip: z.boolean().default(false),
});
const part = z.looseObject({ type: z.string() });
const schema = z.object({
  added_tokens: z.array(addedToken).default([]),
  normalizer: part.nullish(),
  pre_tokenizer: part.nullish(),
  model: z.object({
    type: z.literal('Unigram').default('Unigram'),
    unk_id: z.int().nonnegative(),
    vocab: z.array(z.tuple([z.string(), z.number()])).min(1),
    byte_fallback: z.literal(false).default(false),
  }),
});
type Part = z.output<typeof part>;
type Step = (text: string) => string;

/**
 * Reads the `tokenizer.json` of a unigram vocabulary, as Hugging Face's tokenizers write it.
 *
 * @param file for messages
 * @throws ERR_MODEL_FILES_INVALID for another kind of tokenizer, and for steps that are not supported
 */
export function readTokenizerJson(json: unknown, file: string): UnigramDescription {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalidFiles(
      `${file} is not a tokenizer of unigrams that this engine can read: ${issue?.path.join('.')}: ${issue?.message}.`,
    );
  }
  const { added_tokens, normalizer, pre_tokenizer, model } = parsed.data;
  const steps = stepsOf(normalizer, file);
  return {
    origin: file,
    pieces: model.vocab,
    unknownId: model.unk_id,
    addedTokens: added_tokens.map(({ id, content, lstrip, rstrip }) => ({
      text: content,
      id,
      takesLeft: lstrip,
      takesRight: rstrip,
    })),
    normalize: (text) => steps.reduce((value, step) => step(value), text),
    words: wordRulesOf(pre_tokenizer, file),
  };
}

const precompiled = z.object({ precompiled_charsmap: z.base64() });
const strip = z.object({ strip_left: z.boolean(), strip_right: z.boolean() });
const replace = z.object({
  pattern: z.union([z.object({ String: z.string().min(1) }), z.object({ Regex: z.literal(' {2,}') })]),
  content: z.string(),
});
const sequence = z.object({ normalizers: z.array(part) });

/** The steps of a normaliser; the order is that of the file. */
function stepsOf(normalizer: Part | null | undefined, file: string): Step[] {
  if (!normalizer) return [];
  const read = <Schema extends z.ZodType>(wanted: Schema): z.output<Schema> => {
    const parsed = wanted.safeParse(normalizer);
    if (parsed.success) return parsed.data;
    throw invalidFiles(`${file}: the normaliser "${normalizer.type}" is not one that this engine can read.`);
  };
  switch (normalizer.type) {
    case 'Sequence':
      return read(sequence).normalizers.flatMap((each) => stepsOf(each, file));
    case 'Precompiled':
      return [readCharacterMap(Buffer.from(read(precompiled).precompiled_charsmap, 'base64'), file)];
    case 'Strip': {
      const { strip_left, strip_right } = read(strip);
      return [
        (text) => (strip_left ? text.trimStart() : text),
        (text) => (strip_right ? text.trimEnd() : text),
      ];
    }
    case 'Replace': {
      const { pattern, content } = read(replace);
      const from = 'String' in pattern ? pattern.String : / {2,}/g;
      return [(text) => text.replaceAll(from, () => content)];
    }
    case 'NFKC':
      return [(text) => text.normalize('NFKC')];
    default:
      return read(z.never());
  }
}

const metaspace = z.looseObject({
  type: z.literal('Metaspace'),
  replacement: z.string().min(1),
  prepend_scheme: z.enum(['always', 'first', 'never']).optional(),
  add_prefix_space: z.boolean().optional(),
});
const preTokenizers = z.object({ pretokenizers: z.array(part) });

function wordRulesOf(preTokenizer: Part | null | undefined, file: string): WordRules {
  const parts =
    preTokenizer?.type === 'Sequence'
      ? (preTokenizers.safeParse(preTokenizer).data?.pretokenizers ?? [])
      : [preTokenizer];
  const marks = parts.map((each) => metaspace.safeParse(each).data);
  const splits = parts.map((each) => each?.type === 'WhitespaceSplit');
  const mark = marks.at(-1);
  const isKnown = mark && parts.length <= 2 && splits.slice(0, -1).every((splitting) => splitting);
  if (!isKnown) throw invalidFiles(`${file}: its words are not parted by "Metaspace", as T5's are.`);
  return {
    splitsAtWhiteSpace: splits[0] === true,
    spaceMark: mark.replacement,
    leadingSpace: mark.prepend_scheme ?? (mark.add_prefix_space === false ? 'never' : 'always'),
  };
}
