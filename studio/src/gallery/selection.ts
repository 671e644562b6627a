import { atom } from 'nanostores';

/** Names of the images that something is to be done with; in the order in which they were chosen. */
export const $selected = atom<readonly string[]>([]);
/** Whether a click on an image selects it, and does not open it. */
export const $isSelecting = atom(false);

export function toggleSelected(name: string): void {
  const selected = $selected.get();
  $selected.set(selected.includes(name) ? selected.filter((one) => one !== name) : [...selected, name]);
}

export function endSelecting(): void {
  $selected.set([]);
  $isSelecting.set(false);
}
