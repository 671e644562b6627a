import { useStore } from '@nanostores/react';
import { Link } from 'wouter';
import { useWords } from '../language/words.js';
import { $models } from '../live/models.js';

/** What stands where the first image will be, and what can be added to what there is. */
export function FirstRun() {
  const words = useWords();
  const models = useStore($models);
  const isInstallable = models.some(({ installed }) => !installed);
  const keys = [...new Set(models.flatMap(({ missingSecrets }) => missingSecrets ?? []))];
  return (
    <div className="first-run">
      <p className="stage-empty">{words.emptyStage}</p>
      {(isInstallable || keys.length > 0) && (
        <section aria-labelledby="first-run">
          <h2 className="label" id="first-run">
            {words.firstRun.title}
          </h2>
          <ul>
            {isInstallable && (
              <li>
                <Link href="/models">{words.firstRun.model}</Link>
              </li>
            )}
            {keys.length > 0 && (
              <li>
                <Link href="/models">{words.firstRun.key(keys.length)}</Link>
              </li>
            )}
          </ul>
        </section>
      )}
    </div>
  );
}
