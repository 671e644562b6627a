/** The fields that have a value: what is undefined would take the place of what stands before it. */
export const withoutAbsent = (fields: object): Readonly<{ [name: string]: unknown }> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
