/**
 * Where in an image to paint, in whole pixels.
 *
 * @module
 */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Region extends Size {
  readonly left: number;
  readonly top: number;
}

/** A region with so many pixels more on each side, as far as the image goes. */
export function padRegion({ left, top, width, height }: Region, padding: number, image: Size): Region {
  const [right, bottom] = [left + width, top + height];
  const [x, y] = [Math.max(0, left - padding), Math.max(0, top - padding)];
  return {
    left: x,
    top: y,
    width: Math.min(image.width, right + padding) - x,
    height: Math.min(image.height, bottom + padding) - y,
  };
}

/**
 * A region made longer along one edge until it has the shape of `target`, as far as the image goes. A1111:
 * `expand_crop_region`.
 */
export function shapeRegion(region: Region, target: Size, image: Size): Region {
  const { left, top, width, height } = region;
  if (width * target.height > height * target.width) {
    const along = lengthen(top, height, (width * target.height) / target.width, image.height);
    return { ...region, top: along.start, height: along.length };
  }
  const along = lengthen(left, width, (height * target.width) / target.height, image.width);
  return { ...region, left: along.start, width: along.length };
}

function lengthen(start: number, length: number, wished: number, most: number) {
  const wanted = Math.min(most, Math.max(length, Math.trunc(wished)));
  const before = Math.trunc((wanted - length) / 2);
  return { start: Math.min(Math.max(0, start - before), most - wanted), length: wanted };
}

/**
 * Where something of one shape stands in the middle of a space of another shape, as large as it goes without
 * being stretched.
 */
export function fitInto(content: Size, space: Size): Region {
  const scale = Math.min(space.width / content.width, space.height / content.height);
  const width = Math.min(space.width, Math.max(1, Math.round(content.width * scale)));
  const height = Math.min(space.height, Math.max(1, Math.round(content.height * scale)));
  return {
    left: Math.trunc((space.width - width) / 2),
    top: Math.trunc((space.height - height) / 2),
    width,
    height,
  };
}
