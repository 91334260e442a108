/**
 * Behaviour that neither AWS's documentation nor recordings of AWS settle. Code that rotates secrets should not depend on it.
 * In refusals.ts, "Assumed" marks the assumed codes and texts of errors.
 */
export const ASSUMED = {
  /** The empty version of a rotation does not count as the first version: the value that fills it gets AWSCURRENT too. */
  placeholderIsNoFirstVersion: true,
  /** PutSecretValue with AWSCURRENT among its VersionStages removes AWSPENDING, as it does without VersionStages. */
  currentByNameAbandons: true,
  /** AWSCURRENT does not move to a version without a value. */
  emptyVersionCannotBeCurrent: true,
  /** ListSecretVersionIds omits the empty version of a rotation. AWS documents that it can. */
  listLeavesPlaceholderOut: true,
  /** RotateSecret with the token of the rotation in progress succeeds and starts nothing. */
  repeatedRotateSucceeds: true,
  /** When the testSecret of RotateImmediately=false fails, the copy loses AWSPENDING as it does after a success. */
  failedTestLosesPending: true,
  /** RestoreSecret succeeds for a secret that is not marked for deletion. */
  restoreOfLiveSucceeds: true,
} as const;
