import { fileURLToPath } from 'node:url';
import type { Arithmetic } from '../../../plugins/local-diffusion/src/models/model-files.js';
import { openModel } from '../../../plugins/local-diffusion/src/models/open-model.js';
import { generatePictures } from '../../../plugins/local-diffusion/src/pipelines/generate-pictures.js';
import type { PictureRequest } from '../../../plugins/local-diffusion/src/pipelines/picture-request.js';
import { TorchGenerator } from '../../../plugins/local-diffusion/src/sampling/noise/torch-generator.js';
import type { Execution } from '../../../plugins/local-diffusion/src/session/execution-choice.js';
import { NetworkMemory } from '../../../plugins/local-diffusion/src/session/network-memory.js';
import { type Colour, knownPictures, wrongPlaces } from '../../integration/bundled-pictures.js';

const path = fileURLToPath(new URL('../../../models/picturebook', import.meta.url));
const prompts = [
  'a red house and a green tree in a meadow',
  'a yellow star at night',
  'a white boat at sea',
  'a large pink heart on a gray background',
  'a red circle on a blue background',
  'an orange fish in the sea',
  'a green square on a white background',
  'a yellow moon in the top right corner at night',
];
const edge = 96;
/** Planes go from -1 to 1. */
const range = 2;

/** How an image is made; what is absent is as the model's defaults have it. */
export interface Way {
  readonly arithmetic?: Arithmetic;
  readonly execution?: Execution;
  readonly request?: Partial<PictureRequest>;
}

/** The images of the bundled model for the seeds from 0 on, and what they took of the processor. */
export async function makeImages({ arithmetic = 'exact', execution, request }: Way, seeds: number) {
  const model = await openModel({ path, arithmetic }, { memory: new NetworkMemory({ execution }) });
  const from = process.cpuUsage();
  const images: Float32Array[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    const { planes } = await generatePictures(model, {
      ...{ prompts: [prompts[seed % prompts.length]!], negativePrompts: undefined, inversions: [] },
      ...{ width: edge, height: edge, steps: 20, guidanceScale: 5, guidanceRescale: 0, clipSkip: 0 },
      ...{ promptStyle: 'weighted', familyOptions: undefined, ...request },
      generators: [new TorchGenerator(seed)],
    });
    images.push(planes);
  }
  const { user, system } = process.cpuUsage(from);
  await model.release();
  return { images, cpuS: (user + system) / 1e6 };
}

/** Of the images whose prompts say what colours they have, how many there are and the share that is right. */
export function judge(images: readonly Float32Array[]) {
  const judged = images.flatMap((planes, seed) => {
    const known = knownPictures.find(({ prompt }) => prompt === prompts[seed % prompts.length]);
    return known ? [wrongPlaces(known, colourIn(planes), edge).length === 0] : [];
  });
  return { judged: judged.length, right: judged.filter(Boolean).length / judged.length };
}

/** Planes of red, green and blue in bytes. */
const colourIn =
  (planes: Float32Array) =>
  (x: number, y: number): Colour => {
    const byte = (plane: number) => (255 / range) * (planes[(plane * edge + y) * edge + x]! + range / 2);
    return [byte(0), byte(1), byte(2)];
  };

/** Of images against those that are expected, in dB and as a share: the median, and the worst of them. */
export function compare(made: readonly Float32Array[], expected: readonly Float32Array[]) {
  const ascending = (of: (one: Float32Array, other: Float32Array) => number) =>
    made.map((planes, index) => of(planes, expected[index]!)).sort((one, other) => one - other);
  const [decibels, similarity] = [ascending(peakSignalToNoise), ascending(structuralSimilarity)];
  const middle = Math.floor(made.length / 2);
  return {
    psnrMedian: decibels[middle]!,
    psnrWorst: decibels[0]!,
    ssimMedian: similarity[middle]!,
    ssimWorst: similarity[0]!,
  };
}

function peakSignalToNoise(made: Float32Array, expected: Float32Array): number {
  const squares = expected.reduce((sum, value, index) => sum + (value - made[index]!) ** 2, 0);
  return 10 * Math.log10((range ** 2 * expected.length) / squares);
}

const windowEdge = 8;
/** Wang et al. 2004, "Image Quality Assessment: From Error Visibility to Structural Similarity". */
const [luminanceTerm, contrastTerm] = [(0.01 * range) ** 2, (0.03 * range) ** 2];

/** The mean over windows of 8 by 8 pixels of all planes, which do not overlap. */
function structuralSimilarity(made: Float32Array, expected: Float32Array): number {
  const count = windowEdge ** 2;
  let [sum, windows] = [0, 0];
  for (let row = 0; row < made.length / edge; row += windowEdge) {
    for (let column = 0; column < edge; column += windowEdge) {
      let [x, y, xx, yy, xy] = [0, 0, 0, 0, 0];
      for (let index = 0; index < count; index++) {
        const at = (row + Math.floor(index / windowEdge)) * edge + column + (index % windowEdge);
        const [one, other] = [made[at]!, expected[at]!];
        x += one / count;
        y += other / count;
        xx += one ** 2 / count;
        yy += other ** 2 / count;
        xy += (one * other) / count;
      }
      const structure = (2 * (xy - x * y) + contrastTerm) / (xx - x ** 2 + yy - y ** 2 + contrastTerm);
      sum += (structure * (2 * x * y + luminanceTerm)) / (x ** 2 + y ** 2 + luminanceTerm);
      windows += 1;
    }
  }
  return sum / windows;
}
