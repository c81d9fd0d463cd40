// Serves folders of the project to a browser, which wants an origin of its own.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
const ROOT = new URL('../../', import.meta.url).pathname;

/** `{'/': 'examples/web', '/dist/': 'sdk/js/dist'}`: which address is which folder. Gives the server's origin and its end. */
export async function serve(folders) {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://x').pathname);
    const [at, folder] = Object.entries(folders)
      .filter(([prefix]) => path.startsWith(prefix))
      .sort(([a], [b]) => b.length - a.length)[0] ?? ['', ''];
    const name = path.slice(at.length) || 'index.html';
    const body = await readFile(join(ROOT, folder, name)).catch(() => null);
    if (!folder || !body) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream' }).end(body);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
