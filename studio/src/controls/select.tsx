import { useId } from 'react';
import { Icon } from './icon.js';

export interface Option {
  readonly value: string;
  readonly label: string;
  readonly isDisabled?: boolean;
}
export interface OptionGroup {
  readonly label: string;
  readonly options: readonly Option[];
}

interface Props {
  readonly label: string;
  readonly value: string;
  readonly groups: readonly OptionGroup[];
  readonly onChange: (value: string) => void;
}

/** One out of a list that has groups: the browser's own, which phones and screen readers know best. */
export function Select({ label, value, groups, onChange }: Props) {
  const id = useId();
  return (
    <>
      <label className="label" htmlFor={id}>
        {label}
      </label>
      <div className="select">
        <select id={id} className="box" value={value} onChange={({ target }) => onChange(target.value)}>
          {groups.map((group) => (
            <optgroup key={group.label} label={group.label}>
              {group.options.map((option) => (
                <option key={option.value} value={option.value} disabled={option.isDisabled ?? false}>
                  {option.label}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
        <Icon name="down" />
      </div>
    </>
  );
}
