import { useStore } from '@nanostores/react';
import { useEffect, useState } from 'react';
import { Icon } from '../controls/icon.js';
import { keepText, readText } from '../kept-text.js';
import { useWords } from '../language/words.js';
import { $models } from '../live/models.js';
import { ErrorCard } from '../make/error-card.js';
import { DateFilter } from './date-filter.js';
import { $filter, noFilter, showFilter } from './filter.js';
import { FilterSelect } from './filter-select.js';
import { ImageGrid } from './image-grid.js';
import { $list, followJobs, refreshGallery, setFilter } from './list.js';
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
  const [edge, setEdge] = useState(() => Number(readText(stored)) || 176);
  useEffect(() => {
    showFilter();
    followJobs();
    refreshGallery();
  }, []);
  useEffect(() => {
    if (text === $filter.get().text) return;
    const timer = setTimeout(() => setFilter({ text }), searchMs);
    return () => clearTimeout(timer);
  }, [text]);
  const isFiltered = Object.values(filter).some(Boolean);
  return (
    <div className="gallery">
      <search className="bar">
        <input
          className="box search"
          type="search"
          dir="auto"
          aria-label={words.search}
          placeholder={words.search}
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
        <button
          type="button"
          aria-pressed={filter.starred}
          className="toggle"
          onClick={() => setFilter({ starred: !filter.starred })}
        >
          <Icon name="star" />
          <span className="word">{words.starred}</span>
        </button>
        <FilterSelect
          label={words.model}
          all={words.allModels}
          value={filter.model}
          options={models.map(({ id, name }) => [id, name])}
          onChange={(model) => setFilter({ model })}
        />
        <FilterSelect
          label={words.provider}
          all={words.allProviders}
          value={filter.plugin}
          options={[...new Set(models.flatMap(({ plugin }) => plugin ?? []))].map((id) => [id, id])}
          onChange={(plugin) => setFilter({ plugin })}
        />
        <DateFilter since={filter.since} until={filter.until} onChange={setFilter} />
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
            keepText(stored, target.value);
          }}
        />
      </search>
      {isSelecting && <SelectionBar />}
      {list.problem || (list.isLoaded && list.total === 0) ? (
        <div className="gallery-empty">
          {list.problem ? (
            <ErrorCard title={words.listFailed} {...list.problem} />
          ) : (
            <p className="stage-empty">{isFiltered ? words.nothingFound : words.nothingMade}</p>
          )}
          {isFiltered ? (
            <button
              type="button"
              onClick={() => {
                setText('');
                setFilter(noFilter);
              }}
            >
              {words.showAll}
            </button>
          ) : (
            list.problem && (
              <button type="button" onClick={() => setFilter({})}>
                {words.tryAgain}
              </button>
            )
          )}
        </div>
      ) : (
        <ImageGrid list={list} edge={edge} />
      )}
    </div>
  );
}
