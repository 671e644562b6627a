/** The regular Hadamard matrix of size 4, times a half: it is its own inverse. */
const smallest = [
  [1, 1, 1, -1],
  [1, 1, -1, 1],
  [1, -1, 1, 1],
  [-1, 1, 1, 1],
].map((row) => row.map((entry) => entry / 2));

/**
 * The matrix of a size that is a power of 4, as ConvRot turns rows by it (the Kronecker products of the
 * smallest), row by row.
 */
export function hadamard(size: number): number[] {
  const levels = Math.log2(size) / 2;
  const entry = (row: number, column: number): number => {
    let product = 1;
    for (let level = 0; level < levels; level += 1)
      product *= smallest[(row >> (2 * level)) & 3]![(column >> (2 * level)) & 3]!;
    return product;
  };
  return Array.from({ length: size * size }, (_, index) => entry(Math.floor(index / size), index % size));
}
