import { useEffect, useState } from 'react';
import type * as z from 'zod/mini';
import { listCosts } from '../api/kernel.js';
import type { costSumSchema } from '../api/schemas.js';
import { $locale, formatCost, useWords } from '../language/words.js';

/** What providers have cost, by day. */
export function Costs() {
  const words = useWords();
  const [costs, setCosts] = useState<readonly z.infer<typeof costSumSchema>[]>();
  useEffect(() => {
    listCosts().then(setCosts, () => {});
  }, []);
  if (!costs) return null;
  const date = new Intl.DateTimeFormat($locale.get(), { dateStyle: 'medium', timeZone: 'UTC' });
  return (
    <section className="costs" aria-labelledby="costs">
      <h2 className="label" id="costs">
        {words.costs}
      </h2>
      {costs.length === 0 ? (
        <p className="hint">{words.noCosts}</p>
      ) : (
        <table>
          <thead>
            <tr>
              {words.costColumns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {costs.map(({ day, plugin, currency, amount, calls }) => (
              <tr key={`${day} ${plugin} ${currency}`}>
                <td className="figure">{date.format(new Date(day))}</td>
                <td>{plugin}</td>
                <td className="figure">{calls}</td>
                <td className="figure">{formatCost({ amount, currency })}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
