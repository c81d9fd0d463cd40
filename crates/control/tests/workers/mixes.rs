//! From a room with a mix to a job and back.

use lianmai_control::http::jwt::Scope;
use lianmai_control::store::StoreConfig;
use lianmai_control::workers::{RenditionState, WorkersConfig};
use lianmai_hub::job::{MixJob, WorkerMessage};
use lianmai_hub::{
    AccessRequest, Action, Authorise as _, Form, Protocol, Publication, PublishOptions, ReadOptions,
    StreamKey,
};
use lianmai_rooms::{Actor, Air, Command, MemberId, StreamKind, Transport};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{PATIENCE, Plane, Worker, app, quick, until};

fn key_of(url: &str) -> StreamKey {
    let url = url::Url::parse(url).unwrap();
    let path: Vec<&str> = url.path_segments().unwrap().collect();
    StreamKey::new(path[0], path[1])
}

/// Starts the room's mix; its key.
async fn start(plane: &Plane, body: Value) -> StreamKey {
    let (status, answer) = plane.ask(Method::POST, "/mix", body).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(answer["stream"]["kind"], "mix");
    StreamKey::new("demo", answer["stream"]["id"].as_str().unwrap())
}

async fn started(worker: &mut Worker, plane: &Plane, mix: &StreamKey, job: &MixJob) {
    worker.say(&WorkerMessage::Started { id: job.id }).await;
    let runs = || state(plane, mix) == Some(RenditionState::Running);
    until("the mix runs", runs).await;
}

fn state(plane: &Plane, mix: &StreamKey) -> Option<RenditionState> {
    plane.service.workers().mix(mix).map(|status| status.state)
}

fn names(job: &MixJob) -> Vec<&str> {
    job.inputs.iter().map(|input| input.name.as_str()).collect()
}

fn shown(job: &MixJob) -> Vec<&str> {
    job.scene
        .cells
        .iter()
        .filter_map(|cell| cell.input.as_deref())
        .collect()
}

/// What a job does with its target.
fn push(plane: &Plane, target: &StreamKey) -> Publication {
    let options = PublishOptions::new(Protocol::Rtmp, 0, None);
    plane.hub.publish(target.clone(), options).unwrap()
}

async fn until_on_air(plane: &Plane, stream: &StreamKey) {
    until("it is on air", || {
        let room = plane.service.room(&app(), &plane.room).unwrap();
        let mut all = room.view.streams.values();
        all.any(|s| s.id.as_str() == stream.stream() && matches!(s.air, Air::On { .. }))
    })
    .await;
}

async fn apply(plane: &Plane, command: Command) {
    plane.service.apply(&app(), &plane.room, command).await.unwrap();
}

#[tokio::test]
async fn a_mix_becomes_a_job_that_follows_its_room() {
    let plane = Plane::start().await;
    let (ann, _ann_on_air) = plane.on_air().await;
    until_on_air(&plane, &ann).await;
    let mut worker = plane.worker("w", 4.0).await;
    let mix = start(&plane, json!({})).await;
    let job = worker.start_mix().await;
    assert_eq!(
        (names(&job), shown(&job)),
        (vec![ann.stream()], vec![ann.stream()])
    );
    let (input, target) = (&job.inputs[0].url, &job.target);
    assert_eq!((key_of(input), key_of(target)), (ann.clone(), mix.clone()));
    assert!(input.contains("&coalesce=0") && !format!("{job:?}").contains("w1."));
    assert_eq!(plane.authorise(Action::Play, input).await, Ok(ann.clone()));
    assert_eq!(plane.authorise(Action::Publish, target).await, Ok(mix.clone()));
    for (action, url) in [(Action::Publish, input), (Action::Play, target)] {
        assert_eq!(plane.authorise(action, url).await, Err("token_signature"));
    }
    started(&mut worker, &plane, &mix, &job).await;
    let _mixed = push(&plane, &mix);
    until_on_air(&plane, &mix).await;
    // The mix is no input of itself: nothing is told. The next thing that is, is what follows.
    let (member, gain) = (plane.ann().clone(), serde_json::from_value(json!(0.5)).unwrap());
    let (by, muted) = (Actor::App, None);
    apply(
        &plane,
        Command::SetMixGain {
            by,
            member,
            gain: Some(gain),
            muted,
        },
    )
    .await;
    let quieter = worker.update_mix(|_| true).await;
    assert_eq!((quieter.id, quieter.scene.voices[0].gain), (job.id, 0.5));
    assert_eq!(quieter.inputs[0].url, *input, "it is not opened anew");

    let bob = plane.join("bob").await;
    let (bobs, _bob_on_air) = plane.on_air_of(&bob).await;
    let both = worker.update_mix(|job| job.inputs.len() == 2).await;
    assert_eq!(shown(&both), [ann.stream(), bobs.stream()]);
    apply(
        &plane,
        Command::Leave {
            member: bob,
            session: None,
        },
    )
    .await;
    let one = worker.update_mix(|job| job.inputs.len() == 1).await;
    assert_eq!(shown(&one), [ann.stream()]);

    let (status, _) = plane.ask(Method::DELETE, "/mix", Value::Null).await;
    assert_eq!(status, 200);
    assert_eq!(worker.stop().await, job.id);
    until("it is gone", || state(&plane, &mix).is_none()).await;
    plane.finish().await;
}

/// R-M4: an input of a member that is away for a moment stays open.
#[tokio::test]
async fn a_gap_of_a_member_keeps_its_input() {
    let plane = Plane::start().await;
    let (ann, on_air) = plane.on_air().await;
    until_on_air(&plane, &ann).await;
    let mut worker = plane.worker("w", 4.0).await;
    let mix = start(&plane, json!({})).await;
    let job = worker.start_mix().await;
    started(&mut worker, &plane, &mix, &job).await;
    drop(on_air);
    until("she is away", || {
        let room = plane.service.room(&app(), &plane.room).unwrap();
        room.view.streams.values().all(|s| s.air == Air::Off)
    })
    .await;
    let command = Command::SetMainPicture {
        by: Actor::App,
        main: Some(lianmai_rooms::layout::Source::Speaker),
    };
    apply(&plane, command).await;
    let (_, bob) = (plane.join("x").await, plane.join("bob").await);
    let (bobs, _bob_on_air) = plane.on_air_of(&bob).await;
    let later = worker.update_mix(|job| names(job).contains(&bobs.stream())).await;
    assert!(names(&later).contains(&ann.stream()), "{:?}", names(&later));
    assert_eq!(later.inputs.len(), 2);
    plane.finish().await;
}

#[tokio::test]
async fn a_webrtc_publisher_is_read_as_it_is() {
    let plane = Plane::start().await;
    let (plain, rtmp) = plane.on_air().await;
    drop(rtmp);
    let options = PublishOptions::new(Protocol::Webrtc, 2, None);
    let _webrtc = plane.hub.publish(plain.form(Form::Rtc), options).unwrap();
    until_on_air(&plane, &plain).await;
    let mut worker = plane.worker("w", 4.0).await;
    start(&plane, json!({})).await;
    let job = worker.start_mix().await;
    let last = match job.inputs.first() {
        Some(input) if key_of(&input.url) == plain.form(Form::Rtc) => job,
        _ => panic!("{:?}", names(&job)),
    };
    assert_eq!(names(&last), [plain.stream()]);
    let decision = plane.authorise(Action::Play, &last.inputs[0].url).await;
    assert_eq!(decision, Ok(plain.form(Form::Rtc)));
    plane.finish().await;
}

/// kill −9 of a worker: another one composes what is to be composed now.
#[tokio::test]
async fn a_mix_goes_on_elsewhere_as_it_is_now() {
    let plane = Plane::start().await;
    let (ann, _on_air) = plane.on_air().await;
    until_on_air(&plane, &ann).await;
    let mut first = plane.worker("first", 4.0).await;
    let mix = start(&plane, json!({})).await;
    let job = first.start_mix().await;
    started(&mut first, &plane, &mix, &job).await;
    let published = push(&plane, &mix);
    let mut second = plane.worker("second", 3.0).await;
    let red = json!({"layout": {"background": "#ff0000"}});
    let (status, _) = plane.ask(Method::PATCH, "/mix", red).await;
    assert_eq!(status, 200);
    let is_red = |changed: &MixJob| changed.scene.background != job.scene.background;
    let changed = first.update_mix(is_red).await;
    drop(first);
    let again = second.start_mix().await;
    assert_ne!(again.id, job.id);
    assert_eq!(again.scene, changed.scene);
    assert_ne!(again.scene, job.scene);
    // The new publication takes over from one that nobody noticed to be dead, and the room sees it go on.
    assert_eq!(
        plane.authorise(Action::Publish, &again.target).await,
        Ok(mix.clone())
    );
    let _next = push(&plane, &mix);
    published.stopped().await;
    until_on_air(&plane, &mix).await;
    plane.finish().await;
}

/// R-M5, R-M7: refused with numbers, in all views, and made as soon as there is room.
#[tokio::test]
async fn a_mix_without_room_shows_what_it_needs() {
    let plane = Plane::start().await;
    let (ann, _on_air) = plane.on_air().await;
    until_on_air(&plane, &ann).await;
    let _small = plane.worker("small", 0.02).await;
    let mix = start(&plane, json!({"preset": "speaker_bottom"})).await;
    until("it is short", || {
        state(&plane, &mix) == Some(RenditionState::NoCapacity)
    })
    .await;
    let (_, shown) = plane.ask(Method::GET, "/mix", Value::Null).await;
    let (need, free) = (&shown["status"]["need"], &shown["status"]["free"]);
    assert!(
        need.as_f64().unwrap() > 0.1 && free.as_f64() == Some(0.02),
        "{shown}"
    );
    for path in ["/streams", ""] {
        let (_, answer) = plane.ask(Method::GET, path, Value::Null).await;
        let streams = answer["streams"].as_array().unwrap();
        let found = streams.iter().find(|stream| stream["kind"] == "mix").unwrap();
        assert_eq!(found["mix"]["state"], "no_capacity", "{found}");
    }
    let mut big = plane.worker("big", 4.0).await;
    let job = big.start_mix().await;
    assert_eq!(shown["layout"]["arrangement"]["preset"], "speaker_bottom");
    started(&mut big, &plane, &mix, &job).await;
    plane.finish().await;
}

/// A sound without a member is made while somebody plays it, under the right to pull the mix.
#[tokio::test]
async fn sounds_without_a_member_are_made_on_demand() {
    let plane = Plane::start().await;
    let (ann, _on_air) = plane.on_air().await;
    until_on_air(&plane, &ann).await;
    let bob = plane.join("bob").await;
    let mut worker = plane.worker("w", 4.0).await;
    let (status, answer) = plane
        .ask(Method::POST, "/mix/pull-url", json!({"member": bob}))
        .await;
    assert_eq!((status, answer["code"].as_str()), (404, Some("no_such_mix")));
    let mix = start(&plane, json!({})).await;
    let job = worker.start_mix().await;
    assert!(job.sound_outputs.is_empty());
    started(&mut worker, &plane, &mix, &job).await;

    let body = json!({"member": plane.ann(), "via": "rtmp"});
    let (_, urls) = plane.ask(Method::POST, "/mix/pull-url", body).await;
    let url = urls["rtmp"].as_str().unwrap().to_owned();
    let sound = key_of(&url);
    assert_eq!(
        sound.stream(),
        format!("{}-without-{}", mix.stream(), plane.ann())
    );
    assert_eq!(plane.authorise(Action::Publish, &url).await, Err("wrong_action"));
    let _listener = plane
        .hub
        .subscribe(sound.clone(), ReadOptions::default())
        .unwrap();
    assert_eq!(plane.authorise(Action::Play, &url).await, Ok(sound.clone()));
    let with = worker.update_mix(|job| !job.sound_outputs.is_empty()).await;
    let output = &with.sound_outputs[0];
    assert_eq!(
        (output.without.as_deref(), key_of(&output.url)),
        (Some(ann.stream()), sound.clone())
    );
    assert_eq!(
        plane.authorise(Action::Publish, &output.url).await,
        Ok(sound.clone())
    );
    let made = push(&plane, &sound);
    // Something that the room does see, to know that the sound was passed over.
    let _mixed = push(&plane, &mix);
    until_on_air(&plane, &mix).await;
    assert!(plane.hub.stats(&sound).is_some_and(|stats| stats.on_air));

    // Everybody's sound is a track of the mix.
    let (_, all) = plane
        .ask(Method::POST, "/mix/pull-url", json!({"sound": "all"}))
        .await;
    let url = all["http_flv"].as_str().unwrap();
    assert!(
        url.contains(mix.stream()) && url.ends_with("&only=audio"),
        "{url}"
    );
    // A member gets the one without itself, and no other.
    let token = plane.token("bob", Scope::Account);
    let (_, own) = plane
        .ask_as(&token, Method::POST, "/mix/pull-url", json!({}))
        .await;
    assert!(own["rtmp"].as_str().unwrap().contains(bob.as_str()), "{own}");
    let other = json!({"member": plane.ann()});
    let (status, _) = plane.ask_as(&token, Method::POST, "/mix/pull-url", other).await;
    assert_eq!(status, 403);

    apply(&plane, Command::StopMix { by: Actor::App }).await;
    made.stopped().await;
    assert_eq!(
        plane.authorise(Action::Publish, &output.url).await,
        Err("unknown_stream")
    );
    plane.finish().await;
}

/// Nobody but the gateway publishes a mix.
#[tokio::test]
async fn no_url_of_a_member_or_an_app_publishes_a_mix() {
    let plane = Plane::start().await;
    let mix = start(&plane, json!({})).await;
    let path = format!("/streams/{}/push-url", mix.stream());
    let (status, answer) = plane.ask(Method::POST, &path, json!({})).await;
    assert_eq!((status, &answer["push"]), (200, &Value::Null));
    let stream = mix.stream().parse().unwrap();
    let token = plane
        .service
        .internal_token(&app(), &stream, lianmai_rooms::StreamAction::Push);
    let request = AccessRequest {
        action: Action::Publish,
        app: "demo".to_owned(),
        stream: mix.stream().to_owned(),
        query: format!("t={}", token.unwrap()),
        peer: "127.0.0.1:1".parse().unwrap(),
        protocol: Protocol::Rtmp,
    };
    let denied = plane.service.access().authorise(request).await.unwrap_err();
    assert_eq!(denied.code, "not_owner");
    let pull = plane
        .service
        .subscribe(&app(), &plane.room, Actor::App, &stream, Transport::Rtmp)
        .await
        .unwrap();
    let url = pull.rtmp.unwrap();
    assert_eq!(plane.authorise(Action::Play, &url).await, Ok(mix.clone()));
    plane.finish().await;
}

fn picture(side: u8) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x10\0\0\0\0\x08\x06\0\0\0".to_vec();
    png[23] = side;
    png
}

async fn upload(plane: &Plane, token: &str, name: &str, bytes: Vec<u8>) -> (u16, Value) {
    let url = format!(
        "http://{}/v1/rooms/{}/mix/pictures/{name}",
        plane.http, plane.room
    );
    let request = reqwest::Client::new().put(url).bearer_auth(token).body(bytes);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

#[tokio::test]
async fn pictures_are_stored_and_given_to_the_job_that_shows_them() {
    // The worker answers no ping while many pictures go up.
    let plane = Plane::with(WorkersConfig {
        gone_after: PATIENCE,
        ..quick()
    })
    .await;
    let server = plane.token("server", Scope::App);
    let mut worker = plane.worker("w", 4.0).await;
    let mix = start(&plane, json!({"layout": {"background_image": "wall"}})).await;
    let job = worker.start_mix().await;
    assert_eq!((job.scene.background_image.clone(), job.assets.len()), (None, 0));
    started(&mut worker, &plane, &mix, &job).await;
    let (status, shown) = upload(&plane, &server, "wall", picture(9)).await;
    assert_eq!(
        (status, &shown["height"], &shown["kind"]),
        (200, &json!(9), &json!("png"))
    );
    let first = worker.update_mix(|job| !job.assets.is_empty()).await;
    assert_eq!(
        first.scene.background_image.as_ref().unwrap().0,
        first.assets[0].name
    );
    upload(&plane, &server, "wall", picture(10)).await;
    let second = worker.update_mix(|_| true).await;
    assert_ne!(
        second.assets[0].name, first.assets[0].name,
        "another file is another picture"
    );

    let bob = plane.join("bob").await;
    let member = plane.token("bob", Scope::Account);
    let refused = |answer: (u16, Value)| (answer.0, answer.1["code"].as_str().unwrap_or_default().to_owned());
    let expect = |status: u16, code: &str| (status, code.to_owned());
    let answer = upload(&plane, &member, "x", picture(1)).await;
    assert_eq!(refused(answer), expect(403, "not_allowed"), "{bob}");
    for (name, bytes, status, code) in [
        ("x", vec![0; (1 << 20) + 1], 413, "body_too_large"),
        ("x", b"<svg/>".to_vec(), 400, "invalid_picture"),
        ("x", Vec::new(), 400, "picture_too_large"),
        ("a%20b", picture(1), 400, "invalid_argument"),
    ] {
        let answer = upload(&plane, &server, name, bytes).await;
        assert_eq!(refused(answer), expect(status, code));
    }
    for n in 0..31 {
        assert_eq!(upload(&plane, &server, &format!("p{n}"), picture(1)).await.0, 200);
    }
    let answer = upload(&plane, &server, "one-too-many", picture(1)).await;
    assert_eq!(refused(answer), expect(429, "too_many_pictures"));
    let (_, list) = plane.ask(Method::GET, "/mix/pictures", Value::Null).await;
    assert_eq!(list["pictures"].as_array().unwrap().len(), 32);
    let (status, _) = plane.ask(Method::DELETE, "/mix/pictures/wall", Value::Null).await;
    assert_eq!(status, 200);
    let gone = worker.update_mix(|_| true).await;
    assert_eq!((gone.scene.background_image, gone.assets.len()), (None, 0));
    plane.finish().await;
}

#[tokio::test]
async fn layouts_in_vendors_words_are_translated_or_refused_with_their_numbers() {
    let plane = Plane::start().await;
    start(
        &plane,
        json!({"nim": {"split_mode": 2}, "canvas": {"width": 640, "height": 360}}),
    )
    .await;
    let (_, shown) = plane.ask(Method::GET, "/mix", Value::Null).await;
    assert_eq!(
        shown["layout"]["arrangement"],
        json!({"type": "preset", "preset": "grid"})
    );
    assert_eq!(shown["layout"]["canvas"]["width"], 640);
    for (body, code, state) in [
        (
            json!({"nim": {"split_mode": 4, "custom_layout": "{"}}),
            208,
            json!(501),
        ),
        (json!({"emedia": {"layoutStyle": "ROUND"}}), -507, Value::Null),
        (
            json!({"cloudroom": {"videoFileCfg": {"vWidth": 1}}}),
            903,
            Value::Null,
        ),
    ] {
        let (status, problem) = plane.ask(Method::PATCH, "/mix", body).await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (400, Some("invalid_layout")),
            "{problem}"
        );
        assert_eq!(
            (&problem["vendor_code"], &problem["vendor_state"]),
            (&json!(code), &state)
        );
    }
    let (status, problem) = plane
        .ask(Method::PATCH, "/mix", json!({"layout": {"hold_ms": 1e9 as u64}}))
        .await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (400, Some("invalid_layout")),
        "{problem}"
    );
    let twice = json!({"preset": "grid", "nim": {"split_mode": 0}});
    let (status, problem) = plane.ask(Method::PATCH, "/mix", twice).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (400, Some("invalid_argument"))
    );
    plane.finish().await;
}

/// Only the app and admins: every way to change a mix.
#[tokio::test]
async fn a_talker_only_looks_at_the_mix() {
    let plane = Plane::start().await;
    start(&plane, json!({})).await;
    plane.join("bob").await;
    let bob = plane.token("bob", Scope::Account);
    let member: &MemberId = plane.ann();
    let gain = format!("/mix/members/{member}");
    for (method, path, body) in [
        (Method::POST, "/mix", json!({})),
        (Method::PATCH, "/mix", json!({"preset": "grid_cropped"})),
        (Method::DELETE, "/mix", Value::Null),
        (Method::PUT, "/mix/main", json!({"main": null})),
        (Method::PUT, &gain, json!({"muted": true})),
        (Method::DELETE, "/mix/pictures/x", Value::Null),
    ] {
        let (status, problem) = plane.ask_as(&bob, method, path, body).await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (403, Some("not_allowed")),
            "{path}"
        );
    }
    let (status, shown) = plane.ask_as(&bob, Method::GET, "/mix", Value::Null).await;
    assert_eq!((status, shown["stream"]["kind"].as_str()), (200, Some("mix")));
    let (status, done) = plane
        .ask(Method::PUT, &gain, json!({"muted": true, "gain": 0.25}))
        .await;
    assert_eq!(status, 200, "{done}");
    let (_, shown) = plane.ask(Method::GET, "/mix", Value::Null).await;
    assert_eq!(shown["layout"]["members"]["ann"]["gain"], 0.25);
    plane.finish().await;
}

/// A mix is the room's: it is there again after a restart of the gateway, with its layout and pictures.
#[tokio::test]
async fn a_mix_comes_back_with_the_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let store = StoreConfig::file(folder.path().join("state.db"));
    let plane = Plane::open(quick(), &store).await;
    let body = json!({"layout": {"background_image": "wall", "background": "#102030"}});
    let mix = start(&plane, body).await;
    upload(&plane, &plane.token("server", Scope::App), "wall", picture(4)).await;
    plane.finish().await;

    let plane = Plane::open(quick(), &store).await;
    let room = plane.service.room(&app(), &plane.room).unwrap();
    let kinds: Vec<StreamKind> = room.view.streams.values().map(|stream| stream.kind).collect();
    assert_eq!(kinds, [StreamKind::Mix]);
    let mut worker = plane.worker("w", 4.0).await;
    let job = worker.start_mix().await;
    assert_eq!((key_of(&job.target), job.assets.len()), (mix, 1));
    plane.finish().await;
}
