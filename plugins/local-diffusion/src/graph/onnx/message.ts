import { encodeModel, type NodeDescription } from './onnx.js';
import { type ProtobufField, readFields, readString, readVarint, writeField } from './protobuf.js';

/** Field numbers of onnx/onnx.proto. */
export const fieldNumbers = {
  model: { graph: 7 },
  graph: { node: 1, initializer: 5, input: 11, output: 12 },
  node: { input: 1, output: 2, name: 3, operator: 4, attribute: 5 },
  attribute: { name: 1, float: 2, integer: 3 },
  tensor: { type: 2, name: 8 },
  port: { name: 1, type: 2 },
  portType: { tensor: 1 },
  tensorType: { element: 1 },
} as const;

/** Changes what is inside of each field of that number. */
export function rewrite(
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

/** Changes a model's graph. */
export const rewriteGraph = (model: Uint8Array, change: (graph: readonly ProtobufField[]) => Uint8Array) =>
  rewrite(model, fieldNumbers.model.graph, (graph) => change(readFields(graph)));

/** Nodes and initialisers of a model's graph, as they stand in it. Fields may come in any order; among each other, nodes may not. */
export function contentsOf(model: Uint8Array): Uint8Array {
  const graph = readFields(model).find(({ field }) => field === fieldNumbers.model.graph);
  const { node, initializer } = fieldNumbers.graph;
  return Buffer.concat(
    readFields(graph!.content)
      .filter(({ field }) => field === node || field === initializer)
      .map(({ whole }) => whole),
  );
}

/** A node of ai.onnx as it stands in a graph. */
export const writeNode = (description: Omit<NodeDescription, 'domain'>): Uint8Array =>
  contentsOf(
    encodeModel({
      name: 'node',
      nodes: [{ ...description, domain: '' }],
      ...{ initializers: [], inputs: [], outputs: [], operatorSets: {} },
    }),
  );

/** The names that initialisers of an element type have. */
export function initializerNames(graph: readonly ProtobufField[], elementType: number): string[] {
  return graph.flatMap(({ field, content }) => {
    const fields = field === fieldNumbers.graph.initializer ? readFields(content) : [];
    const type = fields.find((each) => each.field === fieldNumbers.tensor.type);
    const name = fields.find((each) => each.field === fieldNumbers.tensor.name);
    return type && name && readVarint(type.content) === elementType ? [readString(name.content)] : [];
  });
}

/** The names that inputs or outputs of an element type have. */
export function portNames(
  graph: readonly ProtobufField[],
  kind: 'input' | 'output',
  elementType: number,
): string[] {
  return graph.flatMap(({ field, content }) => {
    if (field !== fieldNumbers.graph[kind]) return [];
    const type = [
      fieldNumbers.port.type,
      fieldNumbers.portType.tensor,
      fieldNumbers.tensorType.element,
    ].reduce(
      (message, number) => readFields(message).find((each) => each.field === number)?.content ?? message,
      content,
    );
    const name = readFields(content).find((each) => each.field === fieldNumbers.port.name);
    return name && readVarint(type) === elementType ? [readString(name.content)] : [];
  });
}

/** A node of a graph. */
export interface GraphNode {
  readonly operator: string;
  /** Those left out have an empty name. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Of its attributes those that are numbers, integer or float. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly content: Uint8Array;
}

export function readNode(content: Uint8Array): GraphNode {
  const fields = readFields(content);
  const contentsOf = (number: number) =>
    fields.filter(({ field }) => field === number).map((each) => each.content);
  const { operator, input, output, attribute } = fieldNumbers.node;
  return {
    operator: contentsOf(operator).map(readString)[0] ?? '',
    inputs: contentsOf(input).map(readString),
    outputs: contentsOf(output).map(readString),
    numbers: Object.fromEntries(contentsOf(attribute).map(readNumber)),
    content,
  };
}

function readNumber(bytes: Uint8Array): [name: string, value: number] {
  const fields = readFields(bytes);
  const contentOf = (number: number) => fields.find(({ field }) => field === number)?.content;
  const [name, float, integer] = [
    fieldNumbers.attribute.name,
    fieldNumbers.attribute.float,
    fieldNumbers.attribute.integer,
  ].map(contentOf);
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
