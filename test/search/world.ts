import { createHash } from 'node:crypto';
import type { RotationHandler } from '../../src/index.js';
import { holderOf } from '../../src/local/store/labels.js';
import type { StoredSecret } from '../../src/local/store/stored-secret.js';
import { LocalSecretsManager } from '../../src/testing/index.js';
import { onItsOwnTime } from './no-waiting.js';
import type { Ask, MakeService, Service, Value } from './service.js';

/** All that lasts beyond a delivery. */
export interface Moment {
  readonly secret: StoredSecret;
  readonly restoreService: () => void;
  readonly now: number;
  readonly tokens: number;
  readonly acts: number;
  readonly excused: readonly string[];
  readonly undone: readonly string[];
}

export type AwsLabel = 'AWSCURRENT' | 'AWSPENDING' | 'AWSPREVIOUS';

export const NAME = 'app/secret';
const SINCE = Date.UTC(2026, 0, 1);
const SIXTEEN_MINUTES = 960_000;
const AT_ONCE: Ask = async (_, effect) => effect();

/** A secret, the service that it is for, and whoever else has rights to both. */
export class World {
  readonly service: Service;
  readonly secrets: LocalSecretsManager;
  /** The function, when nothing else happens. */
  readonly undisturbed: RotationHandler;
  #secret: StoredSecret | undefined;
  #now = SINCE;
  #tokens = 0;
  #acts = 0;
  /** Versions that may be the only one that works, though none of the labels is on them that should be. */
  #excused: readonly string[] = [];
  /** Versions whose values a person has put out of force at the service. */
  #undone: readonly string[] = [];

  constructor(make: MakeService) {
    this.service = make(() => this.#now);
    const keep = (secret: StoredSecret) => {
      this.#secret = secret;
    };
    this.secrets = new LocalSecretsManager({}, { secrets: [], keep, forget: () => {} });
    const handler = this.service.handler(AT_ONCE, this.secrets);
    this.undisturbed = (...given) => onItsOwnTime(() => handler(...given));
  }

  get now(): number {
    return this.#now + 120_000;
  }

  get secret(): StoredSecret {
    if (!this.#secret) throw new Error('begin() makes the secret');
    return this.#secret;
  }

  /** How often a person has put a value, moved a label or cancelled a rotation: AWSPENDING, if left, is theirs to remove. */
  get acts(): number {
    return this.#acts;
  }

  /** A secret that was rotated twice, and whose next rotation has begun. */
  async begin(): Promise<void> {
    const RotationLambdaARN = this.secrets.addFunction('rotate', this.undisturbed);
    const SecretString = JSON.stringify(this.service.byHand({})?.());
    await this.secrets.createSecret({ Name: NAME, ClientRequestToken: this.token(), SecretString });
    // Twice: the first value was made by hand, and is for its maker to end if another made by hand pushes it out.
    for (let rotation = 1; rotation <= 2; rotation++) {
      await this.rotate({ RotationLambdaARN });
      const { outcome, steps } = await this.secrets.rotation(NAME).run();
      if (outcome !== 'succeeded') throw steps.at(-1)?.error;
      this.pass();
    }
    await this.rotate();
  }

  token(): string {
    // A second for each version: their dates show which is the newest.
    this.#now += 1000;
    return `c0ffee00-0000-4000-8000-${String(++this.#tokens).padStart(12, '0')}`;
  }

  async rotate(more: { readonly RotationLambdaARN?: string } = {}): Promise<void> {
    await this.secrets.rotateSecret({ SecretId: NAME, ClientRequestToken: this.token(), ...more });
  }

  holder(label: AwsLabel): string | undefined {
    return holderOf(this.secret.versions, label)?.id;
  }

  /** What a version holds, with a label or without. */
  value(versionId: string | undefined): Value | undefined {
    const text = versionId === undefined ? undefined : this.secret.versions.get(versionId)?.secretString;
    return text === undefined ? undefined : JSON.parse(text);
  }

  works(versionId: string | undefined): boolean {
    const value = this.value(versionId);
    return value !== undefined && this.service.works(value);
  }

  /** What is wrong at this moment, if anything is. */
  broken(): string | undefined {
    if (!this.isKept() && !this.#excused.some((id) => this.works(id)))
      return `nothing works of ${this.service.promised.join(', ')}`;
    const lingering = [...this.secret.versions.values()].find(
      ({ id, labels }) => labels.size === 0 && this.service.lingers?.(this.value(id) ?? {}),
    );
    // A person may take the label from a version whose key he has not looked at.
    if (!lingering || this.#acts > 0) return undefined;
    return `what version ${lingering.id} held was ended, works, and nobody is told`;
  }

  /** Whether what is promised of any moment holds, with nobody excused. */
  isKept(): boolean {
    return this.service.promised.some((label) => this.works(this.holder(label)));
  }

  /** From now on it is not held against anybody that this version is the only one that works. */
  excuse(versionId: string | undefined): void {
    if (versionId === undefined || this.#excused.includes(versionId)) return;
    this.#excused = [...this.#excused, versionId];
  }

  /** The version whose value works, the newest first, if a label is wrong about it. */
  get working(): string | undefined {
    const current = this.holder('AWSCURRENT');
    const newestFirst = [...this.secret.versions.keys()].reverse();
    return [current, this.holder('AWSPENDING'), ...newestFirst].find((id) => this.works(id));
  }

  /** What works, and no version with a label holds. */
  strays(): readonly string[] {
    const labelled = [...this.secret.versions.values()].filter(({ labels }) => labels.size > 0);
    const held = labelled.map(({ id }) => this.value(id) ?? {});
    return this.service.strays(held, this.#acts);
  }

  save(): Moment {
    return {
      secret: copyOf(this.secret),
      restoreService: this.service.save(),
      now: this.#now,
      tokens: this.#tokens,
      acts: this.#acts,
      excused: this.#excused,
      undone: this.#undone,
    };
  }

  restore({ secret, restoreService, now, tokens, acts, excused, undone }: Moment): void {
    for (const key of Object.keys(this.secret)) Reflect.deleteProperty(this.secret, key);
    Object.assign(this.secret, copyOf(secret));
    restoreService();
    this.#now = now;
    this.#tokens = tokens;
    this.#acts = acts;
    this.#excused = excused;
    this.#undone = undone;
  }

  /** The same for two moments from which all goes on alike. */
  fingerprint(): string {
    const { versions, rotation, inFlight } = this.secret;
    const labelled = [...versions.values()].map(({ id, labels, secretString }) => [
      id,
      [...labels].sort(),
      secretString,
    ]);
    return digest([
      labelled,
      this.service.fingerprint(),
      rotation?.enabled,
      inFlight?.token,
      inFlight?.isAbandoned,
      this.#acts,
      this.#excused,
      this.#undone,
    ]);
  }

  /** Lets a person do something. */
  async act(happen: () => Promise<unknown>): Promise<void> {
    this.#acts += 1;
    const worked = [...this.secret.versions.keys()].filter((id) => this.works(id));
    await happen();
    this.#undone = [...this.#undone, ...worked.filter((id) => !this.works(id))];
  }

  /** Whether what a version holds worked once, and works no more since a person has put something else in its place. */
  isUndone(versionId: string | undefined): boolean {
    return versionId !== undefined && this.#undone.includes(versionId) && !this.works(versionId);
  }

  /** Longer than any function runs. */
  pass(): void {
    this.#now += SIXTEEN_MINUTES;
  }
}

/** In Jest, structuredClone makes a Date of another realm, which the local Secrets Manager does not take for one. */
function copyOf(secret: StoredSecret): StoredSecret {
  const copy = structuredClone(secret);
  for (const [id, version] of copy.versions) {
    copy.versions.set(id, { ...version, createdDate: new Date(version.createdDate) });
  }
  return copy;
}

export function digest(value: unknown): string {
  return createHash('sha1').update(JSON.stringify(value)).digest('base64');
}
