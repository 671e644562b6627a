import { Fragment } from 'react';

interface Props {
  /** What is empty is left out. */
  readonly parts: readonly (string | false | null | undefined)[];
}

/** Facts in one line, with dots between them; each has its own direction. */
export const Line = ({ parts }: Props) =>
  parts.filter(Boolean).map((part, place) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: two facts may be the same, and none is moved
    <Fragment key={place}>
      {place > 0 && ' · '}
      <bdi>{part}</bdi>
    </Fragment>
  ));
