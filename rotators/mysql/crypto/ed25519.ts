import { createHash } from 'node:crypto';

/**
 * Ed25519 as in MariaDB's plugin: the seed is a password of any length, which Node's own keys do not support. It does not run
 * in constant time: the process knows the password anyway, and signs once per login.
 */

/** The prime of the field, and the order of the base point. */
const P = (1n << 255n) - 19n;
const L = (1n << 252n) + 27742317777372353535851937790883648493n;

/** X, Y, Z and T of extended coordinates: `x = X/Z`, `y = Y/Z`, `xy = T/Z`. */
type Point = readonly [bigint, bigint, bigint, bigint];

const D = mod(-121665n * inverse(121666n));
const BASE_X = 15112221349535400772501151409588531511454012693041857206046113283949847762202n;
const BASE_Y = mod(4n * inverse(5n));
const BASE: Point = [BASE_X, BASE_Y, 1n, mod(BASE_X * BASE_Y)];
const ZERO: Point = [0n, 1n, 1n, 0n];

/** Returns the public key of a password, 32 bytes. */
export function publicKey(password: Buffer): Buffer {
  return compressed(times(secretOf(password).scalar));
}

/** Returns the signature of a message under the key of a password, 64 bytes. */
export function sign(password: Buffer, message: Buffer): Buffer {
  const { scalar, prefix } = secretOf(password);
  const nonce = numberOf(sha512(prefix, message)) % L;
  const point = compressed(times(nonce));
  const challenge = numberOf(sha512(point, compressed(times(scalar)), message)) % L;
  return Buffer.concat([point, bytesOf((nonce + challenge * scalar) % L)]);
}

function secretOf(password: Buffer): { readonly scalar: bigint; readonly prefix: Buffer } {
  const expanded = sha512(password);
  const low = numberOf(expanded.subarray(0, 32));
  // Bits 0 to 2 and 255 are cleared, and bit 254 is set.
  const scalar = (low & ((1n << 254n) - 8n)) | (1n << 254n);
  return { scalar, prefix: expanded.subarray(32) };
}

function times(factor: bigint): Point {
  let sum = ZERO;
  let power = BASE;
  for (let rest = factor; rest > 0n; rest >>= 1n) {
    if (rest & 1n) sum = add(sum, power);
    power = add(power, power);
  }
  return sum;
}

function add([x1, y1, z1, t1]: Point, [x2, y2, z2, t2]: Point): Point {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * t1 * t2 * D);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

/** y, with the lowest bit of x as the highest. */
function compressed([x, y, z]: Point): Buffer {
  const one = inverse(z);
  return bytesOf(mod(y * one) | ((mod(x * one) & 1n) << 255n));
}

function mod(value: bigint): bigint {
  return ((value % P) + P) % P;
}

/** By Fermat. */
function inverse(value: bigint): bigint {
  let result = 1n;
  let power = mod(value);
  for (let exponent = P - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = mod(result * power);
    power = mod(power * power);
  }
  return result;
}

function numberOf(littleEndian: Buffer): bigint {
  return BigInt(`0x${Buffer.from(littleEndian).reverse().toString('hex')}`);
}

function bytesOf(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
}

function sha512(...parts: readonly Buffer[]): Buffer {
  return createHash('sha512').update(Buffer.concat(parts)).digest();
}
