import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { prepareChatTexts } from '../../../plugins/local-diffusion/src/prompt/chat-texts.js';
import type { ByteLevelTokenizer } from '../../../plugins/local-diffusion/src/tokenizers/byte-level/byte-level-tokenizer.js';
import { openByteLevelTokenizer } from '../../../plugins/local-diffusion/src/tokenizers/byte-level/open-byte-level-tokenizer.js';
import type { TokenizerPlace } from '../../../plugins/local-diffusion/src/tokenizers/tokenizer-place.js';
import type { CaseOutcome, ReferenceCase } from '../case.js';

const ids = z.array(z.number());
const schema = z.looseObject({
  cases: z.array(z.object({ text: z.string(), ids })),
  chat: z.array(
    z
      .looseObject({
        content: z.string().optional(),
        prompt: z.string().optional(),
        enable_thinking: z.boolean().optional(),
        pipeline: z.string().optional(),
        ids,
      })
      .transform(({ content, prompt, enable_thinking, pipeline, ids: expected }) => ({
        text: content ?? prompt ?? '',
        isThought: enable_thinking === false || pipeline === 'klein',
        expected,
      })),
  ),
});

/** What FLUX.2 klein's template has before the answer. */
const thought = '<think>\n\n</think>\n\n';
const longest = 10_000;

function judge(text: string, own: readonly number[], expected: readonly number[]): CaseOutcome {
  if (own.join() === expected.join()) return { status: 'passed', detail: `${own.length} ids equal` };
  return {
    status: 'failed',
    detail: `${JSON.stringify(text)}: ${own.join(' ')}, not ${expected.join(' ')}`,
  };
}

/**
 * Which vocabulary the cases of a file are over: one of a tiny model, or Qwen's own, which comes with the
 * engine.
 */
const vocabularies: Readonly<Record<string, (folder: string) => TokenizerPlace>> = {
  'qwen2_tokenizer.json': (folder) => ({
    folder: join(dirname(folder), 'd_pipelines', 'zimage_pipeline', 'tokenizer'),
  }),
  'qwen2_real_vocab.json': () => ({ builtIn: 'qwen' }),
};

/** Texts and the ids that Qwen's tokenizer makes of them, alone and as a message of a chat. */
export async function qwenTokenizerCases(folder: string): Promise<ReferenceCase[]> {
  const all: ReferenceCase[] = [];
  for (const [file, placeOf] of Object.entries(vocabularies)) {
    const text = await readFile(join(folder, file), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const { cases, chat } = schema.parse(JSON.parse(text));
    let opened: Promise<ByteLevelTokenizer> | undefined;
    const tokenizer = () => {
      opened ??= openByteLevelTokenizer(placeOf(folder));
      return opened;
    };
    const name = file.replace('.json', '');
    for (const [index, entry] of cases.entries()) {
      all.push({
        id: `${name}/${index}`,
        run: async () => judge(entry.text, (await tokenizer()).encode(entry.text), entry.ids),
      });
    }
    for (const [index, { text: message, isThought, expected }] of chat.entries()) {
      const run = async () => {
        const options = { tokens: longest, title: 'Qwen', ...(isThought && { thought }) };
        const prepared = prepareChatTexts({ tokenizer: await tokenizer() }, [message], options);
        return judge(message, prepared.ids[0]!, expected);
      };
      all.push({ id: `${name}/chat/${index}`, run });
    }
  }
  return all;
}
