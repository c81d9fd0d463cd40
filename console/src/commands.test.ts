import { describe, expect, it } from 'vitest';
import { createRoomCommand, publishCommand, tokenCommand } from './commands';
import { hashOfRoom, roomOfHash } from './route';

describe('commands', () => {
  it('take the token from where there is one', () => {
    const open = createRoomCommand('http://h:8080', { app: 'demo', openApp: true });
    expect(open).toContain('TOKEN=$(curl -s http://h:8080/console/session | jq -r .token)');
    const closed = publishCommand('http://h:8080', { app: 'shop', openApp: false }, 'r 1');
    expect(closed).toContain(`TOKEN=$(${tokenCommand('shop')})`);
    expect(closed).toContain('post /rooms/r%201/members');
    expect(closed).toContain(String.raw`"{\"member\": \"$MEMBER\"}"`);
  });
});

describe('the address bar', () => {
  it('names a room, whatever its id', () => {
    for (const id of ['demo', 'a/b', '会议', '100%']) expect(roomOfHash(hashOfRoom(id))).toBe(id);
  });

  it('names none otherwise', () => {
    for (const hash of ['', '#', '#/', '#/rooms/', '#/rooms/%', '#streams']) expect(roomOfHash(hash)).toBeNull();
  });
});
