import { useStore } from '@nanostores/react';
import { useEffect, useState } from 'react';
import { $isConnected } from '../live/jobs.js';

interface Props {
  /** Absent: there is nothing to see yet. */
  readonly address: string | undefined;
  readonly label: string;
  readonly isFinished: boolean;
  readonly width: number;
  readonly height: number;
}

/**
 * An image that stays until the next one has been decoded, so that nothing flickers. What could not be
 * fetched is asked for again when the server is back.
 */
export function SteadyImage({ address, label, isFinished, width, height }: Props) {
  const [shown, setShown] = useState<string>();
  const isConnected = useStore($isConnected);
  useEffect(() => {
    if (address === undefined || !isConnected) return;
    let isStale = false;
    const next = new Image();
    next.src = address;
    // A look that is gone already is followed by the next one.
    next.decode().then(
      () => isStale || setShown(address),
      () => {},
    );
    return () => {
      isStale = true;
    };
  }, [address, isConnected]);
  return (
    <svg
      className="frame"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={label}
      data-state={isFinished && shown === address ? 'finished' : shown ? 'unfinished' : 'empty'}
    >
      <rect className="frame-empty" width={width} height={height} />
      {shown && <image href={shown} width={width} height={height} preserveAspectRatio="xMidYMid slice" />}
    </svg>
  );
}
