/** Longest message to accept: more than any answer to our statements. */
const MAX_BYTES = 1_048_576;
/** Size of the type and the length, which includes itself. */
const HEAD_BYTES = 5;

/**
 * Returns a reader that passes on only whole, well-formed messages. pg's parser buffers any announced length. It also searches for
 * ever for the end of an error or notice without one, and blocks the whole process.
 *
 * @returns a function that takes incoming data, and throws if it is not a message
 */
export function inMessages(next: (messages: Buffer) => void): (data: Buffer) => void {
  let held = Buffer.alloc(0);
  return (data) => {
    held = Buffer.concat([held, data]);
    let end = 0;
    for (let length = lengthAt(held, end); length <= held.length - end; length = lengthAt(held, end)) {
      assertEnds(held.subarray(end, end + length));
      end += length;
    }
    const messages = held.subarray(0, end);
    held = held.subarray(end);
    if (messages.length > 0) next(messages);
  };
}

/** Returns the length of the message that starts here; infinity while too little of it has arrived. */
function lengthAt(data: Buffer, start: number): number {
  if (data.length - start < HEAD_BYTES) return Number.POSITIVE_INFINITY;
  const length = data.readUInt32BE(start + 1) + 1;
  if (length < HEAD_BYTES || length > MAX_BYTES) throw new Error('a message has an impossible length');
  return length;
}

/** Checks that an error or notice ends: each field ends with a NUL, and the list with another. */
function assertEnds(message: Buffer): void {
  const type = String.fromCharCode(message[0] ?? 0);
  if (type !== 'E' && type !== 'N') return;
  for (let field = HEAD_BYTES; message[field] !== 0; field = message.indexOf(0, field) + 1) {
    if (message.indexOf(0, field) < 0) throw new Error('an error or a notice has no end');
  }
}
