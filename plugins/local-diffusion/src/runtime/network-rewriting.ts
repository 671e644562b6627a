import { elementTypes } from '../graph/onnx.js';
import {
  type DecomposableOperator,
  decomposableOperators,
  decompose,
  type FusedNode,
} from './network-decomposition.js';
import { type ProtobufField, readFields, readString, readVarint, writeField } from './network-protobuf.js';

/** Field numbers of onnx/onnx.proto. */
const modelGraph = 7;
const graphNode = 1;
const graphInitializer = 5;
const node = { input: 1, output: 2, operator: 4, attribute: 5 };
const tensor = { type: 2, name: 8 };
const attribute = { name: 1, float: 2, integer: 3 };

/**
 * The same ONNX file with every node of the given operators written in simpler ones, for an execution provider that gets them wrong.
 * Weights stay where they lie.
 *
 * @throws Error for bytes that are no ONNX file, and for a node of a form that our graphs do not have
 */
export function withoutOperators(
  model: Uint8Array,
  operators: ReadonlySet<DecomposableOperator>,
): Uint8Array {
  if (operators.size === 0) return model;
  return rewrite(model, modelGraph, (graph) => {
    const fields = readFields(graph);
    const halves = float16Names(fields);
    const isWanted = (node: FusedNode) =>
      operators.has(node.operator) && (node.operator !== 'Gather' || halves.has(node.inputs[0] ?? ''));
    return Buffer.concat(
      fields.map(({ field, whole, content }) => {
        const fused = field === graphNode ? readFused(content) : undefined;
        return fused && isWanted(fused) ? contentsOf(decompose(fused)) : whole;
      }),
    );
  });
}

/** The weights that are stored in float16. */
function float16Names(graph: readonly ProtobufField[]): ReadonlySet<string> {
  const names = graph.flatMap(({ field, content }) => {
    const fields = field === graphInitializer ? readFields(content) : [];
    const type = fields.find((each) => each.field === tensor.type);
    const name = fields.find((each) => each.field === tensor.name);
    return type && name && readVarint(type.content) === elementTypes.float16
      ? [readString(name.content)]
      : [];
  });
  return new Set(names);
}

/** Nodes and initialisers of a model's graph, as they stand in it. Fields may come in any order; among each other, nodes may not. */
function contentsOf(model: Uint8Array): Uint8Array {
  const graph = readFields(model).find(({ field }) => field === modelGraph);
  const wanted = ({ field }: ProtobufField) => field === graphNode || field === graphInitializer;
  return Buffer.concat(
    readFields(graph!.content)
      .filter(wanted)
      .map(({ whole }) => whole),
  );
}

function rewrite(
  message: Uint8Array,
  number: number,
  change: (content: Uint8Array) => Uint8Array,
): Uint8Array {
  return Buffer.concat(
    readFields(message).map(({ field, whole, content }) =>
      field === number ? writeField(number, change(content)) : whole,
    ),
  );
}

function readFused(bytes: Uint8Array): FusedNode | undefined {
  const fields = readFields(bytes);
  const strings = (number: number) =>
    fields.filter(({ field }) => field === number).map(({ content }) => readString(content));
  const [name] = strings(node.operator);
  const operator = decomposableOperators.find((each) => each === name);
  if (operator === undefined) return undefined;
  const attributes = fields.filter(({ field }) => field === node.attribute);
  return {
    operator,
    inputs: strings(node.input),
    output: strings(node.output)[0] ?? '',
    numbers: Object.fromEntries(attributes.map(({ content }) => readNumber(content))),
  };
}

function readNumber(bytes: Uint8Array): [name: string, value: number] {
  const fields = readFields(bytes);
  const contentOf = (number: number) => fields.find(({ field }) => field === number)?.content;
  const [name, float, integer] = [attribute.name, attribute.float, attribute.integer].map(contentOf);
  const value = float ? Buffer.from(float).readFloatLE() : integer ? readInteger(integer) : Number.NaN;
  return [readString(name ?? new Uint8Array()), value];
}

/** Ten bytes are a negative number's, in two's complement; ours are small. */
const readInteger = (content: Uint8Array): number =>
  content.length < 10
    ? readVarint(content)
    : Number(
        BigInt.asIntN(
          64,
          content.reduce((value, byte, index) => value | (BigInt(byte & 0x7f) << BigInt(7 * index)), 0n),
        ),
      );
