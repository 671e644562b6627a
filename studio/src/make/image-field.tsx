import { useStore } from '@nanostores/react';
import { useRef } from 'react';
import type { Model } from '../api/schemas.js';
import { Icon } from '../controls/icon.js';
import { NumberSlider } from '../controls/number-slider.js';
import { useWords } from '../language/words.js';
import { EnlargeDialog } from '../mask/enlarge-dialog.js';
import { isMarked } from '../mask/marks.js';
import { MaskDialog } from '../mask/mask-dialog.js';
import { $draft, setDraft } from './draft.js';
import { enlargeInput } from './enlarge-input.js';
import { $inputs, removeInput, setMarks } from './inputs.js';
import { takeImages } from './take-images.js';

const usualStrength = 0.75;

/** The images that the next one starts from: dropped, pasted or chosen. */
export function ImageField({ model }: { readonly model: Model }) {
  const words = useWords();
  const draft = useStore($draft);
  const { images, marks } = useStore($inputs);
  const chooser = useRef<HTMLInputElement>(null);
  const { inputImages: most, mask } = model.supports;
  const taken = images.slice(0, most);
  const [first] = taken;
  return (
    <div className="field">
      <p className="label">
        <span>{words.inputImage}</span>
        {first && isMarked(marks) && mask && <span className="figure">{words.masked}</span>}
      </p>
      {first && (
        <ul className="inputs">
          {taken.map(({ address }, place) => (
            <li key={address}>
              <img src={address} alt={words.inputLabel(place + 1)} />
              <button
                type="button"
                className="square"
                aria-label={words.removeInput(place + 1)}
                onClick={() => removeInput(place)}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <div className="verbs">
        <button type="button" onClick={() => chooser.current?.click()}>
          <Icon name="add" />
          {words.chooseImage}
        </button>
        {first && mask && (
          <>
            <MaskDialog image={first} marks={marks} onDone={setMarks} />
            <EnlargeDialog
              image={first}
              multiple={model.supports.edgeMultiple}
              longest={model.supports.maximumEdge}
              onDone={(margins) => void enlargeInput(margins, model)}
            />
          </>
        )}
      </div>
      <input
        ref={chooser}
        type="file"
        accept="image/*"
        multiple={most > 1}
        hidden
        onChange={({ target }) => {
          void takeImages([...(target.files ?? [])], model);
          target.value = '';
        }}
      />
      {!first && <p className="fine">{words.inputHint}</p>}
      {first && model.supports.strength && (
        <NumberSlider
          label={words.strength}
          value={draft.strength ?? model.defaults.strength ?? usualStrength}
          min={0.05}
          max={1}
          step={0.05}
          onChange={(strength) => setDraft({ strength })}
        />
      )}
    </div>
  );
}
