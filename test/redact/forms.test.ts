import { inspect } from 'node:util';
import fc from 'fast-check';
import { Redactor } from '../../src/redact/redactor.js';
import { said } from './thrown.js';

const HIDDEN = '[redacted]';
const SECRET = 'kT9-x_Qw.8aLz~Pm3R&v"B<7\'n\\Yc';

const bytes = (value: string) => [...Buffer.from(value)];
const hex = (value: string) => Buffer.from(value).toString('hex');
const inHex = (value: string, before: string, between = '') =>
  bytes(value)
    .map((byte) => before + byte.toString(16).padStart(2, '0'))
    .join(between);
const eachCharacter = (value: string, asEscape: (code: number) => string) =>
  Array.from(value, (character) => asEscape(character.codePointAt(0) ?? 0)).join('');

/** Every way to write all of a value. */
const FORMS: Readonly<Record<string, (value: string) => string>> = {
  'hexadecimal, with colons': (value) => inHex(value, '', ':'),
  'hexadecimal, with hyphens': (value) => inHex(value, '', '-'),
  'hexadecimal, with commas': (value) => inHex(value, '', ', '),
  'hexadecimal in capitals, with colons': (value) => inHex(value, '', ':').toUpperCase(),
  'hexadecimal in both cases': (value) => hex(value).replace(/[a-f]\d/g, (pair) => pair.toUpperCase()),
  'a dump of two bytes each': (value) => hex(value).replace(/....(?=.)/g, '$& '),
  'escapes of bytes': (value) => inHex(value, '\\x'),
  'escapes of bytes in capitals': (value) => inHex(value, '\\x').toUpperCase().replaceAll('\\X', '\\x'),
  'escapes of bytes, in JSON': (value) => JSON.stringify(inHex(value, '\\x')),
  'numbers of a language': (value) => inHex(value, '0x', ', '),
  'numbers of a language, without commas': (value) => inHex(value, '0x', ' '),
  'numbers of a language, on lines': (value) => inHex(value, '0x', ',\n  '),
  'numbers of a language in capitals': (value) => inHex(value, '0x', ',').toUpperCase(),
  'bytea of PostgreSQL': (value) => `\\x${hex(value)}`,
  'octal escapes': (value) =>
    bytes(value)
      .map((byte) => `\\${byte.toString(8).padStart(3, '0')}`)
      .join(''),
  'a Buffer as it is printed': (value) => inspect(Buffer.from(value)),
  'a Uint8Array as it is printed': (value) => inspect(new Uint8Array(Buffer.from(value))),
  'a Buffer in JSON': (value) => JSON.stringify(Buffer.from(value)),
  'a Buffer in JSON, on lines': (value) => JSON.stringify(Buffer.from(value), undefined, 2),
  'a Uint8Array in JSON': (value) => JSON.stringify(new Uint8Array(Buffer.from(value))),
  'a Uint8Array in JSON within JSON': (value) =>
    JSON.stringify(JSON.stringify(new Uint8Array(Buffer.from(value)))),
  'decimal numbers': (value) => bytes(value).join(','),
  'decimal numbers with blanks': (value) => bytes(value).join(' '),
  'decimal numbers in brackets': (value) => `[${bytes(value).join(', ')}]`,
  'HTML, in decimal': (value) => eachCharacter(value, (code) => `&#${code};`),
  'HTML, in hexadecimal': (value) => eachCharacter(value, (code) => `&#x${code.toString(16)};`),
  'HTML with zeros before': (value) =>
    eachCharacter(value, (code) =>
      code % 2 ? `&#x${code.toString(16).padStart(8, '0')};` : `&#${String(code).padStart(10, '0')};`,
    ),
  'HTML in capitals': (value) => eachCharacter(value, (code) => `&#X${code.toString(16).toUpperCase()};`),
  'HTML by name': (value) =>
    value
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&apos;'),
  'HTML that was made twice': (value) =>
    value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('&', '&amp;'),
  capitals: (value) => value.toUpperCase(),
  'small letters': (value) => value.toLowerCase(),
  'base64 in capitals': (value) => Buffer.from(value).toString('base64').toUpperCase(),
  'a URL in capitals': (value) => encodeURIComponent(value).toUpperCase(),
  'escapes of JavaScript': (value) => eachCharacter(value, (code) => `\\u{${code.toString(16)}}`),
  'escapes of JavaScript with zeros before': (value) =>
    eachCharacter(value, (code) => `\\u{${code.toString(16).padStart(8, '0')}}`),
  'escapes of JSON': (value) =>
    value
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  'every byte of a URL, in both cases': (value) =>
    inHex(value, '%').replace(/%.[a-f]/g, (escaped, at) => (at % 2 === 0 ? escaped.toUpperCase() : escaped)),
  'a URL within a URL': (value) => encodeURIComponent(encodeURIComponent(value)),
  'JSON in a URL': (value) => encodeURIComponent(JSON.stringify(value)),
  'a URL in JSON': (value) => JSON.stringify(encodeURIComponent(value)),
  'a mail': (value) => inHex(value, '=').toUpperCase(),
  'a mail, on lines': (value) => value.replaceAll('=', '=3D').replace(/.{10}/g, '$&=\r\n'),
  SQL: (value) => value.replaceAll("'", "''"),
  'a shell': (value) => value.replaceAll("'", "'\\''"),
  'a shell, as Python quotes': (value) => value.replaceAll("'", `'"'"'`),
  'a string as it is printed': (value) => inspect(value),
};

/** What a form has around the value: it may stay. */
const AROUND: Readonly<Record<string, string>> = {
  'escapes of bytes, in JSON': `"${HIDDEN}"`,
  'numbers of a language': `0x${HIDDEN}`,
  'numbers of a language, without commas': `0x${HIDDEN}`,
  'numbers of a language, on lines': `0x${HIDDEN}`,
  'numbers of a language in capitals': `0X${HIDDEN}`,
  'bytea of PostgreSQL': `\\x${HIDDEN}`,
  'a Buffer as it is printed': `<Buffer ${HIDDEN}>`,
  'a Uint8Array as it is printed': `Uint8Array(29) [\n  ${HIDDEN}\n]`,
  'a Buffer in JSON': `{"type":"Buffer","data":[${HIDDEN}]}`,
  'a Buffer in JSON, on lines': `{\n  "type": "Buffer",\n  "data": [\n    ${HIDDEN}\n  ]\n}`,
  'a Uint8Array in JSON': `{${HIDDEN}}`,
  'a Uint8Array in JSON within JSON': `"{${HIDDEN}}"`,
  'decimal numbers in brackets': `[${HIDDEN}]`,
  // Half of the last character is padding.
  'base64 in capitals': `${HIDDEN}M=`,
  'JSON in a URL': `%22${HIDDEN}%22`,
  'a URL in JSON': `"${HIDDEN}"`,
  'a string as it is printed': `\`${HIDDEN}\``,
};

test.each(Object.keys(FORMS))('a value does not come out in this form: %s', async (name) => {
  const text = await said(`at >>${FORMS[name]?.(SECRET)}<< it failed`, { password: SECRET });
  expect(text).toBe(`at >>${AROUND[name] ?? HIDDEN}<< it failed`);
});

const BY_BYTES = Object.keys(FORMS).filter((name) => !name.startsWith('base64'));

test.each(BY_BYTES)('no character of any value comes out in this form: %s', (name) => {
  const encode = FORMS[name] ?? String;
  const left = (text: string) => text.replaceAll(HIDDEN, '').replace(/\s+/g, ' ').length;
  fc.assert(
    fc.property(
      fc.string({ minLength: 8, maxLength: 40, unit: fc.constantFrom(...'abXY019 "\\/%+&<\'é€😀') }),
      (value) => {
        const redactor = new Redactor();
        redactor.hide(value);
        // Quotes, or the end of a line.
        expect(left(redactor.text(encode(value)))).toBeLessThan(left(AROUND[name] ?? '') + 4);
      },
    ),
    { numRuns: 200 },
  );
});

test('a letter that is two when it is small is found in the middle of a value', async () => {
  const password = 'KİT9xİQw8İaLzİPm3İ';
  expect(await said(`refused ${password.toLowerCase()}`, { password })).toBe(`refused ${HIDDEN}`);
});

test.each(['ABCDEFGΣ', 'abcdefgς', 'ABCDEFGİ', 'abcdefgß', 'ABCDEFGǅ'])(
  'a letter that depends on those about it is found, whatever stands there: %s',
  (value) => {
    const redactor = new Redactor();
    redactor.hide(value);
    for (const [before, after] of [
      ['', ''],
      ['x', ''],
      ['', 'x'],
      ['Σ', 'Σ'],
    ]) {
      expect(redactor.text(`${before}${value}${after}`)).toBe(`${before}${HIDDEN}${after}`);
    }
  },
);
