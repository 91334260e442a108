/** More than any answer to a statement of ours has, and any packet of a login. */
const MAX_BYTES = 1_048_576;
/** Of the length and the sequence number, which the length does not count. */
const HEAD_BYTES = 4;
const ERROR = 0xff;

/** Takes what comes in, and throws for what no server says. */
export interface PacketReader {
  take(data: Buffer): void;
  /** A new request is on its way: what came before does not count any more. */
  startOver(): void;
}

/**
 * Hands on what a server sends packet by packet, as far as mysql2 can be trusted with them: it keeps whatever is announced,
 * however long, adds rows up without an end, reads on behind the end of a packet, and writes to the console if packets come
 * out of order.
 *
 * @param sequence the number that the next packet must have
 */
export function packetReader(next: (packet: Buffer) => void, sequence: () => number): PacketReader {
  let held = Buffer.alloc(0);
  let taken = 0;
  return {
    take(data) {
      taken += data.length;
      if (taken > MAX_BYTES) throw new Error('an answer is longer than any is');
      held = Buffer.concat([held, data]);
      for (let end = endIn(held); end <= held.length; end = endIn(held)) {
        const packet = held.subarray(0, end);
        // Before it is handed on: that may be the end of this reader.
        held = held.subarray(end);
        if (packet[3] !== sequence()) throw outOfOrder(packet);
        if (end === HEAD_BYTES) throw new Error('a packet is empty');
        // A copy: what is read behind its end is nothing.
        next(Buffer.from(packet));
      }
    },
    startOver() {
      taken = 0;
    },
  };
}

/** Where the packet ends that begins here; infinite as long as too little of it has come to tell. */
function endIn(data: Buffer): number {
  if (data.length < HEAD_BYTES) return Number.POSITIVE_INFINITY;
  const length = data.readUIntLE(0, 3);
  if (length > MAX_BYTES) throw new Error('a packet is longer than any is');
  return HEAD_BYTES + length;
}

/** A server that ends an idle session says so when nobody has asked, and it may cross a request. */
function outOfOrder(packet: Buffer): Error {
  const errno = packet[HEAD_BYTES] === ERROR && packet.length > 6 ? packet.readUInt16LE(5) : undefined;
  return Object.assign(new Error('a packet is out of order'), { errno });
}
