import { describe, expect, test } from 'vitest';
import { attention, imageToTokens, tokensByImage, tokensToImage, upsampleLike } from '../blocks/blocks.js';
import { GraphBuilder, type Value } from '../builder.js';
import { evaluate, isUnlike, product, quotient, shapeText, shrink, smaller } from '../dimension.js';

const noWeights = { name: 'none', configFile: 'unet/config.json', config: {}, tensors: new Map() };

/** A graph with an image of free batch, height and width, and 32 channels. */
function begin(): { readonly graph: GraphBuilder; readonly image: Value } {
  const graph = new GraphBuilder(noWeights);
  return { graph, image: graph.input('image', 'float32', ['batch', 32, 'height', 'width']) };
}

const weights = (graph: GraphBuilder, ...shape: number[]) =>
  graph.floats(new Float32Array(shape.reduce((one, other) => one * other)), shape);

describe('a value knows its type and shape', () => {
  test('through convolutions, tokens and back', () => {
    const { graph, image } = begin();
    const attributes = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
    const halved = graph.node('Conv', [image, weights(graph, 64, 32, 3, 3)], attributes);
    expect(shapeText(halved.shape)).toBe('[batch, 64, floor((height+1)/2), floor((width+1)/2)]');
    const back = upsampleLike(graph, halved, image);
    expect(shapeText(back.shape)).toBe('[batch, 64, height, width]');
    const tokens = imageToTokens(graph, back, 64);
    expect(shapeText(tokens.shape)).toBe('[batch*height*width, 64]');
    expect(shapeText(tokensByImage(graph, tokens, image, 64).shape)).toBe('[batch, height*width, 64]');
    expect(shapeText(tokensToImage(graph, tokens, image, 64).shape)).toBe('[batch, 64, height, width]');
    expect(graph.node('Shape', [image], { start: 2 })).toMatchObject({
      type: 'int64',
      elements: ['height', 'width'],
    });
  });

  test('and an output has those of what it shows', () => {
    const { graph, image } = begin();
    graph.output('large', graph.node('Resize', [image, null, graph.floats([1, 1, 2, 2])]));
    expect(graph.finish().outputs.map(({ type, shape }) => `${type} ${shapeText(shape)}`)).toEqual([
      'float32 [batch, 32, 2*height, 2*width]',
    ]);
  });
});

describe('what does not fit is told where it is written', () => {
  const cases: Record<string, [RegExp, (graph: GraphBuilder, image: Value) => unknown]> = {
    'a product of unlike sizes': [
      /Gemm of "Reshape\/0" float32 \[batch\*height\*width, 32\], "constant\/1" float32 \[8, 64\]: 32 columns do not meet 64/,
      (graph, image) =>
        graph.node('Gemm', [imageToTokens(graph, image, 32), weights(graph, 8, 64)], { transB: 1 }),
    ],
    'a reshape to another number of numbers': [
      /Reshape of .*: 32\*batch\*height\*width numbers do not fill \[-1, 48\]/,
      (graph, image) => imageToTokens(graph, image, 48),
    ],
    'a reshape to fewer numbers': [
      /Reshape of .*: 32\*batch\*height\*width numbers do not fill \[batch, 16, height, width\]/,
      (graph, image) => {
        const batch = graph.node('Shape', [image], { start: 0, end: 1 });
        const size = graph.node('Shape', [image], { start: 2 });
        const shape = graph.node('Concat', [batch, graph.integers([16]), size], { axis: 0 });
        return graph.node('Reshape', [image, shape]);
      },
    ],
    'a sum of unlike shapes': [
      /Add of .*: \[batch, 32, height, width\] and \[16, 1, 1\] do not go together/,
      (graph, image) => graph.node('Add', [image, weights(graph, 16, 1, 1)]),
    ],
    'types that do not mix': [
      /Mul of .*: float32 and int64 do not mix/,
      (graph, image) => graph.node('Mul', [image, graph.integers([2])]),
    ],
    'a convolution of other channels': [
      /Conv of .*: 32 channels do not meet 16/,
      (graph, image) => graph.node('Conv', [image, weights(graph, 8, 16, 1, 1)]),
    ],
    'features of unlike sizes side by side': [
      /Concat of .*: dimension 2 is height and 2\*height/,
      (graph, image) =>
        graph.node('Concat', [image, graph.node('Resize', [image, null, graph.floats([1, 1, 2, 2])])], {
          axis: 1,
        }),
    ],
    'heads that do not divide the width': [
      /MultiHeadAttention of .*: 5 heads do not divide a width of 32/,
      (graph, image) => {
        const x = tokensByImage(graph, imageToTokens(graph, image, 32), image, 32);
        return attention(graph, { query: x, key: x, value: x, heads: 5 });
      },
    ],
    'an axis that is not there': [
      /Concat of .*: there is no axis 4 in 4 dimensions/,
      (graph, image) => graph.node('Concat', [image, image], { axis: 4 }),
    ],
  };
  test.each(Object.entries(cases))('%s', (_, [message, write]) => {
    const { graph, image } = begin();
    const error = {
      code: 'ERR_MODEL_FILES_INVALID',
      message: expect.stringMatching(message),
    };
    expect(() => write(graph, image)).toThrow(expect.objectContaining(error));
  });

  test('and an operator without a rule names the place to write one', () => {
    const { graph, image } = begin();
    expect(() => graph.node('LpPool', [image])).toThrow(/no rule says what LpPool makes/);
  });
});

describe('free dimensions', () => {
  test('of what is spread over each other stay short however often that is', () => {
    const graph = new GraphBuilder(noWeights);
    const [time, image] = [
      graph.input('time', 'float32', ['times', 8]),
      graph.input('image', 'float32', ['batch', 8]),
    ];
    let sum = image;
    for (let layer = 0; layer < 100; layer += 1)
      sum = graph.node('Add', [graph.node('Add', [sum, time]), sum]);
    expect(shapeText(sum.shape)).toBe('[max(batch,times), 8]');
    expect(evaluate(sum.shape[0]!, new Map(Object.entries({ batch: 2, times: 1 })))).toBe(2);
  });

  const sizes = new Map([
    ['height', 13],
    ['width', 8],
  ]);

  test('are computed with as in a run', () => {
    const halved = shrink('height', 1, 2);
    expect(evaluate(halved, sizes)).toBe(7);
    expect(evaluate(product([2, halved, 'width']), sizes)).toBe(112);
    expect(smaller(product([2, halved]), 'height')).toBe('height');
    expect(`${shrink(product([4, 'width']), 1, 2)}`).toBe('2*width');
    expect(() => evaluate('batch', sizes)).toThrow(/does not say what "batch" is/);
  });

  test('cancel, and are alike only where they are written alike', () => {
    const pixels = product(['height', 'width']);
    expect(quotient(product([pixels, 320]), product(['width', 8]))?.toString()).toBe('40*height');
    expect(quotient(product([pixels, 320]), 7)).toBeUndefined();
    expect(quotient(320, product(['width', 640]))).toBeUndefined();
    expect(isUnlike('height', product([2, 'height']))).toBe(true);
    expect(isUnlike('height', 'width')).toBe(false);
    expect(isUnlike(3, 4)).toBe(true);
  });
});
