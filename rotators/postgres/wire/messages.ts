/** More than any answer to a statement of ours has. */
const MAX_BYTES = 1_048_576;
/** Of the type and the length, which counts itself. */
const HEAD_BYTES = 5;

/**
 * Hands on what a server sends in whole messages, as far as pg's parser can be trusted with them: it keeps whatever is
 * announced, however long, and looks for the end of an error or a notice for ever if there is none, with everything else in
 * the process standing still.
 *
 * @returns takes what comes in, and throws for what is no message
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

/** The length of the message that begins here; infinite as long as too little of it has come to tell. */
function lengthAt(data: Buffer, start: number): number {
  if (data.length - start < HEAD_BYTES) return Number.POSITIVE_INFINITY;
  const length = data.readUInt32BE(start + 1) + 1;
  if (length < HEAD_BYTES || length > MAX_BYTES) throw new Error('a message has a length that none has');
  return length;
}

/** The fields of an error or a notice end with a NUL each, and all of them with another. */
function assertEnds(message: Buffer): void {
  const type = String.fromCharCode(message[0] ?? 0);
  if (type !== 'E' && type !== 'N') return;
  for (let field = HEAD_BYTES; message[field] !== 0; field = message.indexOf(0, field) + 1) {
    if (message.indexOf(0, field) < 0) throw new Error('an error or a notice has no end');
  }
}
