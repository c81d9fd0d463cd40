/** Timers, devices and WebRTC of this browser, as the SDK takes them. */
import { webPlatform } from '../../sdk/js/src/platform/web';

export const platform = webPlatform();
