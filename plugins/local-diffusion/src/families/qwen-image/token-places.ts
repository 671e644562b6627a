import type { Feed } from '../../session/network.js';
import { latentsPerEdge } from '../components/packed-latents.js';

/**
 * Positions of an image's tokens, [tokens, 3]: the image's number, row, column, the last two counted from its
 * middle.
 *
 * @param height of its latents
 * @param width likewise
 * @param image 0 for the one that is made
 */
export function centredPlaces(height: number, width: number, image = 0): Float32Array {
  const [rows, columns] = [height / latentsPerEdge, width / latentsPerEdge];
  const [top, left] = [Math.floor(rows / 2) - rows, Math.floor(columns / 2) - columns];
  const places = new Float32Array(3 * rows * columns);
  for (let index = 0; index < rows * columns; index++)
    places.set([image, top + Math.floor(index / columns), left + (index % columns)], 3 * index);
  return places;
}

/** Positions of a text's tokens, [tokens, 3]: behind all images on each axis. */
export function placesBehind(images: Float32Array, tokens: number): Feed {
  const start = images.reduce((most, place, at) => (at % 3 === 0 ? most : Math.max(most, place + 1)), 0);
  const data = Float32Array.from({ length: 3 * tokens }, (_, at) => start + Math.floor(at / 3));
  return { data, shape: [tokens, 3] };
}
