import type { ImageDetails } from '../api/schemas.js';
import { $locale, useWords } from '../language/words.js';

/** The values that made an image. */
export function Facts({ image }: { readonly image: ImageDetails }) {
  const words = useWords();
  const { parameters } = image.provenance;
  const time = new Intl.DateTimeFormat($locale.get(), { dateStyle: 'medium', timeStyle: 'short' });
  const number = new Intl.NumberFormat($locale.get(), { useGrouping: false, maximumFractionDigits: 4 });
  const rows: readonly (readonly [string, unknown])[] = [
    [words.model, image.model],
    [words.size, `${image.width} × ${image.height}`],
    [words.seed, image.seed],
    [words.steps, parameters.steps],
    [words.guidance, parameters.guidanceScale],
    [words.sampler, parameters.sampler],
    [words.negativePrompt, parameters.negativePrompt],
    [words.made, time.format(new Date(image.created_at))],
  ];
  return (
    <dl className="facts">
      {rows
        .filter(([, value]) => value !== undefined && value !== null && value !== '')
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd className="figure" dir="auto">
              {typeof value === 'number' ? number.format(value) : String(value)}
            </dd>
          </div>
        ))}
    </dl>
  );
}
