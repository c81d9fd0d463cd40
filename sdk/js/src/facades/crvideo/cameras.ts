/** Which cameras, microphones and loudspeakers there are, and which camera is the default. Numbers are the vendor's. */
import type { Notices } from './notices';

interface Camera {
  id: number;
  name: string;
  /** A device, or a track that the app handed in. */
  deviceId: string | null;
  track: MediaStreamTrack | null;
}

export class Cameras {
  private list: Camera[] = [];
  private microphones: MediaDeviceInfo[] = [];
  private speakers: MediaDeviceInfo[] = [];
  private last = 0;
  private chosen = -1;
  private listening = false;

  constructor(
    private readonly notices: Notices,
    private readonly uid: () => string,
    private readonly changed: () => void,
  ) {}

  async refresh(): Promise<void> {
    const devices = navigator.mediaDevices;
    if (!this.listening) {
      this.listening = true;
      devices.addEventListener('devicechange', () => void this.noticed());
    }
    const all = await devices.enumerateDevices();
    this.microphones = all.filter(({ kind }) => kind === 'audioinput');
    this.speakers = all.filter(({ kind }) => kind === 'audiooutput');
    const found = all.filter(({ kind }) => kind === 'videoinput');
    const present = this.list.filter((camera) => camera.track || found.some(({ deviceId }) => deviceId === camera.deviceId));
    for (const { deviceId, label } of found) {
      const known = present.find((camera) => camera.deviceId === deviceId);
      if (known) known.name = label || known.name;
      else present.push({ id: ++this.last, name: label || `camera ${this.last}`, deviceId, track: null });
    }
    this.list = present;
  }

  private async noticed(): Promise<void> {
    await this.refresh().catch(() => undefined);
    this.notices.fire('VideoDevChanged', this.uid());
    this.notices.fire('MicDeviceChanged');
    this.notices.fire('SpkDeviceChanged');
  }

  microphoneList(): { micID: string; micName: string }[] {
    return this.microphones.map(({ deviceId, label }) => ({ micID: deviceId, micName: label }));
  }

  speakerList(): { speakerID: string; speakerName: string }[] {
    return this.speakers.map(({ deviceId, label }) => ({ speakerID: deviceId, speakerName: label }));
  }

  cameraList(): { UID: string; videoID: number; videoName: string }[] {
    return this.list.map(({ id, name }) => ({ UID: this.uid(), videoID: id, videoName: name }));
  }

  default(): number {
    return this.current()?.id ?? -1;
  }

  choose(id: number): void {
    if (id === this.chosen || !this.list.some((camera) => camera.id === id)) return;
    this.chosen = id;
    this.notices.fire('DefVideoChanged', this.uid(), id);
    this.changed();
  }

  /** Of the default camera: its device; `null`: whichever the browser takes. */
  deviceId(): string | null {
    return this.chosen === -1 ? null : (this.current()?.deviceId ?? null);
  }

  /** Of the default camera: the track that the app handed in. */
  virtual(): MediaStreamTrack | null {
    return this.chosen === -1 ? null : (this.current()?.track ?? null);
  }

  addTrack(track: MediaStreamTrack, name: string): number {
    this.list.push({ id: ++this.last, name, deviceId: null, track });
    this.notices.later('VideoDevChanged', this.uid());
    return this.last;
  }

  remove(id: number): void {
    const camera = this.list.find((other) => other.id === id && other.track);
    if (!camera) return;
    this.list = this.list.filter((other) => other !== camera);
    this.notices.later('VideoDevChanged', this.uid());
    if (this.chosen !== id) return;
    this.chosen = -1;
    this.changed();
  }

  private current(): Camera | undefined {
    return this.list.find(({ id }) => id === this.chosen) ?? this.list.find(({ track }) => !track) ?? this.list[0];
  }
}
