import { PRESETS, type Mix, type Preset } from '../api/types';
import { mixPhase, presetOf } from '../store/studio';
import { strings } from '../strings';
import { useServices } from './context';
import { PresetPicture } from './PresetPicture';
import type { Act } from './StudioPanel';

interface Props {
  room: string;
  mix: Mix;
  busy: boolean;
  act: Act;
}

/** Starts and stops the mix, and chooses how it is arranged. */
export function MixControls({ room, mix, busy, act }: Props) {
  const { api } = useServices();
  const phase = mixPhase(mix);
  const chosen = presetOf(mix);
  const { status, layout } = mix;
  const isOff = phase === 'off';
  const toggle = () => act(() => (isOff ? api.startMix(room, chosen ?? 'grid') : api.stopMix(room)));
  const arrange = (preset: Preset) => void act(() => api.arrangeMix(room, preset));
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
        {!isOff && (
          <span class="quiet">
            {layout.canvas.width}×{layout.canvas.height}, {strings.fps(String(layout.canvas.fps))}
          </span>
        )}
        {phase === 'no_capacity' && status?.need !== undefined && (
          <span class="warn">{strings.mixNeeds(status.need.toFixed(2), (status.free ?? 0).toFixed(2))}</span>
        )}
        {phase === 'failed' && status?.reason !== undefined && <span class="warn">{status.reason}</span>}
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
              checked={preset === chosen}
              data-testid={`preset-${preset}`}
              onChange={() => arrange(preset)}
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
