/** Field numbers of onnx/onnx.proto, by message. */
export const fieldNumbers = {
  model: { irVersion: 1, producer: 2, graph: 7, operatorSet: 8, functions: 25 },
  operatorSet: { domain: 1, version: 2 },
  graph: { node: 1, name: 2, initializer: 5, input: 11, output: 12, value: 13, sparseInitializer: 15 },
  node: { input: 1, output: 2, name: 3, operator: 4, attribute: 5, domain: 7, overload: 8 },
  attribute: { name: 1, float: 2, integer: 3, string: 4, integers: 8, type: 20 },
  tensor: { dimension: 1, type: 2, name: 8, raw: 9, externalData: 13, dataLocation: 14 },
  entry: { key: 1, value: 2 },
  port: { name: 1, type: 2 },
  portType: { tensor: 1 },
  tensorType: { element: 1, shape: 2 },
  shape: { dimension: 1 },
  dimension: { value: 1, name: 2 },
} as const;
