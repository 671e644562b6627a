import { type KeyboardEvent, type PointerEvent, type RefObject, useEffect, useRef, useState } from 'react';
import { useWords } from '../language/words.js';
import { drawMarks, drawStroke, type Mark, type Point, type Size, type Stroke } from './marks.js';

interface Props {
  readonly place: RefObject<HTMLDivElement | null>;
  readonly image: string;
  readonly size: Size;
  readonly kind: Stroke['kind'];
  /** Pixels of the image. */
  readonly width: number;
  readonly marks: readonly Mark[];
  readonly onMark: (mark: Mark) => void;
}

const steps: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/**
 * An image to paint on, by pointer and by keys: the arrows move the brush, the space bar sets it down and
 * lifts it.
 */
export function MaskCanvas({ place, image, size, kind, width, marks, onMark }: Props) {
  const words = useWords();
  const canvas = useRef<HTMLCanvasElement>(null);
  const stroke = useRef<Stroke>(undefined);
  const [brush, setBrush] = useState<Point>([size.width / 2, size.height / 2]);
  const [isDown, setDown] = useState(false);
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context) return;
    drawMarks(context, marks, getComputedStyle(context.canvas).color);
    stroke.current = undefined;
    setDown(false);
  }, [marks]);

  const begin = (point: Point) => {
    stroke.current = { kind, width, points: [] };
    setDown(true);
    extend(point);
  };
  const extend = (point: Point) => {
    const context = canvas.current?.getContext('2d');
    if (!context || !stroke.current) return;
    const last = stroke.current.points.at(-1);
    drawStroke(context, { ...stroke.current, points: last ? [last, point] : [point] });
    stroke.current = { ...stroke.current, points: [...stroke.current.points, point] };
  };
  const end = () => {
    if (stroke.current) onMark(stroke.current);
    stroke.current = undefined;
    setDown(false);
  };
  /** Where on the image a pointer is; the image is in the middle of its place, as large as fits. */
  const pointOf = ({ currentTarget, clientX, clientY }: PointerEvent): Point => {
    const place = currentTarget.getBoundingClientRect();
    const scale = Math.min(place.width / size.width, place.height / size.height);
    return [
      (clientX - place.left - place.width / 2) / scale + size.width / 2,
      (clientY - place.top - place.height / 2) / scale + size.height / 2,
    ];
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = steps[event.key];
    if (event.key === ' ') {
      if (isDown) end();
      else begin(brush);
    } else if (step) {
      const far = Math.max(1, width / (event.shiftKey ? 1 : 4));
      const next: Point = [
        Math.min(size.width, Math.max(0, brush[0] + far * step[0])),
        Math.min(size.height, Math.max(0, brush[1] + far * step[1])),
      ];
      setBrush(next);
      if (isDown) extend(next);
    } else return;
    event.preventDefault();
  };

  return (
    <>
      <div
        ref={place}
        className="mask-place"
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes the keys of the brush
        tabIndex={0}
        aria-label={words.maskSurface}
        aria-describedby="mask-keys"
        onKeyDown={onKeyDown}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          begin(pointOf(event));
        }}
        onPointerMove={(event) => {
          const point = pointOf(event);
          setBrush(point);
          if (event.buttons === 1) extend(point);
        }}
        onPointerUp={end}
        onPointerCancel={end}
      >
        <img src={image} alt="" draggable={false} />
        <canvas ref={canvas} width={size.width} height={size.height} />
        <svg viewBox={`0 0 ${size.width} ${size.height}`} aria-hidden="true" data-down={isDown}>
          <circle cx={brush[0]} cy={brush[1]} r={width / 2} />
        </svg>
      </div>
      <p className="fine" id="mask-keys">
        {words.maskKeys}
      </p>
      <div className="unseen" role="status">
        {isDown ? words.brushDown : words.brushUp}
      </div>
    </>
  );
}
