import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openComponent } from '../checkpoint/component.js';
import { decomposableOperators } from '../graph/passes/decomposition.js';
import { clipTextGraph } from '../networks/clip/clip-text.js';
import { onProcessor } from '../session/execution-choice.js';
import { encodeForSession } from '../session/graph-session.js';
import { NetworkMemory } from '../session/network-memory.js';
import { textEncoderDialect } from './dialects.js';
import { ExportedNetwork } from './exported-network.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-exported-network-'));
  const source = fileURLToPath(new URL('../../../../models/picturebook/text_encoder', import.meta.url));
  await cp(source, folder, { recursive: true });
  await writeFile(
    join(folder, 'model.onnx'),
    encodeForSession(clipTextGraph(await openComponent(folder))).model,
  );
});
afterAll(() => rm(folder, { recursive: true }));

test('operators that a device gets wrong are written otherwise in exported networks, too', async () => {
  const input_ids = { data: BigInt64Array.of(925n, 5n, 800n, 926n), shape: [1, 4] };
  const run = async (decompose: readonly (typeof decomposableOperators)[number][]) => {
    const memory = new NetworkMemory({ execution: { ...onProcessor, decompose: new Set(decompose) } });
    const network = await ExportedNetwork.open(join(folder, 'model.onnx'), textEncoderDialect, memory);
    const { data } = await network.run({ input_ids }, 'last_hidden_state');
    await network.release();
    return data;
  };
  const [fused, simple] = [await run([]), await run(decomposableOperators)];
  expect([...simple]).not.toEqual([...fused]);
  for (const [index, value] of fused.entries()) expect(simple[index]).toBeCloseTo(value, 4);
});
