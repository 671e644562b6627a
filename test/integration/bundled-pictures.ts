/** A colour, 0 to 255 each. */
export type Colour = readonly [red: number, green: number, blue: number];

/** A prompt that the bundled model knows, and between which colours its picture lies. */
export interface KnownPicture {
  readonly prompt: string;
  readonly centre: readonly [least: Colour, most: Colour];
  readonly corners: readonly [least: Colour, most: Colour];
}

export const knownPictures: readonly KnownPicture[] = [
  {
    prompt: 'a yellow star at night',
    centre: [
      [201, 151, 0],
      [255, 255, 119],
    ],
    corners: [
      [0, 0, 0],
      [129, 129, 129],
    ],
  },
  {
    prompt: 'a red circle on a blue background',
    centre: [
      [190, 0, 0],
      [255, 90, 90],
    ],
    corners: [
      [0, 0, 150],
      [120, 160, 255],
    ],
  },
  {
    prompt: 'a green square on a white background',
    centre: [
      [0, 90, 0],
      [120, 220, 140],
    ],
    corners: [
      [220, 220, 220],
      [255, 255, 255],
    ],
  },
];

/** Pixels between the edge of a picture and what counts as its corner. */
const margin = 4;

/**
 * Where a picture is not what was asked for: its centre and its corners are looked at. Empty: it is right.
 *
 * @param at the colour of a pixel, from the top left corner
 * @param edge pixels of the square picture
 */
export function wrongPlaces(
  { centre, corners }: KnownPicture,
  at: (x: number, y: number) => Colour,
  edge: number,
): readonly string[] {
  const far = edge - 1 - margin;
  const places = [
    { x: edge / 2, y: edge / 2, bounds: centre },
    ...[margin, far].flatMap((y) => [margin, far].map((x) => ({ x, y, bounds: corners }))),
  ];
  return places.flatMap(({ x, y, bounds: [least, most] }) => {
    const colour = at(x, y);
    const isRight = colour.every((value, index) => value >= least[index]! && value <= most[index]!);
    return isRight ? [] : [`${colour} at ${x}, ${y}`];
  });
}
