/** Strokes on a square of 20. */
const shapes = {
  make: 'M3.5 16.5l.8-3.2L13.6 4l2.4 2.4-9.3 9.3zM11.6 6l2.4 2.4',
  gallery: 'M3.5 3.5h5.5v5.5H3.5zM11 3.5h5.5v5.5H11zM3.5 11h5.5v5.5H3.5zM11 11h5.5v5.5H11z',
  kernel: 'M6 6h8v8H6zM8 3v3M12 3v3M8 14v3M12 14v3M3 8h3M3 12h3M14 8h3M14 12h3',
  models: 'M10 2.5l6.5 3.7v7.6L10 17.5l-6.5-3.7V6.2zM3.5 6.2L10 10l6.5-3.8M10 10v7.5',
  settings: 'M4 6h6M14 6h2M4 14h2M10 14h6M12 4v4M8 12v4',
  keys: 'M2.5 5.5h15v9h-15zM5.5 8.5h.01M8.5 8.5h.01M11.5 8.5h.01M14.5 8.5h.01M6.5 11.5h7',
  code: 'M7 6l-4 4 4 4M13 6l4 4-4 4',
  copy: 'M7 7h9v9H7zM4 13V4h9',
  compare: 'M3.5 4h13v12h-13zM10 2.5v15',
  add: 'M10 4v12M4 10h12',
  image: 'M3.5 4.5h13v11h-13zM3.5 13l4-4 4 4 2-2 3 3M13 7.5h.01',
  enlarge: 'M7 7h6v6H7zM3 6V3h3M14 3h3v3M17 14v3h-3M6 17H3v-3',
  close: 'M5 5l10 10M15 5L5 15',
  dice: 'M4 4h12v12H4zM7.5 7.5h.01M12.5 12.5h.01M10 10h.01',
  locked: 'M5 9h10v7.5H5zM7 9V6.5a3 3 0 0 1 6 0V9',
  unlocked: 'M5 9h10v7.5H5zM7 9V6.5a3 3 0 0 1 5.7-1.3',
  down: 'M6 8l4 4 4-4',
  up: 'M6 12l4-4 4 4',
  check: 'M4.5 10.5l3.5 3.5 7.5-8',
  download: 'M10 3v9M6.5 9l3.5 3.5L13.5 9M4 16.5h12',
  star: 'M10 3l2.1 4.5 4.9.6-3.6 3.4.9 4.9L10 14l-4.3 2.4.9-4.9L3 8.1l4.9-.6z',
  back: 'M12 5l-5 5 5 5',
  again: 'M15.5 10a5.5 5.5 0 1 1-1.7-4M14.5 3v3.5H11',
  delete: 'M4 6h12M8 6V4h4v2M5.5 6l.7 10.5h7.6L14.5 6M8.5 9v5M11.5 9v5',
  queue: 'M4 5h12M4 10h12M4 15h7',
} as const;
export type IconName = keyof typeof shapes;

/** A drawing beside words, or on a button that has a label. */
export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg className="icon" data-icon={name} viewBox="0 0 20 20" aria-hidden="true">
    <path d={shapes[name]} />
  </svg>
);
