import type { CSSProperties } from 'react';
import { Link } from 'wouter';
import { imageAddress, previewAddress } from '../api/jobs.js';
import { useWords } from '../language/words.js';
import type { LiveJob } from '../live/jobs.js';
import { SteadyImage } from '../make/steady-image.js';
import { type Grid, gridParameters } from './axes.js';

/** The images of a grid as a table, each as soon as there is something to see of it. */
export function GridPlot({ job, grid: { x, y } }: { readonly job: LiveJob; readonly grid: Grid }) {
  const words = useWords();
  const nameOf = (parameter: string) => {
    const known = gridParameters.find((one) => one === parameter);
    return known ? words.grid.names[known] : parameter;
  };
  const [, width = '1', height = '1'] = /^(\d+)x(\d+)$/.exec(job.request?.size ?? '') ?? [];
  const rows = y ? y.values : [undefined];
  return (
    <div className="grid-plot">
      <table
        style={{ '--columns': x.values.length, '--heads': y ? 1 : 0, '--rows': rows.length } as CSSProperties}
      >
        <caption className="label">
          {y ? `${nameOf(x.parameter)} × ${nameOf(y.parameter)}` : nameOf(x.parameter)}
        </caption>
        <thead>
          <tr>
            {y && <td />}
            {x.values.map((value) => (
              <th key={value} scope="col">
                {value}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, rowIndex) => (
            <tr key={row ?? ''}>
              {row !== undefined && <th scope="row">{row}</th>}
              {x.values.map((value, column) => {
                const place = rowIndex * x.values.length + column;
                const made = job.result?.images[place];
                const step = job.looks[place];
                const preview = step === undefined ? undefined : previewAddress(job.id, place, step);
                const name = [value, row].filter((one) => one !== undefined).join(', ');
                const image = (
                  <SteadyImage
                    address={made ? imageAddress(made.name) : preview}
                    label={made ? words.imageLabel(name) : words.unfinished(name)}
                    isFinished={made !== undefined}
                    width={made?.width ?? Number(width)}
                    height={made?.height ?? Number(height)}
                  />
                );
                return (
                  <td key={value}>{made ? <Link href={`/gallery/${made.name}`}>{image}</Link> : image}</td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
