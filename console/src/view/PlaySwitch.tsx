import type { Layer } from '../../../sdk/js/src/types/media';
import type { PlayMode } from '../api/types';
import { strings } from '../strings';

const MODES: PlayMode[] = ['flv', 'webrtc'];
const LAYERS: Layer[] = ['auto', 'high', 'low', 'audio_only'];

interface Props {
  stream: string;
  name: string;
  mode: PlayMode;
  onMode: (mode: PlayMode) => void;
  /** `null` where there is nothing to choose. */
  layer: Layer | null;
  onLayer: (layer: Layer) => void;
}

/** How one stream is played. */
export function PlaySwitch({ stream, name, mode, onMode, layer, onLayer }: Props) {
  return (
    <div class="play-switch">
      <fieldset class="segments">
        <legend>{`${strings.transport}: ${name}`}</legend>
        {MODES.map((value) => (
          <label key={value}>
            <input type="radio" name={`play-${stream}`} value={value} checked={mode === value} data-testid={`play-${value}`} onChange={() => onMode(value)} />
            <span>{strings.modes[value]}</span>
          </label>
        ))}
      </fieldset>
      {layer !== null && (
        <select value={layer} aria-label={`${strings.layer}: ${name}`} title={strings.layer} data-testid="layer" onChange={(event) => onLayer(event.currentTarget.value as Layer)}>
          {LAYERS.map((value) => (
            <option key={value} value={value}>
              {strings.layers[value]}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}
