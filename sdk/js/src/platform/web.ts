/** Browsers. */
import type { Platform, Wake, WebMedia } from '../types/platform';
import { standard } from './standard';

/** This browser: WebRTC and devices where the page may use them. What a `Client` finds by itself. */
export function webPlatform(): Platform {
  const media = webMedia();
  return { name: 'web', ...standard({}), onWake, ...(media ? { media } : {}) };
}

/** The network is there again, is another one, or the page is looked at again. */
function onWake(wake: (why: Wake) => void): () => void {
  const seen = () => document.visibilityState === 'visible' && wake('foreground');
  const changed = () => wake('network');
  const network = (navigator as { connection?: EventTarget }).connection;
  window.addEventListener('online', changed);
  document.addEventListener('visibilitychange', seen);
  network?.addEventListener?.('change', changed);
  return () => {
    window.removeEventListener('online', changed);
    document.removeEventListener('visibilitychange', seen);
    network?.removeEventListener?.('change', changed);
  };
}

/** Pages that are not secure have WebRTC, to receive, but no devices. */
function webMedia(): WebMedia | null {
  if (typeof RTCPeerConnection === 'undefined') return null;
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  const insecure = () => Promise.reject(new DOMException('devices need a secure page', 'NotAllowedError'));
  return {
    connect: (configuration) => new RTCPeerConnection(configuration),
    getUserMedia: (constraints) => devices?.getUserMedia(constraints) ?? insecure(),
    getDisplayMedia: (constraints) => devices?.getDisplayMedia?.(constraints) ?? insecure(),
    enumerateDevices: () => devices?.enumerateDevices() ?? Promise.resolve([]),
    onDeviceChange: (changed) => {
      devices?.addEventListener?.('devicechange', changed);
      return () => devices?.removeEventListener?.('devicechange', changed);
    },
    newStream: (tracks) => new MediaStream(tracks),
    senderCodecs: (kind) => RTCRtpSender.getCapabilities?.(kind)?.codecs ?? [],
    receiverCodecs: (kind) => RTCRtpReceiver.getCapabilities?.(kind)?.codecs ?? [],
  };
}
