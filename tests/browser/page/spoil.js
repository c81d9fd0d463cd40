// Turns what an encoder made into what an attacker would send: bytes changed, cut off and put in, the same each run.

/** Headers that only say how a payload is cut into packets stay: what is spoilt must arrive. */
const KEPT = { audio: 1, video: 10 };

/** Changes about `share` of all coded pictures or sounds of a sender from its first on. */
export function spoil(sender, kind, { share = 0.5, seed = 1 }) {
  const { readable, writable } = sender.createEncodedStreams();
  const random = generator(seed);
  const each = new TransformStream({
    transform(frame, out) {
      if (random() < share) frame.data = changed(new Uint8Array(frame.data), KEPT[kind], random).buffer;
      out.enqueue(frame);
    },
  });
  void readable.pipeThrough(each).pipeTo(writable);
}

function changed(bytes, kept, random) {
  const place = () => kept + Math.floor(random() * Math.max(0, bytes.length - kept));
  const byte = () => Math.floor(random() * 256);
  const way = random();
  if (way < 0.2) return bytes.slice(0, Math.max(kept, place()));
  if (way < 0.3) return Uint8Array.from([...bytes, ...Array.from({ length: 200 }, byte)]);
  const spoilt = bytes.slice();
  for (let n = 0; n < 1 + random() * 24; n += 1) if (place() < bytes.length) spoilt[place()] = byte();
  return spoilt;
}

/** Numbers from 0 to 1 (xorshift). */
function generator(seed) {
  let state = seed * 0x9e3779b1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
