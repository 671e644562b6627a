import { Dialog } from '@base-ui/react/dialog';
import { useEffect, useState } from 'react';
import { DialogFrame } from '../controls/dialog-frame.js';
import { Icon } from '../controls/icon.js';
import type { Words } from '../language/english.js';
import { useWords } from '../language/words.js';

type GroupName = keyof Words['keySheet']['groups'];
type ActName = keyof Words['keySheet']['acts'];

/** Each group of the sheet: what its keys do is in `keySheet` of the words. */
const groups: Readonly<Record<GroupName, Partial<Record<ActName, readonly string[]>>>> = {
  make: {
    submit: ['Ctrl', 'Enter'],
    cancel: ['Esc'],
    weigh: ['Ctrl', '↑', '↓'],
    walk: ['Alt', '↑', '↓'],
  },
  gallery: {
    move: ['←', '→', '↑', '↓', 'Home', 'End'],
    open: ['Enter'],
    star: ['S'],
    select: ['Space'],
    remove: ['Delete'],
    undo: ['Z'],
    back: ['Esc'],
  },
  mask: {
    brush: ['←', '→', '↑', '↓'],
    down: ['Space'],
    size: ['[', ']'],
    erase: ['E'],
    undoMark: ['Ctrl', 'Z'],
    redoMark: ['Ctrl', 'Y'],
  },
  everywhere: { sheet: ['?'] },
};

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  target.closest('input:not([type=radio], [type=range]), textarea, select') !== null;

/** All keys of the page, and the button that opens it. */
export function KeysDialog() {
  const words = useWords();
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== '?' || event.ctrlKey || event.metaKey || isTyping(event.target)) return;
      event.preventDefault();
      setOpen(true);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  const { keySheet } = words;
  return (
    <DialogFrame
      title={keySheet.title}
      open={isOpen}
      onOpenChange={setOpen}
      trigger={
        <Dialog.Trigger className="rail-item wide-only" aria-label={keySheet.title} title={keySheet.title}>
          <Icon name="keys" />
        </Dialog.Trigger>
      }
    >
      {Object.entries(groups).map(([group, rows]) => (
        <section key={group} className="field">
          <h3 className="label">{keySheet.groups[group as GroupName]}</h3>
          <dl className="key-rows">
            {Object.entries(rows).map(([act, keys]) => (
              <div key={act}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key} className="key">
                      {keySheet.names.get(key) ?? key}
                    </kbd>
                  ))}
                </dt>
                <dd>{keySheet.acts[act as ActName]}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </DialogFrame>
  );
}
