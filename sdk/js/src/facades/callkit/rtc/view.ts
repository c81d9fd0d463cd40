/** Shows a stream inside an element of the app. */

export interface RenderMode {
  width?: number;
  height?: number;
  /** Whether the picture fills the box and is cut. */
  cut?: boolean;
}

export class View {
  private readonly video = document.createElement('video');

  constructor(muted: boolean) {
    Object.assign(this.video, { muted, autoplay: true, playsInline: true });
    Object.assign(this.video.style, { width: '100%', height: '100%', objectFit: 'cover' });
  }

  get element(): HTMLVideoElement {
    return this.video;
  }

  /** `null` takes it out of the page. */
  place(where: Element | null): void {
    if (!where) return this.video.remove();
    if (this.video.parentElement !== where) where.append(this.video);
  }

  render({ width, height, cut = false }: RenderMode): void {
    Object.assign(this.video.style, {
      ...(width ? { width: `${width}px` } : {}),
      ...(height ? { height: `${height}px` } : {}),
      objectFit: cut ? 'cover' : 'contain',
    });
  }

  show(stream: MediaStream | null): void {
    if (this.video.srcObject === stream) return;
    this.video.srcObject = stream;
    if (stream) this.video.play().catch(() => undefined);
  }
}
