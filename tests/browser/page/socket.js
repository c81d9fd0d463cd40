// A session of /v1/ws.
import { within } from './peer.js';

export class Socket {
  next = 1;
  waiting = new Map();
  events = [];

  static async open(url) {
    const self = new Socket();
    self.socket = new WebSocket(url);
    self.socket.onmessage = ({ data }) => self.take(JSON.parse(data));
    self.socket.onclose = ({ code }) => {
      self.closed = code;
      self.waiting.forEach(({ failed }) => failed(new Error(`closed with ${code}`)));
    };
    const up = new Promise((done, failed) => {
      self.socket.onopen = done;
      self.socket.onerror = () => failed(new Error('the socket does not open'));
    });
    await within('the socket', up);
    return self;
  }

  take(frame) {
    const waiting = this.waiting.get(frame.id);
    if (!waiting) return void this.events.push(frame);
    this.waiting.delete(frame.id);
    waiting.done(frame);
  }

  /** The whole answer to a command. */
  ask(op, fields) {
    const id = this.next;
    this.next += 1;
    const answer = new Promise((done, failed) => this.waiting.set(id, { done, failed }));
    this.socket.send(JSON.stringify({ ...fields, op, id }));
    return within(op, answer);
  }

  /** The result of a command that must succeed. */
  async done(op, fields) {
    const answer = await this.ask(op, fields);
    if (!answer.ok) throw new Error(`${op}: ${JSON.stringify(answer)}`);
    return answer.result;
  }
}
