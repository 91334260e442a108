import { randomInt } from 'node:crypto';
import type { GetRandomPasswordRequest, GetRandomPasswordResponse } from '@aws-sdk/client-secrets-manager';
import * as refusals from '../api/refusals.js';

const TYPES = [
  ['ExcludeLowercase', 'abcdefghijklmnopqrstuvwxyz'],
  ['ExcludeUppercase', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'],
  ['ExcludeNumbers', '0123456789'],
  ['ExcludePunctuation', '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'],
] as const;

/** Returns a random password. IncludeSpace allows a space but does not require one. */
export function getRandomPassword(input: GetRandomPasswordRequest): GetRandomPasswordResponse {
  const { PasswordLength: length = 32, ExcludeCharacters = '', RequireEachIncludedType = true } = input;
  const excluded = new Set(ExcludeCharacters);
  const allowed = (characters: string) => [...characters].filter((character) => !excluded.has(character));
  const types = TYPES.filter(([exclusion]) => !input[exclusion]).map(([, characters]) => allowed(characters));
  const all = [...types.flat(), ...(input.IncludeSpace ? allowed(' ') : [])];
  if (all.length === 0) throw refusals.allExcluded();
  const required = RequireEachIncludedType ? types : [];
  if (required.some((characters) => characters.length === 0)) throw refusals.typeExcluded();
  if (length < required.length) throw refusals.passwordTooShort();
  const chosen = required.map(oneOf);
  while (chosen.length < length) chosen.push(oneOf(all));
  return { RandomPassword: shuffled(chosen).join('') };
}

function oneOf(characters: readonly string[]): string {
  return characters[randomInt(characters.length)] ?? '';
}

function shuffled(characters: readonly string[]): readonly string[] {
  const rest = [...characters];
  return characters.map(() => rest.splice(randomInt(rest.length), 1)[0] ?? '');
}
