/** Command lines that people copy from an empty page. */

interface Whose {
  app: string | null;
  openApp: boolean;
}

/** Makes a token that may do everything inside its app. */
export function tokenCommand(app: string): string {
  return `lianmai token --app ${app} --account console --server`;
}

export function createRoomCommand(origin: string, whose: Whose): string {
  return [...preamble(origin, whose), `post /rooms '{"id": "demo", "name": "Demo room"}'`].join('\n');
}

/** Joins a member, publishes, and pushes a test picture and a tone. */
export function publishCommand(origin: string, whose: Whose, room: string): string {
  const path = `/rooms/${encodeURIComponent(room)}`;
  return [
    ...preamble(origin, whose),
    `MEMBER=$(post ${path}/members '{"account": "alice", "role": "talker"}' | jq -r .member)`,
    `PUSH=$(post ${path}/streams "{\\"member\\": \\"$MEMBER\\"}" | jq -r .push.url)`,
    'ffmpeg -re -f lavfi -i testsrc2=size=640x360:rate=25 -f lavfi -i sine=frequency=440 \\',
    '  -c:v libx264 -preset veryfast -tune zerolatency -pix_fmt yuv420p -g 50 \\',
    '  -c:a aac -f flv "$PUSH"',
  ].join('\n');
}

function preamble(origin: string, { app, openApp }: Whose): string[] {
  const token = openApp ? `curl -s ${origin}/console/session | jq -r .token` : tokenCommand(app ?? '<app>');
  return [
    `TOKEN=$(${token})`,
    'post() {',
    `  curl -s "${origin}/v1$1" -H "authorization: Bearer $TOKEN" --json "$2"`,
    '}',
  ];
}
