import type { TensorLocation } from './safetensors.js';

/**
 * A matrix as a file has it: whole, or as the product of two factors, with a kernel between them where it is
 * Tucker's form.
 */
export type Factored =
  | { readonly kind: 'whole'; readonly matrix: TensorLocation }
  | {
      readonly kind: 'product';
      /** [rows, rank], or [rank, rows] where it is transposed. */
      readonly left: TensorLocation;
      readonly isLeftTransposed: boolean;
      /** [rank, rank, kernel, kernel]. Absent: the factors meet. */
      readonly core?: TensorLocation | undefined;
      /** [rank, columns], a kernel's pixels being columns like its channels. */
      readonly right: TensorLocation;
    };
export type Product = Extract<Factored, { kind: 'product' }>;

/** What a LoRA, in the wide sense of LyCORIS, adds to one layer's weight before its factor. */
export type WeightChange =
  /** up @ down (Hu et al. 2021, arXiv 2106.09685). */
  | { readonly kind: 'low-rank'; readonly product: Product }
  /** The product of two matrices, element by element: LoHa (Hyeon-Woo et al. 2021, arXiv 2108.06098). */
  | { readonly kind: 'hadamard'; readonly first: Product; readonly second: Product }
  /** The Kronecker product: LoKr. A kernel's pixels are the last columns of the second one. */
  | { readonly kind: 'kronecker'; readonly first: Factored; readonly second: Factored }
  /** The difference itself. */
  | { readonly kind: 'difference'; readonly difference: TensorLocation }
  /** The weight with each row or column times a number: (IA)^3 (Liu et al. 2022, arXiv 2205.05638). */
  | { readonly kind: 'scaling'; readonly by: TensorLocation; readonly axis: Axis }
  /** weight @ inner + outer: GLoRA (Chavan et al. 2023, arXiv 2306.07967). */
  | { readonly kind: 'generalized'; readonly inner: Product; readonly outer: Product }
  /** Rows turned, block by block: OFT and BOFT. */
  | { readonly kind: 'rotation'; readonly rotation: Rotation };

/** How an OFT turns the rows of a weight. */
export interface Rotation {
  readonly rows: number;
  /** Rows of a block. */
  readonly size: number;
  /** Whether it is a product of factors that each turn blocks of other rows: BOFT. */
  readonly isButterfly: boolean;
  /** The rotations less the identity, [rows / size, size, size] each. */
  readonly turns: readonly Float32Array[];
  /** What each row is multiplied by afterwards. Absent: 1. */
  readonly rescale?: Float32Array | undefined;
}

/** Rows of a weight are its outputs, columns its inputs. */
export type Axis = 'outputs' | 'inputs';

/**
 * DoRA (Liu et al. 2024, arXiv 2402.09353): the changed weight is brought to these norms. The LoRA's weight
 * blends between both.
 */
export interface Magnitude {
  readonly norms: TensorLocation;
  readonly axis: Axis;
}

/** What a LoRA does to one layer. */
export interface LoraLayer {
  /** Of the weight. Absent: it changes the bias alone. */
  readonly change?: WeightChange;
  /** What the change is multiplied by: alpha / rank. */
  readonly factor: number;
  /** Absent: the norms are what they become. */
  readonly magnitude?: Magnitude | undefined;
  /** Added to the bias. Absent: nothing is. */
  readonly bias?: TensorLocation | undefined;
  /** What `bias` is multiplied by. Absent: 1. */
  readonly biasFactor?: number;
  /** What the weight is in its stead, however strong the LoRA is. Absent: it stays. */
  readonly replacement?: TensorLocation | undefined;
}

/** What one LoRA adds to one network. */
export interface ComponentLora {
  readonly file: string;
  /** By the path of the layer, e.g. `mid_block.attentions.0.proj_in`. */
  readonly layers: ReadonlyMap<string, LoraLayer>;
}

/** The size of a product: [rows, columns], a kernel's pixels being columns. */
export function sizeOfProduct({ left, isLeftTransposed, core, right }: Product): readonly [number, number] {
  const pixels = core ? (core.shape[2] ?? 1) * (core.shape[3] ?? 1) : 1;
  return [left.shape[isLeftTransposed ? 1 : 0] ?? 0, columnsOf(right) * pixels];
}

const columnsOf = ({ shape }: TensorLocation): number =>
  shape.slice(1).reduce((one, other) => one * other, 1);

/** The size of a matrix: [rows, columns], a kernel's pixels being columns. */
export function sizeOfFactored(factored: Factored): readonly [number, number] {
  if (factored.kind === 'product') return sizeOfProduct(factored);
  return [factored.matrix.shape[0] ?? 0, columnsOf(factored.matrix)];
}

/**
 * The size of the weight that a change is made for: [rows, columns]; undefined where the change leaves one of
 * them open.
 */
export function sizeOfChange(change: WeightChange): readonly [number | undefined, number | undefined] {
  switch (change.kind) {
    case 'low-rank':
      return sizeOfProduct(change.product);
    case 'hadamard':
      return sizeOfProduct(change.first);
    case 'kronecker': {
      const [first, second] = [sizeOfFactored(change.first), sizeOfFactored(change.second)];
      return [first[0] * second[0], first[1] * second[1]];
    }
    case 'difference': {
      const { shape } = change.difference;
      return [shape[0], columnsOf(change.difference)];
    }
    case 'scaling': {
      const size = change.by.shape.reduce((one, other) => one * other, 1);
      return change.axis === 'outputs' ? [size, undefined] : [undefined, size];
    }
    case 'generalized':
      return sizeOfProduct(change.outer);
    case 'rotation':
      return [change.rotation.rows, undefined];
  }
}
