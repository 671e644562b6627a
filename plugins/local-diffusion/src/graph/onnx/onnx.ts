/**
 * The ONNX file format, as far as a graph needs it: plain descriptions in, protobuf bytes out. Field numbers are those of
 * onnx/onnx.proto (ONNX 1.16).
 *
 * @module
 */

/** `TensorProto.DataType`. */
export const elementTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
} as const;

export type ElementType = keyof typeof elementTypes;

/** A number is an integer attribute; floats are told apart by the wrapper, since JavaScript has one number type. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

export interface NodeDescription {
  readonly operator: string;
  /** Empty means ai.onnx. */
  readonly domain: string;
  /** An empty name leaves an optional input out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface InitializerDescription {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Raw little-endian bytes, or where they lie: `location` is relative to the folder of the external files. */
  readonly data: Uint8Array | { readonly location: string; readonly offset: number; readonly length: number };
}

export interface PortDescription {
  readonly name: string;
  readonly type: ElementType;
  /** A string is a symbolic dimension, free at each run. */
  readonly shape: readonly (number | string)[];
}

export interface GraphDescription {
  readonly name: string;
  readonly nodes: readonly NodeDescription[];
  readonly initializers: readonly InitializerDescription[];
  readonly inputs: readonly PortDescription[];
  readonly outputs: readonly PortDescription[];
  /** Version by domain; the empty domain is ai.onnx. */
  readonly operatorSets: Readonly<Record<string, number>>;
}

/** `Version.IR_VERSION` that goes with ai.onnx 20. */
const irVersion = 9;
const attributeTypes = { float: 1, integer: 2, string: 3, integers: 7 } as const;
const externalData = 1;

/** Writes a ModelProto. */
export function encodeModel(graph: GraphDescription): Uint8Array {
  return join([
    integer(1, irVersion),
    text(2, 'easel'),
    bytes(7, encodeGraph(graph)),
    ...Object.entries(graph.operatorSets).map(([domain, version]) =>
      bytes(8, join([text(1, domain), integer(2, version)])),
    ),
  ]);
}

const encodeGraph = (graph: GraphDescription): Uint8Array =>
  join([
    ...graph.nodes.map((node) => bytes(1, encodeNode(node))),
    text(2, graph.name),
    ...graph.initializers.map((initializer) => bytes(5, encodeInitializer(initializer))),
    ...graph.inputs.map((port) => bytes(11, encodePort(port))),
    ...graph.outputs.map((port) => bytes(12, encodePort(port))),
  ]);

const encodeNode = (node: NodeDescription): Uint8Array =>
  join([
    ...node.inputs.map((name) => text(1, name)),
    ...node.outputs.map((name) => text(2, name)),
    text(3, node.outputs[0] ?? ''),
    text(4, node.operator),
    ...Object.entries(node.attributes).map(([name, value]) => bytes(5, encodeAttribute(name, value))),
    text(7, node.domain),
  ]);

function encodeAttribute(name: string, value: Attribute): Uint8Array {
  if (typeof value === 'number') {
    return join([text(1, name), integer(3, value), integer(20, attributeTypes.integer)]);
  }
  if (typeof value === 'string') {
    return join([text(1, name), text(4, value), integer(20, attributeTypes.string)]);
  }
  if ('float' in value) {
    return join([text(1, name), float(2, value.float), integer(20, attributeTypes.float)]);
  }
  return join([
    text(1, name),
    ...value.map((each) => integer(8, each)),
    integer(20, attributeTypes.integers),
  ]);
}

function encodeInitializer({ name, type, shape, data }: InitializerDescription): Uint8Array {
  const start = [
    ...shape.map((dimension) => integer(1, dimension)),
    integer(2, elementTypes[type]),
    text(8, name),
  ];
  if (data instanceof Uint8Array) return join([...start, bytes(9, data)]);
  const entries = { location: data.location, offset: String(data.offset), length: String(data.length) };
  return join([
    ...start,
    ...Object.entries(entries).map(([key, value]) => bytes(13, join([text(1, key), text(2, value)]))),
    integer(14, externalData),
  ]);
}

function encodePort({ name, type, shape }: PortDescription): Uint8Array {
  const dimensions = shape.map((each) =>
    bytes(1, typeof each === 'number' ? integer(1, each) : text(2, each)),
  );
  const tensorType = join([integer(1, elementTypes[type]), bytes(2, join(dimensions))]);
  return join([text(1, name), bytes(2, bytes(1, tensorType))]);
}

const join = (parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);

function varint(value: number): Uint8Array {
  const out: number[] = [];
  // Negative numbers take the ten bytes of their 64-bit two's complement.
  let rest = value < 0 ? BigInt.asUintN(64, BigInt(value)) : value;
  if (typeof rest === 'bigint') {
    for (; rest > 0x7fn; rest >>= 7n) out.push(Number(rest & 0x7fn) | 0x80);
  } else {
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) out.push((rest % 128) | 0x80);
  }
  out.push(Number(rest));
  return Uint8Array.from(out);
}

const integer = (field: number, value: number): Uint8Array => join([varint(field << 3), varint(value)]);
const bytes = (field: number, value: Uint8Array): Uint8Array =>
  join([varint((field << 3) | 2), varint(value.length), value]);
const text = (field: number, value: string): Uint8Array => bytes(field, Buffer.from(value, 'utf8'));
const float = (field: number, value: number): Uint8Array => {
  const out = Buffer.alloc(4);
  out.writeFloatLE(value);
  return join([varint((field << 3) | 5), out]);
};
