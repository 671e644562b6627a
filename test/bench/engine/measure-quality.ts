import type { ExecutionProvider } from '../../../plugins/local-diffusion/src/session/execution-providers.js';
import { compare, judge, makeImages } from './image-quality.js';
import { executionOn } from './measure-network.js';

/** What fast, and using deep features again, do to images of the bundled model. */
export async function measureQuality(seeds: number): Promise<Record<string, number>> {
  const exact = await makeImages({}, seeds);
  const ways = {
    fast: { arithmetic: 'fast' },
    'every second call shallow': { request: { deepCacheInterval: 2 } },
    'half of the steps': { request: { steps: 10 } },
  } as const;
  const { judged, right } = judge(exact.images);
  const figures: Record<string, number> = { images: seeds, judged, 'exact: right': right };
  for (const [name, way] of Object.entries(ways)) {
    const { images, cpuS } = await makeImages(way, seeds);
    for (const [figure, value] of Object.entries(compare(images, exact.images)))
      figures[`${name}: ${figure}`] = value;
    figures[`${name}: right`] = judge(images).right;
    figures[`${name}: cpuRatio`] = exact.cpuS / cpuS;
  }
  return figures;
}

/** Images of the bundled model on a device against those of the processor. */
export async function measureDeviceQuality(
  provider: ExecutionProvider,
  seeds: number,
): Promise<Record<string, number>> {
  const execution = await executionOn(provider);
  const [{ images }, expected] = [await makeImages({ execution }, seeds), await makeImages({}, seeds)];
  return { ...compare(images, expected.images), isHalf: Number(execution.precision === 'float16') };
}
