import { Dialog } from '@base-ui/react/dialog';
import { type KeyboardEvent, type RefObject, useId, useRef, useState } from 'react';
import { DialogFrame } from '../controls/dialog-frame.js';
import { Icon } from '../controls/icon.js';
import { NumberSlider } from '../controls/number-slider.js';
import { useWords } from '../language/words.js';
import type { InputImage } from '../make/inputs.js';
import { isMarked, type Mark, type Stroke } from './marks.js';
import { MaskCanvas } from './mask-canvas.js';

interface Props {
  readonly image: InputImage;
  readonly marks: readonly Mark[];
  readonly onDone: (marks: readonly Mark[]) => void;
}

/** Marks the part of an image that is painted anew, and the button that opens it. */
export function MaskDialog({ image, marks, onDone }: Props) {
  const words = useWords();
  const [isOpen, setOpen] = useState(false);
  const surface = useRef<HTMLDivElement>(null);
  return (
    <DialogFrame
      title={words.maskTitle}
      shape="dialog wide"
      open={isOpen}
      onOpenChange={setOpen}
      initialFocus={surface}
      trigger={
        <Dialog.Trigger className="button">
          <Icon name="make" />
          {isMarked(marks) ? words.changeMask : words.paintMask}
        </Dialog.Trigger>
      }
    >
      <MaskEditor
        surface={surface}
        image={image}
        before={marks}
        onDone={(done) => {
          onDone(done);
          setOpen(false);
        }}
      />
    </DialogFrame>
  );
}

interface EditorProps {
  /** The part that takes the keys of the brush. */
  readonly surface: RefObject<HTMLDivElement | null>;
  readonly image: InputImage;
  readonly before: readonly Mark[];
  readonly onDone: Props['onDone'];
}

function MaskEditor({ surface, image, before, onDone }: EditorProps) {
  const words = useWords();
  const group = useId();
  const longest = Math.max(image.width, image.height);
  const [marks, setMarks] = useState(before);
  const [undone, setUndone] = useState<readonly Mark[]>([]);
  const [kind, setKind] = useState<Stroke['kind']>('paint');
  const [width, setWidth] = useState(Math.max(1, Math.round(longest / 10)));
  const mark = (made: Mark) => {
    setMarks([...marks, made]);
    setUndone([]);
  };
  const last = marks.at(-1);
  const next = undone.at(-1);
  const undo = () => {
    if (!last) return;
    setMarks(marks.slice(0, -1));
    setUndone([...undone, last]);
  };
  const redo = () => {
    if (!next) return;
    setMarks([...marks, next]);
    setUndone(undone.slice(0, -1));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const isCommand = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (isCommand && (key === 'y' || (key === 'z' && event.shiftKey))) redo();
    else if (isCommand && key === 'z') undo();
    else if (isCommand || event.altKey) return;
    else if (key === '[') setWidth(Math.max(1, Math.round(width * 0.8)));
    else if (key === ']') setWidth(Math.min(longest, Math.ceil(width * 1.25)));
    else if (key === 'e') setKind(kind === 'paint' ? 'erase' : 'paint');
    else return;
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys are those of what is in it
    <div className="mask" onKeyDown={onKeyDown}>
      <MaskCanvas
        place={surface}
        image={image.address}
        size={image}
        kind={kind}
        width={width}
        marks={marks}
        onMark={mark}
      />
      <div className="mask-tools">
        <fieldset className="segments" aria-label={words.brush}>
          {(['paint', 'erase'] as const).map((one) => (
            <label key={one} className="segment">
              <input type="radio" name={group} checked={kind === one} onChange={() => setKind(one)} />
              {words.brushKinds[one]}
            </label>
          ))}
        </fieldset>
        <NumberSlider label={words.brushSize} value={width} min={1} max={longest} onChange={setWidth} />
        <div className="verbs">
          <button type="button" disabled={!last} onClick={undo}>
            {words.undo}
          </button>
          <button type="button" disabled={!next} onClick={redo}>
            {words.redo}
          </button>
          <button type="button" onClick={() => mark({ kind: 'invert' })}>
            {words.invertMask}
          </button>
          <button type="button" disabled={!isMarked(marks)} onClick={() => mark({ kind: 'clear' })}>
            {words.clearMask}
          </button>
        </div>
        <button type="button" className="primary" onClick={() => onDone(marks)}>
          {words.done}
        </button>
      </div>
    </div>
  );
}
