/**
 * Whose turn it is, in SQL.
 *
 * @module
 */

/** The priority of the jobs that go first. */
export const highestPriority = `SELECT priority FROM jobs WHERE state = 'queued' ORDER BY priority DESC LIMIT 1`;

/** Of the callers who wait with a priority (1), the one served longest ago. Looks at a row of each. */
export const nextCaller = `
  WITH RECURSIVE waiting (caller) AS (
    SELECT MIN(caller) FROM jobs WHERE state = 'queued' AND priority = ?1
    UNION ALL
    SELECT (SELECT MIN(caller) FROM jobs WHERE state = 'queued' AND priority = ?1 AND caller > waiting.caller)
    FROM waiting WHERE waiting.caller IS NOT NULL)
  SELECT waiting.caller AS caller FROM waiting LEFT JOIN callers ON callers.caller = waiting.caller
  WHERE waiting.caller IS NOT NULL ORDER BY COALESCE(turn, 0) LIMIT 1`;

/** Has a server (1) begin at a time (2) the oldest job with a priority (3) of a caller (4). */
export const beginNext = `
  UPDATE jobs SET state = 'running', owner = ?, started_at = ? WHERE rowid = (
    SELECT rowid FROM jobs WHERE state = 'queued' AND priority = ? AND caller = ? ORDER BY rowid LIMIT 1)`;

/** Has a caller be the one who was served last. */
export const takeTurn = `
  INSERT INTO callers SELECT ?, COALESCE(MAX(turn), 0) + 1 FROM callers WHERE true
  ON CONFLICT (caller) DO UPDATE SET turn = excluded.turn`;

/** Jobs that wait and come too late at a time, by the rule of `isLate`. */
export const comesLate = `state = 'queued' AND start_before <= ? AND result IS NULL AND CASE
  WHEN asked IS NULL THEN true WHEN json_valid(asked) THEN json_extract(asked, '$.isPaid') IS false END`;
