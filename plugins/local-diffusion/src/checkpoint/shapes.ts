/**
 * Whether two shapes are of the same bytes in the same order: trailing dimensions of 1 need not agree, so
 * that a linear layer's weight [a, b] equals that of a 1x1 convolution [a, b, 1, 1].
 */
export function shapesAgree(one: readonly number[], other: readonly number[]): boolean {
  return withoutTrailingOnes(one) === withoutTrailingOnes(other);
}

function withoutTrailingOnes(shape: readonly number[]): string {
  let length = shape.length;
  while (length > 1 && shape[length - 1] === 1) length -= 1;
  return String(shape.slice(0, length));
}
