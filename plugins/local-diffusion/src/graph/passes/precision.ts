import {
  fieldNumbers,
  type GraphNode,
  initializerNames,
  portNames,
  readNode,
  rewrite,
  rewriteGraph,
  writeNode,
} from '../onnx/message.js';
import { elementTypes } from '../onnx/onnx.js';
import { type ProtobufField, readString, writeField } from '../onnx/protobuf.js';

/** What networks are computed in. Weights may be stored otherwise. */
export const precisions = ['float32', 'float16'] as const;
export type Precision = (typeof precisions)[number];

/** Of these inputs ONNX says that they are float32. */
const scalesOfResize = 2;
/** A timestep of 999.5 has no float16, and times a frequency it is an angle. */
const exactOperators = new Set(['Sin', 'Cos']);

const half = (name: string): string => `${name}/half`;

/** The same ONNX file, computing in a precision. */
export const inPrecision = (model: Uint8Array, precision: Precision): Uint8Array =>
  precision === 'float16' ? inHalfPrecision(model) : model;

/**
 * The same ONNX file computing in float16: inputs and outputs stay float32, and so does what leads to a sine or a cosine. ONNX Runtime
 * converts the weights once, when it opens the network.
 *
 * @param model as our graph builder writes it: each output is made by a node of its own, and no operator makes float32 out of nothing
 */
function inHalfPrecision(model: Uint8Array): Uint8Array {
  return rewriteGraph(model, (graph) => {
    const nodes = graph.filter(isNode).map(({ content }) => readNode(content));
    const sources = [
      ...initializerNames(graph, elementTypes.float32),
      ...portNames(graph, 'input', elementTypes.float32),
    ];
    const outputs = new Set(portNames(graph, 'output', elementTypes.float32));
    const exact = leadingToAngles(nodes);
    const angles = nodes
      .filter(({ operator }) => exactOperators.has(operator))
      .flatMap((each) => each.outputs);
    const renamed = new Set([...sources, ...angles]);
    const written = nodes.flatMap((node) => {
      if (exact.has(node))
        return [writeNodeContent(node.content), ...node.outputs.filter(isIn(angles)).map(toHalf)];
      return [
        inHalf(node, renamed, outputs),
        ...node.outputs.filter((name) => outputs.has(name)).map((name) => cast(half(name), name, 'float32')),
      ];
    });
    return Buffer.concat([
      ...sources.map(toHalf),
      ...written,
      ...graph.filter((field) => !isNode(field)).map(({ whole }) => whole),
    ]);
  });
}

const isNode = ({ field }: ProtobufField): boolean => field === fieldNumbers.graph.node;
const isIn = (names: readonly string[]) => (name: string) => names.includes(name);

const writeNodeContent = (content: Uint8Array): Uint8Array => writeField(fieldNumbers.graph.node, content);

const cast = (from: string, to: string, type: Precision): Uint8Array =>
  writeNode({ operator: 'Cast', inputs: [from], outputs: [to], attributes: { to: elementTypes[type] } });
const toHalf = (name: string): Uint8Array => cast(name, half(name), 'float16');

/** Sines, cosines and all nodes that they are made of. */
function leadingToAngles(nodes: readonly GraphNode[]): ReadonlySet<GraphNode> {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const found = new Set<GraphNode>();
  const visit = (node: GraphNode | undefined): void => {
    if (!node || found.has(node)) return;
    found.add(node);
    for (const name of node.inputs) visit(makers.get(name));
  };
  for (const node of nodes) if (exactOperators.has(node.operator)) visit(node);
  return found;
}

function inHalf(node: GraphNode, renamed: ReadonlySet<string>, outputs: ReadonlySet<string>): Uint8Array {
  const inputOf = (name: string) => (renamed.has(name) ? half(name) : name);
  const outputOf = (name: string) => (outputs.has(name) ? half(name) : name);
  const { operator, inputs, content, numbers } = node;
  const [input = '', output = ''] = [inputs[0], node.outputs[0]];
  if (operator === 'Cast' && numbers.to === elementTypes.float32)
    return cast(inputOf(input), outputOf(output), 'float16');
  let place = 0;
  const withInputs = rewrite(content, fieldNumbers.node.input, (name) =>
    operator === 'Resize' && place++ === scalesOfResize ? name : Buffer.from(inputOf(readString(name))),
  );
  const { output: outputField, name: nameField } = fieldNumbers.node;
  // The node's own name is that of its output.
  const renamedNode = [outputField, nameField].reduce(
    (bytes, field) => rewrite(bytes, field, (name) => Buffer.from(outputOf(readString(name)))),
    withInputs,
  );
  return writeNodeContent(renamedNode);
}
