/** The vendor's objects that show a member's camera or screen in an element. */
import type { StreamKind } from '../../wire/openapi';
import type { Incoming, Screen } from './incoming';

/** How an object gets its pictures. */
export interface Source {
  incoming: Incoming;
  ownUid(): string;
  /** One's own camera or screen. */
  ownPicture(kind: StreamKind): MediaStream | null;
  nickname(uid: string): string;
  /** Objects that show one's own picture are told when it changes. */
  objects: Set<VideoObj>;
}

type Size = number | string;

export interface CreateUIParams {
  poster?: string;
  style?: Partial<CSSStyleDeclaration>;
  [attribute: string]: unknown;
}

export class VideoObj implements Screen {
  protected readonly box = document.createElement('div');
  protected readonly video = document.createElement('video');
  private readonly label = document.createElement('span');
  private uid = '';
  private camera = 0;
  private hidden = false;
  private fullScreen = true;
  private isLabelled = false;

  constructor(
    private readonly source: Source,
    private readonly kind: StreamKind,
    params: unknown,
  ) {
    const { box, video, label } = this;
    const { style, poster, ...attributes } = (typeof params === 'object' && params !== null ? params : {}) as CreateUIParams;
    Object.assign(box.style, { position: 'relative', overflow: 'hidden', backgroundColor: '#000' });
    Object.assign(video.style, { width: '100%', height: '100%', display: 'block', objectFit: 'contain' });
    Object.assign(video.style, style);
    Object.assign(label.style, { position: 'absolute', left: '4px', bottom: '4px', color: '#fff', display: 'none' });
    if (typeof poster === 'string') video.poster = poster;
    for (const [name, value] of Object.entries(attributes)) {
      if (/^[a-z-]+$/i.test(name) && !/^on|^src/i.test(name) && typeof value !== 'object') video.setAttribute(name, String(value));
    }
    // Its sound comes from elsewhere, for everybody, whether or not their pictures are shown.
    Object.assign(video, { muted: true, autoplay: true, playsInline: true });
    box.addEventListener('dblclick', () => this.fullScreen && this.toggleFullScreen());
    box.append(video, label);
    source.objects.add(this);
  }

  handler(): HTMLElement {
    return this.box;
  }

  id(id?: string): string {
    if (id !== undefined) this.box.id = id;
    return this.box.id;
  }

  width(size?: Size): number {
    return this.size('width', size);
  }

  height(size?: Size): number {
    return this.size('height', size);
  }

  left(size?: Size): number {
    return this.size('left', size);
  }

  top(size?: Size): number {
    return this.size('top', size);
  }

  /** Shows a member's picture from now on; camera 0 shows nothing. */
  setVideo(uid: string, camera = -1): void {
    this.uid = camera === 0 ? '' : String(uid ?? '');
    this.camera = this.uid === '' ? 0 : Number(camera);
    this.label.textContent = this.source.nickname(this.uid);
    this.settle();
  }

  getVideoID(): number {
    return this.camera;
  }

  clear(): void {
    this.setVideo('', 0);
  }

  /** Also stops the traffic. */
  hide(): void {
    this.hidden = true;
    this.box.style.display = 'none';
    this.settle();
  }

  show(): void {
    this.hidden = false;
    this.box.style.display = '';
    this.settle();
  }

  destroy(): void {
    this.clear();
    this.source.objects.delete(this);
    this.box.remove();
  }

  /** 0: empty, 1: not. */
  isPicEmpty(): number {
    return this.video.srcObject && this.video.videoWidth > 2 ? 1 : 0;
  }

  setNickNameStyle(style: Partial<CSSStyleDeclaration>): void {
    Object.assign(this.label.style, style);
  }

  setNickNameContent(content: string): void {
    this.label.textContent = String(content);
  }

  setVisibleNickName(isVisible: boolean): void {
    this.isLabelled = isVisible;
    this.label.style.display = isVisible ? '' : 'none';
  }

  getVisibleNickName(): boolean {
    return this.isLabelled;
  }

  dblClickFullScreen(on?: boolean): boolean {
    if (on !== undefined) this.fullScreen = on;
    return this.fullScreen;
  }

  savePicToBase64(format = 'png'): string {
    const { videoWidth: width, videoHeight: height } = this.video;
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    canvas.getContext('2d')?.drawImage(this.video, 0, 0);
    return canvas.toDataURL(format === 'jpg' ? 'image/jpeg' : `image/${format}`);
  }

  savePic(fileName: string): void {
    const format = /\.jpe?g$/i.test(fileName) ? 'jpeg' : 'png';
    Object.assign(document.createElement('a'), { href: this.savePicToBase64(format), download: fileName }).click();
  }

  /** For whoever has the pictures. */
  take(stream: MediaStream | null): void {
    this.display(stream);
  }

  /** One's own picture or name may be another. */
  refresh(): void {
    if (this.uid !== '' && this.uid === this.source.ownUid()) this.settle();
  }

  private settle(): void {
    const { incoming, ownUid, ownPicture } = this.source;
    const isOwn = this.uid !== '' && this.uid === ownUid();
    const isOn = this.uid !== '' && !this.hidden;
    incoming.watch(this, isOn && !isOwn ? { uid: this.uid, kind: this.kind } : null);
    if (isOn && isOwn) this.display(ownPicture(this.kind));
  }

  private display(stream: MediaStream | null): void {
    if (this.video.srcObject === stream) return;
    this.video.srcObject = stream;
    if (stream) this.video.play().catch(() => undefined);
    else this.video.load();
  }

  private size(name: 'width' | 'height' | 'left' | 'top', size?: Size): number {
    const { style } = this.box;
    if (size !== undefined) {
      if ((name === 'left' || name === 'top') && style.position === 'relative') style.position = 'absolute';
      style[name] = typeof size === 'number' || /^\d+(\.\d+)?$/.test(size) ? `${size}px` : size;
    }
    const shown = name === 'width' ? this.box.offsetWidth : name === 'height' ? this.box.offsetHeight : 0;
    return shown || parseFloat(style[name]) || 0;
  }

  private toggleFullScreen(): void {
    if (document.fullscreenElement === this.box) void document.exitFullscreen().catch(() => undefined);
    else void this.box.requestFullscreen().catch(() => undefined);
  }
}

export class ScreenShareObj extends VideoObj {
  /** Marks are not drawn here. */
  setMark(_options: unknown): void {}
}

/** Shared media files are not played here: it stays empty. */
export class MediaObj extends VideoObj {
  override setVideo(_uid: string): void {}
}

/** Whiteboards are not drawn here: an empty box whose methods do nothing. */
export class BoardUIObj {
  private readonly box = document.createElement('div');
  private readonly canvas = document.createElement('canvas');
  private scaled = false;

  constructor() {
    this.box.append(this.canvas);
  }

  handler(): HTMLElement {
    return this.box;
  }

  getCanvasElement(): HTMLCanvasElement {
    return this.canvas;
  }

  isScaledContents(on?: boolean): boolean {
    if (on !== undefined) this.scaled = on;
    return this.scaled;
  }

  setCurBoardPage(_board: string, _page: number): void {}
  setTitleStyle(_style: object): void {}
  setBoardStyle(_style: object): void {}
  setPen(_options: object): void {}
  undo(): void {}
  redo(): void {}
  clear(): void {}
  importImg(_image: unknown): void {}
}
