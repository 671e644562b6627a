import { useStore } from '@nanostores/react';
import { useState } from 'react';
import { Icon } from '../controls/icon.js';
import { useWords } from '../language/words.js';
import { $draft } from './draft.js';
import { $styles, addStyle, dropStyle, keepStyle } from './styles.js';

/** The styles of this browser: one adds its words to the prompt, which can become one itself. */
export function StyleField() {
  const words = useWords();
  const styles = useStore($styles);
  const { prompt } = useStore($draft);
  const [name, setName] = useState('');
  const isKeepable = name.trim() !== '' && prompt.trim() !== '';
  const keep = () => {
    keepStyle(name.trim());
    setName('');
  };
  return (
    <div>
      <p className="label">{words.styles.title}</p>
      {styles.map((style) => (
        <div key={style.name} className="style">
          <button
            type="button"
            aria-label={words.styles.add(style.name)}
            title={style.prompt}
            onClick={() => addStyle(style)}
          >
            <bdi>{style.name}</bdi>
          </button>
          <button
            type="button"
            className="square bare"
            aria-label={words.styles.drop(style.name)}
            onClick={() => dropStyle(style.name)}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      <div className="style">
        <input
          className="box"
          maxLength={100}
          aria-label={words.styles.name}
          placeholder={words.styles.name}
          value={name}
          onChange={({ target }) => setName(target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.ctrlKey || event.metaKey) return;
            // It is no wish to make an image.
            event.preventDefault();
            if (isKeepable) keep();
          }}
        />
        <button type="button" disabled={!isKeepable} onClick={keep}>
          {words.styles.keep}
        </button>
      </div>
      <p className="fine">{words.styles.hint}</p>
    </div>
  );
}
