import { useStore } from '@nanostores/react';
import { useEffect, useState } from 'react';
import { Icon } from '../controls/icon.js';
import { useWords } from '../language/words.js';
import { $models } from '../live/models.js';
import { ImageGrid } from './image-grid.js';
import { $filter, $list, followJobs, refreshGallery, setFilter } from './list.js';
import { $isSelecting, endSelecting } from './selection.js';
import { SelectionBar } from './selection-bar.js';

const stored = 'easel tile';
const searchMs = 200;

/** Everything that was made. */
export function GalleryPage() {
  const words = useWords();
  const list = useStore($list);
  const filter = useStore($filter);
  const models = useStore($models);
  const isSelecting = useStore($isSelecting);
  const [text, setText] = useState(filter.text);
  const [edge, setEdge] = useState(() => Number(localStorage.getItem(stored)) || 176);
  useEffect(() => {
    followJobs();
    refreshGallery();
  }, []);
  useEffect(() => {
    if (text === $filter.get().text) return;
    const timer = setTimeout(() => setFilter({ text }), searchMs);
    return () => clearTimeout(timer);
  }, [text]);
  const isFiltered = filter.text !== '' || filter.model !== '' || filter.starred;
  return (
    <div className="gallery">
      <search className="bar">
        <input
          className="box search"
          type="search"
          aria-label={words.search}
          placeholder={words.search}
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
        <div className="select">
          <select
            className="box"
            aria-label={words.model}
            value={filter.model}
            onChange={({ target }) => setFilter({ model: target.value })}
          >
            <option value="">{words.allModels}</option>
            {models.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
          <Icon name="down" />
        </div>
        <button
          type="button"
          aria-pressed={filter.starred}
          className="toggle"
          onClick={() => setFilter({ starred: !filter.starred })}
        >
          <Icon name="star" />
          <span className="word">{words.starred}</span>
        </button>
        <button
          type="button"
          className="toggle"
          aria-pressed={isSelecting}
          onClick={() => (isSelecting ? endSelecting() : $isSelecting.set(true))}
        >
          <Icon name="check" />
          <span className="word">{words.select}</span>
        </button>
        <span className="hint figure">{list.isLoaded && words.imageCount(list.total)}</span>
        <span className="spacer" />
        <input
          className="tile-size"
          type="range"
          min={96}
          max={320}
          step={16}
          aria-label={words.tileSize}
          value={edge}
          onChange={({ target }) => {
            setEdge(target.valueAsNumber);
            localStorage.setItem(stored, target.value);
          }}
        />
      </search>
      {isSelecting && <SelectionBar />}
      {list.isLoaded && list.total === 0 ? (
        <p className="stage-empty">{isFiltered ? words.nothingFound : words.nothingMade}</p>
      ) : (
        <ImageGrid list={list} edge={edge} />
      )}
    </div>
  );
}
