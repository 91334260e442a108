/** Fields of a secret that hold a token, the oldest first. */
export const SLOTS = ['previous', 'current', 'next'] as const;
