import type { KINDS } from './declaration.js';

/** A template's names and fields. Its rotator and its service are files. */
export interface Kind {
  /** The name of its rotator in the template. */
  readonly example: string;
  /** The field that the service checks. */
  readonly credential: string;
  /** Whether it rotates keys, two of them live at once. */
  readonly hasKeys: boolean;
  readonly fields: readonly Field[];
}

interface Field {
  readonly name: string;
  readonly example: string;
  readonly about: string;
}

const URL_FIELD: Field = {
  name: 'url',
  example: 'https://gate.example',
  about: 'where the service is; shown in messages',
};

export const KIND: Readonly<Record<(typeof KINDS)[number], Kind>> = {
  password: {
    example: 'gate',
    credential: 'password',
    hasKeys: false,
    fields: [
      URL_FIELD,
      { name: 'user', example: 'door-7', about: 'whose password it is; shown in messages' },
      { name: 'password', example: '…', about: '**rotates**' },
    ],
  },
  'issued-key': {
    example: 'desk',
    credential: 'key',
    hasKeys: true,
    fields: [
      { ...URL_FIELD, example: 'https://desk.example' },
      { name: 'id', example: 'k-17', about: '**rotates**: the id of the key' },
      { name: 'key', example: '…', about: '**rotates**' },
    ],
  },
  'http-spec': {
    example: 'desk',
    credential: 'key',
    hasKeys: true,
    fields: [
      { ...URL_FIELD, example: 'https://desk.example' },
      { name: 'keyId', example: 'k-17', about: '**rotates**: the id of the key' },
      { name: 'key', example: '…', about: '**rotates**' },
    ],
  },
};
