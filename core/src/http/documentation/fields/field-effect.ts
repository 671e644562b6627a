/** What becomes of a field of an API, in words for people. Absent: that never happens. */
export interface FieldEffect {
  /** What it does. */
  readonly obeyed?: string;
  /** When something else is done than what it says, which the answer tells. */
  readonly adapted?: string;
  /** When it has no effect, which the answer tells where it would have had one. */
  readonly ignored?: string;
}

export interface FieldTable {
  readonly title: string;
  readonly fields: Readonly<Record<string, FieldEffect>>;
  /** What becomes of fields that the API does not have. */
  readonly others: FieldEffect;
}

export const unlessTaken = 'the model does not take it';
export const always = 'always';
