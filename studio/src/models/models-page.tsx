import { useStore } from '@nanostores/react';
import { useEffect } from 'react';
import { useLocation } from 'wouter';
import type { Model } from '../api/schemas.js';
import { useWords } from '../language/words.js';
import { $models, refreshModels } from '../live/models.js';
import { setDraft } from '../make/draft.js';
import { $isAdmin } from '../shell/session.js';
import { InstallField } from './install-field.js';
import { stopWatching, watchInstalls } from './installs.js';
import { KeysField } from './keys-field.js';

/** The models: those that can be used, and what the others need. */
export function ModelsPage() {
  const words = useWords();
  const models = useStore($models);
  const isAdmin = useStore($isAdmin);
  useEffect(() => void refreshModels(), []);
  useEffect(() => {
    if (isAdmin) void watchInstalls();
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
      <KeysField />
    </div>
  );
}

function ModelRow({ model }: { readonly model: Model }) {
  const words = useWords();
  const [, goTo] = useLocation();
  const isAdmin = useStore($isAdmin);
  const { id, name, description, plugin, available, installed, missingSecrets, defaults } = model;
  const use = () => {
    setDraft({ model: id, width: undefined, height: undefined, steps: undefined, guidance: undefined });
    goTo('/make');
  };
  return (
    <li className="model">
      <div>
        <h3>{name}</h3>
        <p className="fine">
          {[id, plugin, `${defaults.width} × ${defaults.height}`].filter(Boolean).join(' · ')}
        </p>
        {description && <p className="model-about">{description}</p>}
        {missingSecrets && <p className="caution">{words.needsKey(missingSecrets.join(', '))}</p>}
      </div>
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
