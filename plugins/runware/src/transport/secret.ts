import type { Complaint, Frame } from '../wire/frame.js';

/** Takes a key out of what Runware complains, should it repeat one. */
export function withoutKey(frame: Frame, apiKey: string): Frame {
  if (frame.complaints.length === 0) return frame;
  const clean = (text: string) => text.replaceAll(apiKey, '(the key)');
  const cleaned = frame.complaints.map(
    (complaint): Complaint => ({
      ...complaint,
      code: clean(complaint.code),
      message: clean(complaint.message),
    }),
  );
  return { items: frame.items, complaints: cleaned };
}
