/** What the SDK needs of the place it runs in. Pass an object of your own to run it anywhere else. */

/** A request of the REST API. */
export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers: Record<string, string>;
  /** JSON text. */
  body: string | null;
  timeoutMs: number;
}

/** Its answer, whatever the status. */
export interface HttpResponse {
  status: number;
  /** The body as text, JSON or not. */
  text: string;
  /** Value of a header, by its name in lower case. */
  header(name: string): string | null;
}

/** What a socket tells. */
export interface SocketHandlers {
  onOpen(): void;
  onMessage(text: string): void;
  /** Called once, also when the connection never came about. Code 0: nothing is known. */
  onClose(code: number, reason: string): void;
}

/** An open WebSocket, or one that is being opened. */
export interface Socket {
  send(text: string): void;
  close(code: number, reason: string): void;
}

/** A running timer. */
export type Timer = unknown;

/** Why it is time to look after connections: the network changed, or the app is looked at again. */
export type Wake = 'network' | 'foreground';

/** The place the SDK runs in. */
export interface Platform {
  /** `mini_program`, `web`, `node`, or a name of your own; the default name of the device. */
  readonly name: string;
  /** An answer of any status; rejects when there was none. */
  request(request: HttpRequest): Promise<HttpResponse>;
  openSocket(url: string, handlers: SocketHandlers): Socket;
  /** Unix milliseconds. */
  now(): number;
  /** A number from 0 to below 1. */
  random(): number;
  setTimer(run: () => void, ms: number): Timer;
  clearTimer(timer: Timer): void;
  /** Tells when the network changed or the app came to the foreground: it is time to look after connections. */
  onWake?(wake: (why: Wake) => void): () => void;
  /** WebRTC and devices; absent where streams are pushed and pulled by URL. */
  readonly media?: WebMedia;
}

/** Cameras, microphones and WebRTC of a browser. */
export interface WebMedia {
  connect(configuration: RTCConfiguration): RTCPeerConnection;
  getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream>;
  getDisplayMedia(constraints: DisplayMediaStreamOptions): Promise<MediaStream>;
  enumerateDevices(): Promise<MediaDeviceInfo[]>;
  onDeviceChange(changed: () => void): () => void;
  newStream(tracks: MediaStreamTrack[]): MediaStream;
  senderCodecs(kind: 'audio' | 'video'): RTCRtpCodec[];
  receiverCodecs(kind: 'audio' | 'video'): RTCRtpCodec[];
}
