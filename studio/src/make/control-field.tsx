import { useStore } from '@nanostores/react';
import { useEffect, useRef, useState } from 'react';
import { listControlNets } from '../api/jobs.js';
import type { Model } from '../api/schemas.js';
import { Icon } from '../controls/icon.js';
import { NumberSlider } from '../controls/number-slider.js';
import { useWords } from '../language/words.js';
import { showToast } from '../shell/toast.js';
import { $followed, addFollowed, changeFollowed, removeFollowed } from './followed.js';

/** The images that the next one follows by ControlNets: chosen, each with its net and how much it counts. */
export function ControlField({ model }: { readonly model: Model }) {
  const words = useWords();
  const followed = useStore($followed);
  const [nets, setNets] = useState<readonly string[]>([]);
  const chooser = useRef<HTMLInputElement>(null);
  useEffect(() => void listControlNets().then(setNets, () => {}), []);
  const [first] = nets;
  const taken = followed.slice(0, model.supports.control);
  if (first === undefined && taken.length === 0) return null;
  return (
    <div>
      <p className="label">{words.followed}</p>
      {taken.map(({ image, net, strength }, place) => (
        <div key={image.address} className="followed">
          <img src={image.address} alt={words.followedLabel(place + 1)} />
          <div>
            <div className="select">
              <select
                className="box"
                aria-label={words.controlNet(place + 1)}
                value={net}
                onChange={({ target }) => changeFollowed(place, { net: target.value })}
              >
                {[...new Set([...nets, net])].map((name) => (
                  <option key={name} value={name}>
                    {name}
                  </option>
                ))}
              </select>
              <Icon name="down" />
            </div>
            <NumberSlider
              label={words.controlStrength}
              value={strength}
              min={0}
              max={2}
              step={0.05}
              onChange={(next) => changeFollowed(place, { strength: Number(next.toFixed(2)) })}
            />
          </div>
          <button
            type="button"
            className="square bare"
            aria-label={words.removeFollowed(place + 1)}
            onClick={() => removeFollowed(place)}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      {first !== undefined && taken.length < model.supports.control && (
        <button type="button" onClick={() => chooser.current?.click()}>
          <Icon name="add" />
          {words.addFollowed}
        </button>
      )}
      <input
        ref={chooser}
        type="file"
        accept="image/*"
        hidden
        data-followed
        onChange={({ target }) => {
          const [file] = target.files ?? [];
          target.value = '';
          if (file) addFollowed(file, first ?? '').catch(() => showToast({ text: words.notAnImage }));
        }}
      />
    </div>
  );
}
