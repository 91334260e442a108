/** The fields of a secret that hold a token, the one that is on its way out first. */
export const SLOTS = ['previous', 'current', 'next'] as const;
