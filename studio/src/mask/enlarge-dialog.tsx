import { Dialog } from '@base-ui/react/dialog';
import { useState } from 'react';
import { DialogFrame } from '../controls/dialog-frame.js';
import { Icon } from '../controls/icon.js';
import { NumberSlider } from '../controls/number-slider.js';
import { useWords } from '../language/words.js';
import { enlargedSize, fitMargins, type Margins } from './enlarge.js';
import type { Size } from './marks.js';

interface Props {
  readonly image: Size & { readonly address: string };
  /** What the edges of a model's images are multiples of, and the longest one. */
  readonly multiple: number;
  readonly longest: number;
  readonly onDone: (margins: Margins) => void;
}

const none: Margins = { left: 0, above: 0, right: 0, below: 0 };
const sides = ['left', 'right', 'above', 'below'] as const;

/** Sets margins around an image that are painted anew, and the button that opens it. */
export function EnlargeDialog({ image, multiple, longest, onDone }: Props) {
  const words = useWords();
  const [isOpen, setOpen] = useState(false);
  const [wanted, setWanted] = useState(none);
  const margins = fitMargins(wanted, image, multiple);
  const size = enlargedSize(image, margins);
  const isChanged = size.width > image.width || size.height > image.height;
  const isTooLarge = size.width > longest || size.height > longest;
  return (
    <DialogFrame
      title={words.enlargeTitle}
      shape="dialog wide"
      open={isOpen}
      onOpenChange={(open) => {
        setOpen(open);
        setWanted(none);
      }}
      trigger={
        <Dialog.Trigger className="button">
          <Icon name="enlarge" />
          {words.enlarge}
        </Dialog.Trigger>
      }
    >
      <svg className="enlarge-place" viewBox={`0 0 ${size.width} ${size.height}`} aria-hidden="true">
        <rect className="enlarge-margin" width={size.width} height={size.height} />
        <image
          href={image.address}
          x={margins.left}
          y={margins.above}
          width={image.width}
          height={image.height}
        />
      </svg>
      <div className="enlarge-tools">
        {sides.map((side) => (
          <NumberSlider
            key={side}
            label={words.sides[side]}
            value={wanted[side]}
            min={0}
            max={side === 'left' || side === 'right' ? image.width : image.height}
            onChange={(value) => setWanted({ ...wanted, [side]: value })}
          />
        ))}
        <p className={isTooLarge ? 'danger' : 'fine figure'} role="status">
          {isTooLarge ? words.enlargeTooFar(longest) : `${size.width} × ${size.height}`}
        </p>
        <button
          type="button"
          className="primary"
          disabled={!isChanged || isTooLarge}
          onClick={() => {
            onDone(margins);
            setOpen(false);
          }}
        >
          {words.done}
        </button>
      </div>
    </DialogFrame>
  );
}
