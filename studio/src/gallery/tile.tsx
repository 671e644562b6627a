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
  readonly onOpen: (name: string) => void;
}

/** One image of the grid; the keys of arrows lead from one to the next. */
export function Tile({ image, place, total, isCurrent, edge, left, top, onFocus, onOpen }: Props) {
  const words = useWords();
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
          aria-label={image.starred ? words.starredImage(image.prompt) : words.imageLabel(image.prompt)}
          onFocus={onFocus}
          onClick={(event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            onOpen(image.name);
          }}
        >
          <img src={thumbnailAddress(image.name)} alt="" decoding="async" />
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
