import { thumbnailAddress } from '../api/jobs.js';
import type { GalleryImage } from '../api/schemas.js';
import { Icon } from '../controls/icon.js';
import { useWords } from '../language/words.js';

interface Props {
  /** Absent: it is being read. */
  readonly image: GalleryImage | undefined;
  readonly place: number;
  readonly total: number;
  readonly isCurrent: boolean;
  readonly edge: number;
  readonly left: number;
  readonly top: number;
  readonly onFocus: () => void;
  readonly isSelected: boolean;
  readonly onOpen: (name: string) => void;
  readonly onSelect: (name: string) => void;
}

/** One image of the grid; the keys of arrows lead from one to the next. */
export function Tile({
  image,
  place,
  total,
  isCurrent,
  edge,
  left,
  top,
  isSelected,
  onFocus,
  onOpen,
  onSelect,
}: Props) {
  const words = useWords();
  const label = image && (image.starred ? words.starredImage : words.imageLabel)(image.prompt);
  return (
    <li
      className="tile"
      aria-setsize={total}
      aria-posinset={place + 1}
      style={{ width: edge, height: edge, transform: `translate(${left}px, ${top}px)` }}
    >
      {image && (
        <a
          href={`gallery/${image.name}`}
          data-place={place}
          tabIndex={isCurrent ? 0 : -1}
          aria-label={isSelected ? words.selectedImage(label ?? '') : label}
          data-selected={isSelected}
          onFocus={onFocus}
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
}
