export type Point = readonly [x: number, y: number];

/** A stroke of the brush, in pixels of the image. */
export interface Stroke {
  readonly kind: 'paint' | 'erase';
  readonly width: number;
  readonly points: readonly Point[];
}
/** What has been done to a mask, one after the other; the mask is what comes of all of them. */
export type Mark = Stroke | Outside | { readonly kind: 'clear' } | { readonly kind: 'invert' };

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** All but a rectangle, in pixels of the image. */
export interface Outside extends Size {
  readonly kind: 'outside';
  readonly left: number;
  readonly top: number;
}

/** Draws a stroke, or the part of one, over what is there. */
export function drawStroke(context: CanvasRenderingContext2D, { kind, width, points }: Stroke): void {
  const [first] = points;
  if (!first) return;
  context.globalCompositeOperation = kind === 'paint' ? 'source-over' : 'destination-out';
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(...first);
  // A line without a length is a dot.
  for (const point of points.length === 1 ? points : points.slice(1)) context.lineTo(...point);
  context.stroke();
}

function fillOutside(context: CanvasRenderingContext2D, { left, top, width, height }: Outside): void {
  const whole = context.canvas;
  context.fillRect(0, 0, whole.width, top);
  context.fillRect(0, top + height, whole.width, whole.height - top - height);
  context.fillRect(0, top, left, height);
  context.fillRect(left + width, top, whole.width - left - width, height);
}

/** Draws what is marked in one colour; the rest stays clear. */
export function drawMarks(context: CanvasRenderingContext2D, marks: readonly Mark[], colour: string): void {
  const { width, height } = context.canvas;
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.clearRect(0, 0, width, height);
  for (const mark of marks)
    if (mark.kind === 'clear') context.clearRect(0, 0, width, height);
    else if (mark.kind === 'invert') {
      context.globalCompositeOperation = 'xor';
      context.fillRect(0, 0, width, height);
    } else if (mark.kind === 'outside') {
      context.globalCompositeOperation = 'source-over';
      fillOutside(context, mark);
    } else drawStroke(context, mark);
}

/** Whether anything can be marked. */
export const isMarked = (marks: readonly Mark[]): boolean =>
  marks.slice(marks.findLastIndex(({ kind }) => kind === 'clear') + 1).some(({ kind }) => kind !== 'erase');

/** The mask as a PNG: white is painted, black is kept. */
export async function maskOf(marks: readonly Mark[], { width, height }: Size): Promise<Blob> {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser draws no canvas.');
  drawMarks(context, marks, '#fff');
  context.globalCompositeOperation = 'destination-over';
  context.fillStyle = '#000';
  context.fillRect(0, 0, width, height);
  return await new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The mask is too large.')))),
  );
}
