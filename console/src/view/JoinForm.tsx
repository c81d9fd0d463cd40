import { useEffect, useRef, useState } from 'preact/hooks';
import type { Room } from '../api/types';
import { explain } from '../explain';
import { capture, devices, release, type Devices, type Wish } from '../join/capture';
import { strings } from '../strings';
import { useServices } from './context';
import { LevelMeter } from './LevelMeter';
import { Preview } from './Preview';

const NICK = 'lianmai.nick';
const NONE = 'none';

interface Opened {
  media: MediaStream | null;
  found: Devices;
  problem: string | null;
  /** Whether it is still being found out. */
  opening: boolean;
}

const nothingYet: Opened = { media: null, found: { cameras: [], microphones: [] }, problem: null, opening: true };

/** Asks for a name, shows camera and microphone, and joins. */
export function JoinForm({ room, problem, onClose }: { room: Room; problem: string | null; onClose: () => void }) {
  const { visits } = useServices();
  const [nick, setNick] = useState(sessionStorage.getItem(NICK) ?? '');
  const [password, setPassword] = useState('');
  const [simulcast, setSimulcast] = useState(false);
  const [wish, setWish] = useState<Wish>({ camera: '', microphone: '' });
  const handedOver = useRef(false);
  const { media, found, problem: trouble, opening } = useCapture(wish, handedOver);

  const submit = (event: Event) => {
    event.preventDefault();
    sessionStorage.setItem(NICK, nick.trim());
    handedOver.current = true;
    void visits.join({
      room: room.id,
      nick: nick.trim(),
      password: password === '' ? null : password,
      media: media ?? new MediaStream(),
      camera: wish.camera ?? '',
      microphone: wish.microphone ?? '',
      simulcast,
    });
    onClose();
  };
  return (
    <section class="join" aria-label={strings.join} data-testid="join-form">
      <Preview media={media} mirrored video={(media?.getVideoTracks().length ?? 0) > 0} />
      <form onSubmit={submit}>
        <label>
          <span>{strings.nick}</span>
          <input name="nick" required maxLength={64} autocomplete="nickname" value={nick} data-testid="join-nick" onInput={(event) => setNick(event.currentTarget.value)} />
        </label>
        <DeviceSelect label={strings.camera} none={strings.noCamera} list={found.cameras} value={wish.camera} testid="join-camera" onChoose={(camera) => setWish({ ...wish, camera })} />
        <DeviceSelect label={strings.microphone} none={strings.noMicrophone} list={found.microphones} value={wish.microphone} testid="join-microphone" onChoose={(microphone) => setWish({ ...wish, microphone })} />
        <LevelMeter track={media?.getAudioTracks()[0] ?? null} />
        {room.settings.has_password && (
          <label>
            <span>{strings.password}</span>
            <input name="password" type="password" autocomplete="off" value={password} data-testid="join-password" onInput={(event) => setPassword(event.currentTarget.value)} />
          </label>
        )}
        <label class="check" title={strings.simulcastHint}>
          <input type="checkbox" checked={simulcast} data-testid="join-simulcast" onChange={(event) => setSimulcast(event.currentTarget.checked)} />
          <span>{strings.simulcast}</span>
        </label>
        {(problem ?? trouble) !== null && (
          <p class="warn" role="alert" data-testid="join-problem">
            {problem ?? trouble}
          </p>
        )}
        <div class="actions">
          <button type="submit" class="primary" disabled={opening} data-testid="join-submit">
            {strings.joinNow}
          </button>
          <button type="button" class="plain" onClick={onClose}>
            {strings.cancel}
          </button>
        </div>
      </form>
    </section>
  );
}

/** Opens what is wished for, and closes it again unless it was handed over. */
function useCapture({ camera, microphone }: Wish, handedOver: { current: boolean }): Opened {
  const [opened, setOpened] = useState<Opened>(nothingYet);
  useEffect(() => {
    let current = true;
    let media: MediaStream | null = null;
    setOpened((before) => ({ ...before, opening: true }));
    const open = async () => {
      const result = await whatThereIs({ camera, microphone });
      media = result.media;
      const found = await devices();
      if (current) setOpened({ ...result, found, opening: false });
      else release(media);
    };
    open().catch((thrown: unknown) => current && setOpened({ ...nothingYet, problem: explain(thrown), opening: false }));
    return () => {
      current = false;
      if (!handedOver.current) release(media);
    };
  }, [camera, microphone, handedOver]);
  return opened;
}

/** Where one of the two is missing, the other alone; then what was wrong. */
async function whatThereIs(wish: Wish): Promise<Pick<Opened, 'media' | 'problem'>> {
  try {
    return { media: await capture(wish), problem: null };
  } catch (thrown) {
    const problem = explain(thrown);
    for (const less of [{ ...wish, camera: null }, { ...wish, microphone: null }]) {
      if (less.camera === null && less.microphone === null) continue;
      const media = await capture(less).catch(() => null);
      if (media) return { media, problem };
    }
    return { media: null, problem };
  }
}

interface SelectProps {
  label: string;
  none: string;
  list: MediaDeviceInfo[];
  value: string | null;
  testid: string;
  onChoose: (deviceId: string | null) => void;
}

function DeviceSelect({ label, none, list, value, testid, onChoose }: SelectProps) {
  return (
    <label>
      <span>{label}</span>
      <select
        value={value ?? NONE}
        data-testid={testid}
        onChange={(event) => onChoose(event.currentTarget.value === NONE ? null : event.currentTarget.value)}
      >
        <option value="">{strings.anyDevice}</option>
        {list.map(({ deviceId, label: name }) => (
          <option key={deviceId} value={deviceId}>
            {name || deviceId.slice(0, 8)}
          </option>
        ))}
        <option value={NONE}>{none}</option>
      </select>
    </label>
  );
}
