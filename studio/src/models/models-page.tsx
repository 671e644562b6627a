import { useStore } from '@nanostores/react';
import { useEffect } from 'react';
import { useLocation } from 'wouter';
import type { Model } from '../api/schemas.js';
import { Line } from '../controls/line.js';
import { formatBytes, useWords } from '../language/words.js';
import { $models, refreshModels } from '../live/models.js';
import { setDraft } from '../make/draft.js';
import { $isAdmin } from '../shell/session.js';
import { ImportField } from './import-field.js';
import { InstallField } from './install-field.js';
import { stopWatching, watchInstalls } from './installs.js';
import { KeysField } from './keys-field.js';
import { MemoryField, VersionsField } from './model-details.js';
import { $modelFiles, refreshModelFiles, remove } from './model-files.js';
import { RemovedField } from './removed-field.js';

/** The models: those that can be used, and what the others need. */
export function ModelsPage() {
  const words = useWords();
  const all = useStore($models);
  const removed = new Set(useStore($modelFiles)?.removed.map(({ id }) => id));
  const models = all.filter(({ id }) => !removed.has(id));
  const isAdmin = useStore($isAdmin);
  useEffect(() => void refreshModels(), []);
  useEffect(() => {
    if (isAdmin) {
      void watchInstalls();
      void refreshModelFiles();
    }
    return stopWatching;
  }, [isAdmin]);
  const groups = [
    { label: words.modelSet.installed, found: models.filter(({ available }) => available) },
    { label: words.modelSet.notInstalled, found: models.filter(({ installed }) => !installed) },
    {
      label: words.modelSet.notConfigured,
      found: models.filter(({ available, installed }) => installed && !available),
    },
  ].filter(({ found }) => found.length > 0);
  return (
    <div className="kernel">
      <RemovedField />
      {groups.map(({ label, found }) => (
        <section key={label} className="model-group" aria-label={label}>
          <h2 className="label">{label}</h2>
          <ul className="plugins">
            {found.map((model) => (
              <ModelRow key={model.id} model={model} />
            ))}
          </ul>
        </section>
      ))}
      {isAdmin && <ImportField />}
      <KeysField />
    </div>
  );
}

function ModelRow({ model }: { readonly model: Model }) {
  const words = useWords();
  const [, goTo] = useLocation();
  const isAdmin = useStore($isAdmin);
  const file = useStore($modelFiles)?.models.find((each) => each.id === model.id);
  const { id, name, description, plugin, available, installed, missingSecrets, defaults } = model;
  const use = () => {
    setDraft({ model: id, width: undefined, height: undefined, steps: undefined, guidance: undefined });
    goTo('/make');
  };
  return (
    <li className="model">
      <div>
        <h3 dir="auto">{name}</h3>
        <p className="fine">
          <Line
            parts={[
              ...[id, plugin, `${defaults.width} × ${defaults.height}`, file?.variant],
              file?.bytes !== undefined && words.onDisk(formatBytes(file.bytes)),
              file?.licence,
              file?.gated && words.gated,
            ]}
          />
        </p>
        {description && (
          <p className="model-about" dir="auto">
            {description}
          </p>
        )}
        {missingSecrets && <p className="caution">{words.needsKey(missingSecrets.join(', '))}</p>}
        {file && installed && available && file.source !== 'provider' && <MemoryField model={model} />}
        {file && !installed && <VersionsField model={model} />}
      </div>
      {file?.removable && (
        <button
          type="button"
          className="quiet"
          aria-label={words.removeModel(name)}
          onClick={() => void remove(model)}
        >
          {words.remove}
        </button>
      )}
      {available && (
        <button type="button" aria-label={words.chooseModel(name)} onClick={use}>
          {words.use}
        </button>
      )}
      {!installed &&
        (isAdmin ? (
          <InstallField model={model} />
        ) : (
          <code className="figure">easel models install {id}</code>
        ))}
    </li>
  );
}
