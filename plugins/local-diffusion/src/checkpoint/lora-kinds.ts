import { invalidFiles } from './invalid-files.js';
import {
  type Factored,
  type LoraLayer,
  type Magnitude,
  type Product,
  type Rotation,
  sizeOfProduct,
  type WeightChange,
} from './lora-layer.js';
import type { LoraPart } from './lora-names.js';
import type { TensorLocation } from './safetensors.js';

/** The tensors of one layer by what they are to it, with the numbers among them read. */
export interface LoraParts {
  /** For messages. */
  readonly file: string;
  /** For messages: what the file calls the layer. */
  readonly name: string;
  readonly tensors: ReadonlyMap<LoraPart, TensorLocation>;
  /** Absent: the file has none. */
  readonly alpha: number | undefined;
  /** Of (IA)^3: whether it scales what goes into the layer. */
  readonly onInput: boolean;
  /** Of OFT and BOFT. Absent: the layer is of another kind. */
  readonly rotation: Rotation | undefined;
  /** alpha / rank where the file has no alpha. */
  declaredFactor(rank: number): number;
}

interface ReadChange {
  readonly change: WeightChange;
  /** What alpha is divided by. Absent: alpha has no effect. */
  readonly rank?: number | undefined;
}

/** How each kind of change is read, by a tensor that each layer of the kind has. */
const readers: readonly (readonly [mark: LoraPart, read: (parts: LoraParts) => ReadChange])[] = [
  ['down', readLowRank],
  ['up', readLowRank],
  ['hada_w1_a', readHadamard],
  ['lokr_w1', readKronecker],
  ['lokr_w1_a', readKronecker],
  ['diff', readDifference],
  ['w_norm', readDifference],
  ['on_input', readScaling],
  ['a1', readGeneralized],
  ['oft_blocks', ({ rotation }) => ({ change: { kind: 'rotation', rotation: rotation! } })],
];

/**
 * What the tensors of one layer say that is done to it. The kinds are those of LyCORIS
 * (`lycoris/functional`), with alpha as its training and the other programs read it.
 *
 * @returns undefined for tensors that say nothing
 * @throws ERR_MODEL_FILES_INVALID for tensors that are missing or do not fit each other
 */
export function layerOf(parts: LoraParts): LoraLayer | undefined {
  const { tensors, alpha, file, name } = parts;
  const upBias = tensors.get('up_bias');
  const bias = upBias ?? tensors.get('diff_b') ?? tensors.get('b_norm');
  const replacement = tensors.get('norm');
  const read = readers.find(([mark]) => tensors.has(mark))?.[1](parts);
  if (!read) return bias || replacement ? { factor: 1, bias, replacement } : undefined;
  const { change, rank } = read;
  const factor = rank === undefined ? 1 : alpha === undefined ? parts.declaredFactor(rank) : alpha / rank;
  if (!Number.isFinite(factor)) throw invalidFiles(`${file}: the alpha of "${name}" is ${alpha}.`);
  // PEFT's bias is one of the layer that makes the rank's numbers into outputs, and multiplied like these.
  return { change, factor, magnitude: magnitudeOf(tensors), bias, ...(upBias && { biasFactor: factor }) };
}

function readLowRank(parts: LoraParts): ReadChange {
  const core = parts.tensors.get('mid');
  const [up, down] = [parts.tensors.get('up'), parts.tensors.get('down')];
  if (!up || !down) {
    throw invalidFiles(
      `${parts.file}: the layer "${parts.name}" has only one of the two matrices of a LoRA.`,
    );
  }
  const product: Product = { kind: 'product', left: up, isLeftTransposed: false, core, right: down };
  return { change: { kind: 'low-rank', product }, rank: rankOf(parts, product) };
}

function readHadamard(parts: LoraParts): ReadChange {
  const factor = (place: 1 | 2): Product => {
    const core = parts.tensors.get(`hada_t${place}`);
    const left = need(parts, `hada_w${place}_a`);
    const right = need(parts, `hada_w${place}_b`);
    return { kind: 'product', left, isLeftTransposed: core !== undefined, core, right };
  };
  const [first, second] = [factor(1), factor(2)];
  const rank = rankOf(parts, first);
  rankOf(parts, second);
  if (String(sizeOfProduct(first)) !== String(sizeOfProduct(second))) {
    throw invalidFiles(`${parts.file}: the two products of "${parts.name}" have different sizes.`);
  }
  return { change: { kind: 'hadamard', first, second }, rank };
}

function readKronecker(parts: LoraParts): ReadChange {
  const ranks: number[] = [];
  const factor = (place: 1 | 2): Factored => {
    const matrix = parts.tensors.get(`lokr_w${place}`);
    if (matrix) return { kind: 'whole', matrix };
    const core = place === 2 ? parts.tensors.get('lokr_t2') : undefined;
    const left = need(parts, `lokr_w${place}_a`);
    const right = need(parts, `lokr_w${place}_b`);
    const product: Product = { kind: 'product', left, isLeftTransposed: core !== undefined, core, right };
    ranks.push(rankOf(parts, product));
    return product;
  };
  const change: WeightChange = { kind: 'kronecker', first: factor(1), second: factor(2) };
  return { change, rank: ranks.at(-1) };
}

function readDifference({ tensors }: LoraParts): ReadChange {
  const difference = tensors.get('diff') ?? tensors.get('w_norm')!;
  return { change: { kind: 'difference', difference } };
}

function readScaling(parts: LoraParts): ReadChange {
  const axis = parts.onInput ? 'inputs' : 'outputs';
  return { change: { kind: 'scaling', by: need(parts, 'weight'), axis } };
}

function readGeneralized(parts: LoraParts): ReadChange {
  const [a1, a2] = [need(parts, 'a1'), need(parts, 'a2')];
  const [b1, b2] = [need(parts, 'b1'), need(parts, 'b2')];
  // Files of before 2024 hold the factors of each product the other way round.
  const isOld = [b2.shape[0], a1.shape[1], a2.shape[0]].some((rank) => rank !== b1.shape[1]);
  const product = (left: TensorLocation, right: TensorLocation): Product => ({
    kind: 'product',
    ...{ left, isLeftTransposed: false, right },
  });
  const inner = isOld ? product(a2, a1) : product(a1, a2);
  const outer = isOld ? product(b2, b1) : product(b1, b2);
  rankOf(parts, inner);
  return { change: { kind: 'generalized', inner, outer }, rank: rankOf(parts, outer) };
}

/**
 * Norms of rows or of columns, by their shape: [outputs, 1, ..] or [1, inputs, ..]. PEFT's are always of
 * rows.
 */
function magnitudeOf(tensors: ReadonlyMap<LoraPart, TensorLocation>): Magnitude | undefined {
  const [norms, peft] = [tensors.get('magnitude'), tensors.get('peft magnitude')];
  if (peft) return { norms: peft, axis: 'outputs' };
  if (!norms) return undefined;
  const isOfColumns = norms.shape.length > 1 && norms.shape[0] === 1 && norms.shape[1] !== 1;
  return { norms, axis: isOfColumns ? 'inputs' : 'outputs' };
}

function need({ file, name, tensors }: LoraParts, part: LoraPart): TensorLocation {
  const found = tensors.get(part);
  if (found) return found;
  throw invalidFiles(`${file}: the layer "${name}" has no "${part}", and others of its kind.`);
}

/** Of the right factor, which every product has in the same form. */
function rankOf({ file, name }: LoraParts, { left, isLeftTransposed, core, right }: Product): number {
  const [rank, ...columns] = right.shape;
  const met = core ? core.shape[1] : left.shape[isLeftTransposed ? 0 : 1];
  const leftRank = left.shape[isLeftTransposed ? 0 : 1];
  const isWhole = left.shape.length > 1 && columns.length > 0 && (!core || core.shape[0] === leftRank);
  if (rank && met === rank && isWhole) return rank;
  const shapes = [right, ...(core ? [core] : []), left].map(({ shape }) => `[${shape}]`);
  throw invalidFiles(
    `${file}: the two matrices of "${name}" have the shapes ${shapes.join(' and ')}, which do not fit each other.`,
  );
}
