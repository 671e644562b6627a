import { drawPicture, subjectOf } from '@easel/plugin-sdk/emulator';
import type { Graph } from './validate.js';

/** The image of a workflow: of its words, and of the files in the input folder that it loads. */
export async function drawResult(graph: Graph, text: string, inputs: ReadonlyMap<string, Buffer>) {
  const nodes = Object.values(graph);
  const of = (kind: string) => nodes.filter(({ class_type: each }) => each === kind);
  const files = [...of('LoadImage'), ...of('LoadImageMask')].map(
    ({ inputs: { image } }) => inputs.get(String(image)) as Buffer,
  );
  const { width = 64, height = 64 } = of('EmptyLatentImage')[0]?.inputs ?? {};
  const serial = Number(of('KSampler')[0]?.inputs.seed) % 256;
  const picture = { width: Number(width), height: Number(height), serial };
  const bytes = await drawPicture(subjectOf(text, files), picture);
  const [node, { class_type: kind }] = Object.entries(graph).find(([, { class_type: each }]) =>
    /^(Save|Preview)/.test(each),
  ) as [string, Graph[string]];
  return { bytes, node, type: kind === 'SaveImage' ? 'output' : 'temp' };
}
