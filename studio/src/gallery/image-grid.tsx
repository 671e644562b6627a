import { useStore } from '@nanostores/react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { useWords } from '../language/words.js';
import { actOnToast } from '../shell/toast.js';
import { DayRail } from './day-rail.js';
import { type GalleryList, needImages } from './list.js';
import { $isSelecting, $selected, toggleSelected } from './selection.js';
import { Tile } from './tile.js';
import { remove, star } from './verbs.js';

const gap = 8;
const rowsAround = 4;
/** Above the first row and below the last one. */
const edgeSpace = 16;
/** Where the list was left: the way back from an image leads there. */
const left = { offset: 0, place: 0 };

function select(name: string): void {
  $isSelecting.set(true);
  toggleSelected(name);
}

/** Rows of equal tiles, of which only those in sight are there: it scrolls as well with tens of thousands. */
export function ImageGrid({ list, edge }: { readonly list: GalleryList; readonly edge: number }) {
  const scroller = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [current, setCurrent] = useState(left.place);
  const wanted = useRef<number>(undefined);
  const [, goTo] = useLocation();
  const selected = useStore($selected);
  const words = useWords();
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const columns = Math.max(2, Math.floor((width + gap) / (edge + gap)));
  const tile = (width - gap * (columns - 1)) / columns;
  const rows = useVirtualizer({
    count: Math.ceil(list.total / columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => tile + gap,
    overscan: rowsAround,
    paddingStart: edgeSpace,
    paddingEnd: edgeSpace,
    // The rows around those in sight are there already: the next ones may come with the next frame.
    useFlushSync: false,
    scrollPaddingStart: edgeSpace,
    scrollPaddingEnd: edgeSpace,
  });
  const shown = rows.getVirtualItems();
  const [first, last] = [shown[0]?.index ?? 0, shown.at(-1)?.index ?? 0];
  // biome-ignore lint/correctness/useExhaustiveDependencies: with other tiles all rows are of another height.
  useEffect(() => rows.measure(), [tile]);
  useEffect(() => {
    if (list.total > 0) needImages(first * columns, (last + 1) * columns);
  }, [first, last, columns, list.total]);

  const isMeasured = width > 0;
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || !isMeasured) return;
    element.scrollTop = left.offset;
    return () => {
      left.offset = rows.scrollOffset ?? 0;
    };
  }, [isMeasured, rows]);
  useEffect(() => {
    left.place = current;
  }, [current]);
  const focusWanted = () => {
    if (wanted.current === undefined) return;
    const link = scroller.current?.querySelector<HTMLElement>(`[data-place="${wanted.current}"]`);
    link?.focus();
    if (link) wanted.current = undefined;
  };
  // After each drawing: the tile that was moved to is there once its row is drawn and its image is read.
  useEffect(focusWanted);

  const moveTo = (place: number) => {
    const next = Math.min(list.total - 1, Math.max(0, place));
    wanted.current = next;
    setCurrent(next);
    rows.scrollToIndex(Math.floor(next / columns));
    // The keys go on to work while the tile that had the focus is gone, and the next one is not there yet.
    scroller.current?.focus({ preventScroll: true });
    focusWanted();
  };
  const open = useCallback(
    (name: string) => ($isSelecting.get() ? toggleSelected(name) : goTo(`/gallery/${name}`)),
    [goTo],
  );
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    Home: -list.total,
    End: list.total,
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const image = list.images.get(current);
    const step = steps[event.key];
    if (step !== undefined) moveTo(current + step);
    else if ((event.key === ' ' || event.key === 'x') && image) select(image.name);
    else if (event.key === 's' && image) void star(image);
    else if (event.key === 'Delete' && image) void remove([image.name]).then(() => moveTo(current));
    else if (event.key === 'z') void actOnToast();
    else return;
    event.preventDefault();
  };

  return (
    <div className="grid-place">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of the links in it */}
      <div className="grid-scroller" ref={scroller} tabIndex={-1} onKeyDown={onKeyDown}>
        <ul className="grid" style={{ height: rows.getTotalSize() }}>
          {shown.flatMap((row) =>
            Array.from({ length: columns }, (_, column) => {
              const place = row.index * columns + column;
              if (place >= list.total) return null;
              const image = list.images.get(place);
              return (
                <Tile
                  key={image?.name ?? place}
                  image={image}
                  place={place}
                  total={list.total}
                  isCurrent={place === Math.min(current, list.total - 1)}
                  edge={tile}
                  left={column * (tile + gap)}
                  top={row.start}
                  isSelected={image !== undefined && selected.includes(image.name)}
                  words={words}
                  onFocus={setCurrent}
                  onOpen={open}
                  onSelect={select}
                />
              );
            }),
          )}
        </ul>
      </div>
      <DayRail
        days={list.days}
        goTo={(place) => rows.scrollToIndex(Math.floor(place / columns), { align: 'start' })}
      />
    </div>
  );
}
