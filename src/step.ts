/** Every {@link Step}, in the order in which Secrets Manager calls them. */
export const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

/**
 * One of the four steps of a rotation, by AWS's name.
 *
 * @useDeclaredType
 */
export type Step = (typeof STEPS)[number];
