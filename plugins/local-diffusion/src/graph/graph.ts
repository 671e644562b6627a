/**
 * A network as nodes and initialisers, before anything is written in ONNX's format. Blocks write it, passes
 * change it, and it is encoded once, when a session opens it.
 *
 * @module
 */
import type { BlockType } from '../checkpoint/gguf/block-types.js';
import type { Packing } from '../checkpoint/tensor-location.js';
import type { Shape } from './dimension.js';

/** The element types of ONNX that have whole bytes, and the bytes. */
export const elementBytes = {
  float32: 4,
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  int32: 4,
  int64: 8,
  bool: 1,
  float16: 2,
  float64: 8,
  uint32: 4,
  uint64: 8,
  bfloat16: 2,
  float8e4m3fn: 1,
  float8e5m2: 1,
} as const;
export type ElementType = keyof typeof elementBytes;

/** What is known of a tensor before a run. */
export interface TensorType {
  readonly type: ElementType;
  readonly shape: Shape;
}

/**
 * A number is an integer attribute; floats are told apart by the wrapper, since JavaScript has one number
 * type. `encoded` is an AttributeProto of a kind that no pass reads (a tensor, a graph), as it stood in a
 * file.
 */
export type Attribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly encoded: Uint8Array };
export type Attributes = Readonly<Record<string, Attribute>>;

export interface GraphNode {
  readonly operator: string;
  /** Empty means ai.onnx. */
  readonly domain: string;
  /** An empty name leaves an optional input out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** A part of a file, read when a session opens. */
export interface FilePart {
  /** Absolute path, without symbolic links. */
  readonly file: string;
  /** Bytes. */
  readonly offset: number;
  readonly length: number;
}

/** Which rows of what lies in a file are meant, and the shape of all of it. */
export interface StoredRows {
  readonly first: number;
  readonly wholeShape: readonly number[];
}

/** Elements that are stored several at once, in blocks of GGUF. */
export interface BlockStorage {
  readonly blocks: BlockType;
  /** Absent: all. */
  readonly rows?: StoredRows | undefined;
}

/** Elements that other tensors belong to. */
export interface PackedStorage {
  readonly packing: Packing;
  /** The type of what lies there. */
  readonly element: ElementType;
  readonly rows: StoredRows;
}

/** A constant or a weight. */
export interface Initializer extends TensorType {
  readonly name: string;
  readonly shape: readonly number[];
  /**
   * How the elements are stored, where that is not the type that the graph computes with. A pass turns the
   * one into the other (`passes/stored-weights.ts`).
   */
  readonly storage?: ElementType | BlockStorage | PackedStorage;
  /**
   * Little-endian elements or blocks, where they lie, or the whole TensorProto of a file that somebody else
   * wrote.
   */
  readonly data: Uint8Array | FilePart | { readonly encoded: Uint8Array };
}

/** An input or an output. */
export interface Port extends TensorType {
  readonly name: string;
  /** The ValueInfoProto, as it stood in a file. Absent in a graph of ours. */
  readonly encoded?: Uint8Array;
}

export interface Graph {
  readonly name: string;
  /** Each after those that it reads from. */
  readonly nodes: readonly GraphNode[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Version by domain; the empty domain is ai.onnx. */
  readonly operatorSets: Readonly<Record<string, number>>;
  /**
   * Types and shapes of what nodes make, by name: all of them in a graph of ours, none in one that was read
   * from a file.
   */
  readonly values: ReadonlyMap<string, TensorType>;
}

/** com.microsoft holds ONNX Runtime's own operators (MultiHeadAttention, QuickGelu, ...). */
export const operatorSets = { '': 20, 'com.microsoft': 1 } as const;

/** Where an initialiser's elements lie, if they do in a file. */
export const filePartOf = ({ data }: Initializer): FilePart | undefined =>
  'file' in data ? data : undefined;

/** Bytes of an initialiser in the type that is computed with. */
export const bytesComputed = ({ type, shape }: Initializer): number => elementsIn(shape) * elementBytes[type];

export const elementsIn = (shape: readonly number[]): number =>
  shape.reduce((count, size) => count * size, 1);

/** The types of all tensors of a graph that it says types of, by name. */
export const typesIn = (graph: Graph): ReadonlyMap<string, TensorType> =>
  new Map([
    ...graph.values,
    ...[...graph.inputs, ...graph.initializers].map((each): [string, TensorType] => [each.name, each]),
  ]);
