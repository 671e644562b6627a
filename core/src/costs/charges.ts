import type { ChargeTable } from '../jobs/database/charge-table.js';

/**
 * What calls have cost, and what is set aside for those under way: in the database of one server, or where
 * several keep it together. Each call rejects with ERR_STORAGE where it cannot be done.
 */
export type Charges = {
  readonly [Name in keyof ChargeTable]: (
    ...values: Parameters<ChargeTable[Name]>
  ) => Promise<ReturnType<ChargeTable[Name]>>;
};
