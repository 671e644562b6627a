import { memo } from 'react';
import { thumbnailAddress } from '../api/jobs.js';
import type { GalleryImage } from '../api/schemas.js';
import { Icon } from '../controls/icon.js';
import type { Words } from '../language/english.js';

interface Props {
  /** Absent: it is being read. */
  readonly image: GalleryImage | undefined;
  readonly place: number;
  readonly total: number;
  readonly isCurrent: boolean;
  readonly edge: number;
  readonly left: number;
  readonly top: number;
  readonly isSelected: boolean;
  readonly words: Words;
  /** Told the place of the tile; like the others the same function each time it is drawn. */
  readonly onFocus: (place: number) => void;
  readonly onOpen: (name: string) => void;
  readonly onSelect: (name: string) => void;
}

/**
 * One image of the grid; the keys of arrows lead from one to the next. It is drawn anew only where something
 * of it has changed: with each row that is scrolled to, all others stay.
 */
export const Tile = memo(function Tile({
  image,
  place,
  total,
  isCurrent,
  edge,
  left,
  top,
  isSelected,
  words,
  onFocus,
  onOpen,
  onSelect,
}: Props) {
  const label = image && (image.starred ? words.starredImage : words.imageLabel)(image.prompt);
  return (
    <li
      className="tile"
      aria-setsize={total}
      aria-posinset={place + 1}
      style={{ width: edge, height: edge, left, top }}
    >
      {image && (
        <a
          href={`gallery/${image.name}`}
          data-place={place}
          tabIndex={isCurrent ? 0 : -1}
          aria-label={isSelected ? words.selectedImage(label ?? '') : label}
          data-selected={isSelected}
          onFocus={() => onFocus(place)}
          onClick={(event) => {
            if (event.shiftKey) return;
            event.preventDefault();
            if (event.ctrlKey || event.metaKey) onSelect(image.name);
            else onOpen(image.name);
          }}
        >
          <img src={thumbnailAddress(image.name)} alt="" decoding="async" />
          {isSelected && (
            <span className="tile-mark">
              <Icon name="check" />
            </span>
          )}
          {image.starred && (
            <span className="tile-star">
              <Icon name="star" />
            </span>
          )}
        </a>
      )}
    </li>
  );
});
