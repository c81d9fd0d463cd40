// Says when sound begins after silence, in frames of the context's clock.
const LOUD = 0.08;
const QUIET_SECONDS = 0.3;

class Beeps extends AudioWorkletProcessor {
  loudUntil = -Infinity;
  loudFrames = 0;

  process([input]) {
    const samples = input[0];
    if (!samples) return true;
    for (let n = 0; n < samples.length; n += 1) {
      if (Math.abs(samples[n]) < LOUD) continue;
      const frame = currentFrame + n;
      if (frame - this.loudUntil > QUIET_SECONDS * sampleRate) this.port.postMessage(frame / sampleRate);
      this.loudUntil = frame;
    }
    return true;
  }
}

registerProcessor('beeps', Beeps);
