import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { runGraph } from '../../../../../test/reference/run-graph.js';
import { type Component, openComponent } from '../../checkpoint/component.js';
import { readFloats } from '../../checkpoint/float-values.js';
import { clipTextGraph } from './clip-text.js';

const folder = fileURLToPath(new URL('../../../../../models/picturebook/text_encoder', import.meta.url));
const [begin, end, vocabularySize, width] = [925, 926, 927, 128];
let text: Component;
let table: Float32Array;
beforeAll(async () => {
  text = await openComponent(folder);
  table = await readFloats(text.tensors.get('text_model.embeddings.token_embedding.weight')!);
});

const rowOf = (id: number) => table.subarray(id * width, (id + 1) * width);
const inputs = (rows: readonly (readonly number[])[], extra: readonly Float32Array[]) =>
  new Map([
    ['input_ids', { shape: [rows.length, rows[0]!.length], data: BigInt64Array.from(rows.flat(), BigInt) }],
    [
      'extra_rows',
      { shape: [extra.length, width], data: Float32Array.from(extra.flatMap((row) => [...row])) },
    ],
  ]);

describe('rows beyond the vocabulary', () => {
  test.each([end, 2])(
    'stand for the words that they are the rows of, with end token %d',
    async (endToken) => {
      const component = { ...text, config: { ...(text.config as object), eos_token_id: endToken } };
      const graph = clipTextGraph(component, { extraRows: true });
      const [first, second] = [vocabularySize, vocabularySize + 1];
      const own = await runGraph(
        graph,
        inputs(
          [
            [begin, 5, 7, end, end],
            [begin, 9, 9, 5, end],
          ],
          [rowOf(1)],
        ),
      );
      const learned = await runGraph(
        graph,
        inputs(
          [
            [begin, second, first, end, end],
            [begin, 9, 9, second, end],
          ],
          [rowOf(7), rowOf(5)],
        ),
      );
      expect(learned.get('last_hidden_state')).toEqual(own.get('last_hidden_state'));
      expect(learned.get('pooler_output')).toEqual(own.get('pooler_output'));
      const plain = inputs([[begin, 5, 7, end, end]], []);
      plain.delete('extra_rows');
      const without = await runGraph(clipTextGraph(component), plain);
      const state = without.get('pooler_output')!;
      for (const [index, value] of state.entries())
        expect(own.get('pooler_output')![index]).toBeCloseTo(value, 4);
    },
  );

  test('are not an input of the usual graph', () => {
    expect(clipTextGraph(text).inputs.map(({ name }) => name)).toEqual(['input_ids']);
  });
});
