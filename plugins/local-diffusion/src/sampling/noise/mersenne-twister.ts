const size = 624;
const shift = 397;

/**
 * MT19937 (Matsumoto and Nishimura 1998) as torch and numpy seed it: `init_genrand` of the seed's low 32
 * bits. A seed is any integer: negative ones and those of 2^32 and more wrap, as they do in torch's CPU
 * generator.
 */
export class MersenneTwister {
  readonly #state = new Uint32Array(size);
  #index = size;

  constructor(seed: number | bigint) {
    const state = this.#state;
    state[0] = Number(BigInt.asUintN(32, BigInt(seed)));
    for (let i = 1; i < size; i++) {
      const previous = state[i - 1]!;
      state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
    }
  }

  /** The next 32 random bits, 0 .. 2^32 - 1. */
  next(): number {
    if (this.#index === size) this.#refill();
    let bits = this.#state[this.#index++]!;
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    return (bits ^ (bits >>> 18)) >>> 0;
  }

  #refill(): void {
    const state = this.#state;
    for (let i = 0; i < size; i++) {
      const mixed = (state[i]! & 0x80000000) | (state[(i + 1) % size]! & 0x7fffffff);
      state[i] = state[(i + shift) % size]! ^ (mixed >>> 1) ^ (mixed & 1 ? 0x9908b0df : 0);
    }
    this.#index = 0;
  }
}
