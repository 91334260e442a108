/**
 * What the local Secrets Manager does where neither AWS's documents nor recordings of AWS say what AWS does. Code that
 * rotates secrets should not depend on any of it. Codes and texts of errors that are assumed are marked in refusals.ts.
 */
export const ASSUMED = {
  /** The empty version of a rotation does not count as a secret's first: the value that fills it gets AWSCURRENT too. */
  placeholderIsNoFirstVersion: true,
  /** PutSecretValue with AWSCURRENT among its VersionStages takes AWSPENDING away, as it does without VersionStages. */
  currentByNameAbandons: true,
  /** AWSCURRENT cannot move to a version without a value. */
  emptyVersionCannotBeCurrent: true,
  /** ListSecretVersionIds leaves out the empty version of a rotation. AWS documents that it can. */
  listLeavesPlaceholderOut: true,
  /** RotateSecret with the token of the rotation that is under way succeeds, and starts nothing. */
  repeatedRotateSucceeds: true,
  /** When the testSecret of RotateImmediately=false fails, the copy loses AWSPENDING as it does after a success. */
  failedTestLosesPending: true,
  /** RestoreSecret succeeds for a secret that is not marked for deletion. */
  restoreOfLiveSucceeds: true,
} as const;
