import { useStore } from '@nanostores/react';
import { useEffect, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { describeImage } from '../api/gallery.js';
import { imageAddress } from '../api/jobs.js';
import type { ImageDetails } from '../api/schemas.js';
import { Icon } from '../controls/icon.js';
import { useWords } from '../language/words.js';
import { actOnToast } from '../shell/toast.js';
import { Facts } from './facts.js';
import { $list } from './list.js';
import { Provenance } from './provenance.js';
import { remove, star, startFrom, takeOver } from './verbs.js';

/** An image, how it was made, and what can be done with it. */
export function ImagePage({ params: { name } }: { readonly params: { readonly name: string } }) {
  const words = useWords();
  const list = useStore($list);
  const [, goTo] = useLocation();
  const [found, setFound] = useState<ImageDetails | 'gone'>();
  useEffect(() => {
    let isStale = false;
    describeImage(name).then(
      (details) => isStale || setFound(details),
      () => isStale || setFound('gone'),
    );
    return () => {
      isStale = true;
    };
  }, [name]);
  const image = found === 'gone' || found?.name !== name ? undefined : found;
  const place = [...list.images].find(([, one]) => one.name === name)?.[0];
  const neighbour = (step: number) => (place === undefined ? undefined : list.images.get(place + step)?.name);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isTyping = (event.target as HTMLElement | null)?.closest(
        'input, textarea, select, [role=dialog]',
      );
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey || !image) return;
      const next =
        event.key === 'ArrowLeft' ? neighbour(-1) : event.key === 'ArrowRight' ? neighbour(1) : undefined;
      if (next) goTo(`/gallery/${next}`, { replace: true });
      else if (event.key === 's') toggleStar(image);
      else if (event.key === 'Delete') discard();
      else if (event.key === 'z') void actOnToast();
      else if (event.key === 'Escape') goTo('/gallery');
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  });

  if (found === 'gone') return <p className="stage-empty">{words.imageGone}</p>;
  if (!image) return <p className="stage-empty">{words.loading}</p>;

  const make = (keep: 'all' | 'all but the seed') => {
    takeOver(image, keep);
    goTo('/make');
  };
  return (
    <div className="image-page">
      <div className="image-well">
        <img
          className="whole"
          src={imageAddress(name)}
          alt={words.imageLabel(image.prompt)}
          width={image.width}
          height={image.height}
        />
      </div>
      <aside className="about" aria-label={words.aboutImage}>
        <Link href="/gallery" className="button bare back">
          <Icon name="back" />
          {words.pages.gallery}
        </Link>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls where the prompt is long */}
        <p className="image-prompt" dir="auto" tabIndex={0}>
          {image.prompt}
        </p>
        <div className="verbs">
          <button type="button" onClick={() => make('all')}>
            <Icon name="again" />
            {words.again}
          </button>
          <button type="button" onClick={() => make('all but the seed')}>
            <Icon name="dice" />
            {words.vary}
          </button>
          <button type="button" onClick={() => void startFrom(name).then(() => goTo('/make'))}>
            <Icon name="image" />
            {words.useAsInput}
          </button>
          <a className="button" href={imageAddress(name)} download={name}>
            <Icon name="download" />
            {words.download}
          </a>
          <a className="button" href={`${imageAddress(name)}?metadata=none`} download={name}>
            <Icon name="download" />
            {words.downloadBare}
          </a>
          <button
            type="button"
            aria-pressed={image.starred}
            className="toggle"
            onClick={() => toggleStar(image)}
          >
            <Icon name="star" />
            {words.star}
          </button>
          <button type="button" onClick={discard}>
            <Icon name="delete" />
            {words.delete}
          </button>
        </div>
        <Facts image={image} />
        <Provenance image={image} />
      </aside>
    </div>
  );

  function toggleStar(image: ImageDetails) {
    setFound({ ...image, starred: !image.starred });
    void star(image);
  }
  function discard() {
    const next = neighbour(1) ?? neighbour(-1);
    void remove([name]);
    goTo(next ? `/gallery/${next}` : '/gallery', { replace: true });
  }
}
