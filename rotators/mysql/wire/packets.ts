/** Longest answer or packet to accept: more than any login or statement of ours needs. */
const MAX_BYTES = 1_048_576;
/** Size of the length and the sequence number, which the length does not include. */
const HEAD_BYTES = 4;
const ERROR = 0xff;

/** Takes incoming data, and throws if no real server would send it. */
export interface PacketReader {
  take(data: Buffer): void;
  /** Called for each new request: resets the count of bytes. */
  startOver(): void;
}

/**
 * Returns a reader that checks packets before mysql2 gets them. mysql2 itself buffers any announced length, collects rows
 * without limit, reads past the end of a packet, and writes to the console if packets come out of order.
 *
 * @param sequence returns the number that the next packet must have
 */
export function packetReader(next: (packet: Buffer) => void, sequence: () => number): PacketReader {
  let held = Buffer.alloc(0);
  let taken = 0;
  return {
    take(data) {
      taken += data.length;
      if (taken > MAX_BYTES) throw new Error('an answer is too long');
      held = Buffer.concat([held, data]);
      for (let end = endIn(held); end <= held.length; end = endIn(held)) {
        const packet = held.subarray(0, end);
        // First: `next` may replace this reader.
        held = held.subarray(end);
        if (packet[3] !== sequence()) throw outOfOrder(packet);
        if (end === HEAD_BYTES) throw new Error('a packet is empty');
        // A copy, so that nothing follows its end.
        next(Buffer.from(packet));
      }
    },
    startOver() {
      taken = 0;
    },
  };
}

/** Returns where the packet ends; infinity while too little of it has arrived. */
function endIn(data: Buffer): number {
  if (data.length < HEAD_BYTES) return Number.POSITIVE_INFINITY;
  const length = data.readUIntLE(0, 3);
  if (length > MAX_BYTES) throw new Error('a packet is too long');
  return HEAD_BYTES + length;
}

/** A server that ends an idle session says so unasked, and its packet may cross a request. */
function outOfOrder(packet: Buffer): Error {
  const errno = packet[HEAD_BYTES] === ERROR && packet.length > 6 ? packet.readUInt16LE(5) : undefined;
  return Object.assign(new Error('a packet is out of order'), { errno });
}
