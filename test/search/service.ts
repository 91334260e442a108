import type { RotationHandler, SecretsManagerApi } from '../../src/index.js';

/**
 * Asks for something outside the function, which happens once the scheduler lets it through.
 *
 * @param twists how else it may take effect, of which the answer tells nothing
 */
export type Ask = <T>(
  request: string,
  effect: (twist?: Twist) => T | Promise<T>,
  twists?: readonly Twist[],
) => Promise<T>;

/**
 * What a provider of keys may do, and does not tell. A new key is not known everywhere at once; an ended one is still
 * accepted here and there, or for ever; and from now on, lists are cut after a page.
 */
export type Twist = 'slowly' | 'late' | 'never' | 'cut, newest first' | 'cut, oldest first';

/** The JSON of a version. */
export type Value = Readonly<Record<string, unknown>>;

/** What a person can do; `undefined` if it cannot be done now. */
export type Act<T> = (() => T) | undefined;

/** A service whose credentials are rotated: all that the search has to know of one. */
export interface Service {
  /** The labels of which one, at any moment, is on a version that works. */
  readonly promised: readonly ('AWSCURRENT' | 'AWSPENDING')[];
  /** Whether a step ends credentials by the labels that it has looked at: no service lets that be one act. */
  readonly endsByLabels: boolean;
  /** Whether a rotation finds out by itself which version works, with a label or without. */
  readonly healsItself: boolean;
  /** The function that rotates, all of whose requests to the service go through `ask`. */
  handler(ask: Ask, client: SecretsManagerApi): RotationHandler;
  works(value: Value): boolean;
  /**
   * Whether a value holds what the service was asked to end, and accepts all the same. Not where the rotator declares that
   * it may.
   */
  lingers?(value: Value): boolean;
  /**
   * Does what an error says: corrects what the rotator declares about the service.
   *
   * @returns whether there was something to correct
   */
  correct?(problem: string): boolean;
  /** What works, and is in none of these values. `acts`: how often a person has intervened. */
  strays(held: readonly Value[], acts: number): readonly string[];
  /** What makes a credential by hand, if there is room for one. */
  byHand(values: { readonly current?: Value | undefined; readonly previous?: Value | undefined }): Act<Value>;
  /** What makes the service take a value again that it took once, if that can be. */
  takeAgain(value: Value): Act<void>;
  /** What the client that asks so holds, and may lose to somebody else: to be told in a fingerprint. */
  holds(ask: Ask): unknown;
  /** @returns what puts everything back to how it is now */
  save(): () => void;
  /** The same for two states from which all goes on alike. */
  fingerprint(): unknown;
}

/** Makes a service that goes by a clock. */
export type MakeService = (clock: () => number) => Service;
