import { useStore } from '@nanostores/react';
import { useEffect, useState } from 'react';
import { listLoras } from '../api/jobs.js';
import { Icon } from '../controls/icon.js';
import { NumberSlider } from '../controls/number-slider.js';
import { useWords } from '../language/words.js';
import { $draft, setDraft } from './draft.js';

const tag = /<lora:([^:<>]+)(?::(-?[\d.]+))?>/g;

/** The LoRAs that the prompt names, with their weights, and those that can be added to it. */
export function LoraField() {
  const words = useWords();
  const { prompt } = useStore($draft);
  const [loras, setLoras] = useState<readonly string[]>([]);
  useEffect(() => void listLoras().then(setLoras, () => {}), []);
  const named = [...prompt.matchAll(tag)].map(([text, name = '', weight = '1']) => ({
    text,
    name,
    weight: Number(weight),
  }));
  if (loras.length === 0 && named.length === 0) return null;
  const left = loras.filter((lora) => !named.some(({ name }) => name === lora));
  const replace = (text: string, by: string) => setDraft({ prompt: prompt.replace(text, () => by).trim() });
  return (
    <div>
      <p className="label">{words.loras}</p>
      {named.map(({ text, name, weight }, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a prompt may name one twice
        <div key={place} className="lora">
          <NumberSlider
            label={name}
            value={weight}
            min={-1}
            max={2}
            step={0.05}
            onChange={(next) => replace(text, `<lora:${name}:${Number(next.toFixed(2))}>`)}
          />
          <button
            type="button"
            className="square bare"
            aria-label={words.removeLora(name)}
            onClick={() => replace(text, '')}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      {left.length > 0 && (
        <div className="select">
          <select
            className="box"
            aria-label={words.addLora}
            value=""
            onChange={({ target }) => setDraft({ prompt: `${prompt.trimEnd()} <lora:${target.value}:1>` })}
          >
            <option value="">{words.addLora}</option>
            {left.map((lora) => (
              <option key={lora} value={lora}>
                {lora}
              </option>
            ))}
          </select>
          <Icon name="down" />
        </div>
      )}
    </div>
  );
}
