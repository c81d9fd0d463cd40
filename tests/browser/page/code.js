// A number of 16 bits in a picture: 20 blocks along its upper edge, white for 1, the last four a check sum.
//
// tests/src/marks.rs draws and reads the same.

export const WIDTH = 320;
export const HEIGHT = 240;
const BLOCK = 16;
const BLOCKS = 20;

function checked(number) {
  const sum = (number + (number >> 4) + (number >> 8) + (number >> 12) + 5) & 15;
  return ((number & 0xffff) << 4) | sum;
}

/** Draws `number` into a picture of any size; blocks are a twentieth of its width, a fifteenth of its height. */
export function draw(context, number, width, height) {
  const word = checked(number);
  const block = width / BLOCKS;
  for (let n = 0; n < BLOCKS; n += 1) {
    context.fillStyle = (word >> (BLOCKS - 1 - n)) & 1 ? '#fff' : '#000';
    context.fillRect(n * block, 0, block, height / 15);
  }
}

/** What a picture says that was scaled to 320×240: its number, null if there is none, and how bright its middle is. */
export function read(context) {
  const row = context.getImageData(0, BLOCK / 2, WIDTH, 1).data;
  let word = 0;
  for (let n = 0; n < BLOCKS; n += 1) {
    word = (word << 1) | (row[(n * BLOCK + BLOCK / 2) * 4 + 1] > 127 ? 1 : 0);
  }
  const middle = context.getImageData(WIDTH / 2, 160, 1, 1).data;
  const number = word >> 4;
  return { number: checked(number) === word ? number : null, bright: middle[1] };
}
