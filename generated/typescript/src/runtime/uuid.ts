// Version 7 UUIDs: time first, so that the server can tell old ones from new ones.

let last = 0n;

/**
 * A new id for a message. Ids made by one page are in order, also within a millisecond. `now` is the time in milliseconds since 1970, by the
 * server's clock if that is known.
 */
export function uuidv7(now: number = Date.now()): string {
  // 48 bits of time and 12 of a counter that begins at random, low enough to leave it room
  const [start] = crypto.getRandomValues(new Uint16Array(1));
  const fresh = (BigInt(Math.floor(now)) << 12n) | BigInt((start ?? 0) & 0x7ff);
  last = fresh > last || last - fresh > 60_000n << 12n ? fresh : last + 1n;
  const tail = crypto.getRandomValues(new Uint8Array(8));
  tail[0] = ((tail[0] ?? 0) & 0x3f) | 0x80;
  const head = (((last >> 12n) << 16n) | 0x7000n | (last & 0xfffn)).toString(16).padStart(16, "0");
  const hex = head + [...tail].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
