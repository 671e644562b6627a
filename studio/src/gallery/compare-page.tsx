import { useEffect, useId, useState } from 'react';
import { Link } from 'wouter';
import { describeImage } from '../api/gallery.js';
import { imageAddress } from '../api/jobs.js';
import type { ImageDetails } from '../api/schemas.js';
import { Icon } from '../controls/icon.js';
import { useWords } from '../language/words.js';
import { Facts } from './facts.js';

const ways = ['slider', 'beside', 'difference'] as const;

/** Two images: one over the other with a slider, side by side, or what is different. */
export function ComparePage({
  params: { one, other },
}: {
  readonly params: { readonly one: string; readonly other: string };
}) {
  const words = useWords();
  const group = useId();
  const [way, setWay] = useState<(typeof ways)[number]>('slider');
  const [share, setShare] = useState(50);
  const [found, setFound] = useState<readonly ImageDetails[] | 'gone'>([]);
  useEffect(() => {
    let isStale = false;
    Promise.all([one, other].map(describeImage)).then(
      (details) => isStale || setFound(details),
      () => isStale || setFound('gone'),
    );
    return () => {
      isStale = true;
    };
  }, [one, other]);
  if (found === 'gone') return <p className="stage-empty">{words.imageGone}</p>;
  const [first, second] = found;
  if (!first || !second) return <p className="stage-empty">{words.loading}</p>;
  return (
    <div className="compare">
      <div className="bar">
        <Link href="/gallery" className="button bare">
          <Icon name="back" />
          {words.pages.gallery}
        </Link>
        <fieldset className="segments" aria-label={words.compare}>
          {ways.map((each) => (
            <label key={each} className="segment">
              <input type="radio" name={group} checked={way === each} onChange={() => setWay(each)} />
              {words.compareWays[each]}
            </label>
          ))}
        </fieldset>
        {way === 'slider' && (
          <input
            type="range"
            className="compare-slider"
            aria-label={words.compareShare}
            min={0}
            max={100}
            value={share}
            onChange={({ target }) => setShare(target.valueAsNumber)}
          />
        )}
      </div>
      <div className="compare-well" data-way={way}>
        <img src={imageAddress(one)} alt={words.imageLabel(first.prompt)} />
        <img
          src={imageAddress(other)}
          alt={words.imageLabel(second.prompt)}
          style={way === 'slider' ? { clipPath: `inset(0 0 0 ${share}%)` } : {}}
        />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <section className="compare-facts" aria-label={words.aboutImage} tabIndex={0}>
        {[first, second].map((image) => (
          <section key={image.name} aria-label={words.imageLabel(image.prompt)}>
            <p className="image-prompt">{image.prompt}</p>
            <Facts image={image} />
          </section>
        ))}
      </section>
    </div>
  );
}
