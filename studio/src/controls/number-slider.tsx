import { Slider } from '@base-ui/react/slider';

interface Props {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly onChange: (value: number) => void;
}

/** A number between two others, by pointer and by keys. */
export const NumberSlider = ({ label, value, min, max, step = 1, onChange }: Props) => (
  <Slider.Root
    className="slider"
    value={Math.min(max, Math.max(min, value))}
    min={min}
    max={max}
    step={step}
    largeStep={step * 5}
    onValueChange={onChange}
  >
    <div className="label">
      <Slider.Label>
        <bdi>{label}</bdi>
      </Slider.Label>
      <Slider.Value className="figure" />
    </div>
    <Slider.Control className="slider-control">
      <Slider.Track className="slider-track">
        <Slider.Indicator className="slider-indicator" />
        <Slider.Thumb className="slider-thumb" aria-label={label} />
      </Slider.Track>
    </Slider.Control>
  </Slider.Root>
);
