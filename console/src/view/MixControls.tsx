import { useState } from 'preact/hooks';
import { PRESETS, type Preset } from '../api/types';
import { mixPhase, presetOf, type Studio } from '../store/studio';
import { strings } from '../strings';
import { useServices } from './context';
import { PresetPicture } from './PresetPicture';
import type { Act } from './StudioPanel';

interface Props {
  room: string;
  studio: Studio;
  busy: boolean;
  act: Act;
}

/** Starts and stops the mix, and chooses how it is arranged. */
export function MixControls({ room, studio, busy, act }: Props) {
  const { api, store } = useServices();
  const { mix } = studio;
  // Shown as chosen until the gateway has answered.
  const [wanted, setWanted] = useState<Preset | null>(null);
  const phase = mixPhase(mix);
  const chosen = presetOf(mix);
  const { status, layout } = mix;
  const isOff = phase === 'off';
  const toggle = () => act(() => (isOff ? api.startMix(room, chosen ?? 'grid') : api.stopMix(room)));
  const arrange = async (preset: Preset) => {
    setWanted(preset);
    await act(async () => {
      const next = await api.arrangeMix(room, preset);
      store.dispatch({ type: 'studio', room, studio: { ...studio, mix: next } });
    });
    setWanted(null);
  };
  return (
    <div class="control" data-testid="mix" data-state={phase}>
      <h2>
        {strings.mix}
        <span class={`state ${phase}`} role="status">
          {strings.mixStates[phase]}
        </span>
      </h2>
      <div class="actions">
        <button type="button" class={isOff ? 'primary' : ''} disabled={busy} data-testid="mix-toggle" onClick={() => void toggle()}>
          {isOff ? strings.startMix : strings.stopMix}
        </button>
        {!isOff && layout.canvas && (
          <span class="quiet">
            {layout.canvas.width}×{layout.canvas.height}, {strings.fps(String(layout.canvas.fps))}
          </span>
        )}
        {phase === 'no_capacity' && typeof status?.need === 'number' && (
          <span class="warn">{strings.mixNeeds(status.need.toFixed(2), (status.free ?? 0).toFixed(2))}</span>
        )}
        {phase === 'failed' && status?.reason && <span class="warn">{status.reason}</span>}
        {isOff && <span class="quiet">{strings.mixHint}</span>}
      </div>
      <fieldset class="presets" disabled={busy}>
        <legend>{strings.arrangement}</legend>
        {PRESETS.map((preset) => (
          <label key={preset} title={strings.presets[preset]}>
            <input
              type="radio"
              name="arrangement"
              value={preset}
              checked={preset === (wanted ?? chosen)}
              data-testid={`preset-${preset}`}
              onChange={() => void arrange(preset)}
            />
            <PresetPicture preset={preset} />
            <span>{strings.presets[preset]}</span>
          </label>
        ))}
      </fieldset>
      {chosen === null && <p class="quiet">{strings.custom}</p>}
    </div>
  );
}
