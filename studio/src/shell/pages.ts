/** The pages, in the order of the rail. */
export const pages = ['make', 'gallery', 'kernel', 'models'] as const;
export type PageName = (typeof pages)[number];
