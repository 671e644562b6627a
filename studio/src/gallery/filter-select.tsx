import { Icon } from '../controls/icon.js';

interface Props {
  readonly label: string;
  /** What the choice of everything is called. */
  readonly all: string;
  /** Empty: everything. */
  readonly value: string;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly onChange: (value: string) => void;
}

/** Narrows the gallery by one out of a list. What the address names is in it, also where it is gone. */
export function FilterSelect({ label, all, value, options, onChange }: Props) {
  const isListed = value === '' || options.some(([one]) => one === value);
  return (
    <div className="select">
      <select
        className="box"
        aria-label={label}
        value={value}
        onChange={({ target }) => onChange(target.value)}
      >
        <option value="">{all}</option>
        {[...options, ...(isListed ? [] : [[value, value] as const])].map(([one, name]) => (
          <option key={one} value={one}>
            {name}
          </option>
        ))}
      </select>
      <Icon name="down" />
    </div>
  );
}
