//! Peer connections of browsers: each `rtcId` is one, which the client offers, for one stream.

use std::collections::HashMap;

use lianmai_rooms::{ClientRef, Command, StreamId, StreamKind, Transport};
use serde_json::{Map, Value, json};

use super::super::{Fields, Refusal};
use super::connection::Seat;
use super::ops::After;
use crate::http::dto;
use crate::http::ops::{streams, webrtc};

/// Candidates in one request.
const MAX_CANDIDATES: usize = 64;

/// Peer connections by what the client calls them. The bridge bounds how many there are.
#[derive(Debug, Default)]
pub(super) struct Peers(HashMap<String, Peer>);

#[derive(Debug)]
struct Peer {
    id: String,
    stream: StreamId,
    publishes: bool,
    /// Lines that carry the picture.
    video: Vec<String>,
}

impl Peers {
    /// The stream of a connection.
    pub(super) fn stream(&self, rtc_id: &str) -> Option<StreamId> {
        self.0.get(rtc_id).map(|peer| peer.stream.clone())
    }
}

impl Seat<'_> {
    /// `op` 102: publishes with `pubS`, subscribes with `subSId`.
    pub(super) async fn open_peer(&mut self, said: &Fields) -> Result<After, Refusal> {
        let rtc_id = rtc_id(said)?.to_owned();
        let offer = offer(said)?;
        let lines = lines(&offer);
        if lines.is_empty() {
            return Err(Refusal::field("sdp"));
        }
        if self.place.state.service().webrtc().is_none() {
            return Err(Refusal::unsupported("this gateway does not speak WebRTC"));
        }
        let publishes = said.get("pubS").is_some();
        let stream = match said.object("pubS")? {
            Some(pub_s) => match self.publish(&rtc_id, &pub_s).await {
                Ok(stream) => stream,
                Err(refusal) => return too_many(&rtc_id, refusal),
            },
            None => said.parsed("subSId")?.ok_or_else(|| Refusal::field("subSId"))?,
        };
        // Offered anew: the old one is of no use any more.
        self.drop_peer(&rtc_id);
        let (ctx, room) = (&self.entered.ctx, self.place.room.clone());
        let done = if publishes {
            let lines = lines.iter().map(|(mid, _)| dto::PublishLine {
                mid: mid.clone(),
                stream: stream.clone(),
            });
            let lines = lines.collect();
            webrtc::publish(
                ctx,
                room,
                dto::PublishOffer {
                    peer: None,
                    offer,
                    lines,
                },
            )
            .await
        } else {
            let without_picture = said.flag("subSVideo")? == Some(false);
            let lines = lines.iter().map(|(mid, is_video)| dto::SubscribeLine {
                mid: mid.clone(),
                stream: stream.clone(),
                layer: if *is_video && without_picture {
                    dto::Layer::AudioOnly
                } else {
                    dto::Layer::Auto
                },
            });
            let lines = lines.collect();
            webrtc::subscribe(
                ctx,
                room,
                dto::SubscribeOffer {
                    peer: None,
                    offer,
                    lines,
                },
            )
            .await
        };
        let done = match done {
            Ok(done) => done,
            Err(problem) => {
                if publishes {
                    self.unpublish(&stream).await;
                }
                return Err(problem.into());
            }
        };
        let video = lines.into_iter().filter(|(_, is_video)| *is_video);
        let peer = Peer {
            id: done.peer,
            stream: stream.clone(),
            publishes,
            video: video.map(|(mid, _)| mid).collect(),
        };
        self.peers.0.insert(rtc_id.clone(), peer);
        let mut fields = Map::new();
        fields.insert("rtcId".to_owned(), rtc_id.as_str().into());
        fields.insert("streamId".to_owned(), stream.as_str().into());
        // Clients fail on an answer with a description: it comes by itself.
        let sdp = json!({ "type": "ANSWER", "sdp": done.answer }).to_string();
        let accept = json!({ "op": 104, "rtcId": rtc_id, "sdp": sdp });
        Ok(After::AnswerThen(fields, vec![accept]))
    }

    async fn publish(&self, rtc_id: &str, pub_s: &Fields) -> Result<StreamId, Refusal> {
        let kind = match pub_s.int("type")? {
            None | Some(0) => StreamKind::Camera,
            Some(1) => StreamKind::Screen,
            Some(_) => return Err(Refusal::unsupported("only cameras and screens are published")),
        };
        let ext = pub_s.free_text("ext").unwrap_or_default();
        let body = dto::Publish {
            member: None,
            kind: Some(kind),
            via: Some(Transport::Webrtc),
            voff: pub_s.flag("voff")?.unwrap_or(false),
            aoff: pub_s.flag("aoff")?.unwrap_or(false),
            client_ref: Some(rtc_id.parse().map_err(|_| Refusal::field("rtcId"))?),
            ext: ext.parse().map_err(|_| Refusal::field("ext"))?,
        };
        let published = streams::publish(&self.entered.ctx, self.place.room.clone(), body).await?;
        Ok(published.stream.id)
    }

    /// `op` 105. The gateway is reachable by itself and learns the client's address from its checks.
    pub(super) fn trickle(&self, said: &Fields) -> Result<After, Refusal> {
        self.known(said)?;
        match said.get("cands") {
            Some(Value::Array(all)) if all.len() <= MAX_CANDIDATES => Ok(After::done()),
            Some(Value::String(_) | Value::Object(_)) => Ok(After::done()),
            _ => Err(Refusal::field("cands")),
        }
    }

    /// `op` 107: the client hangs up; what it published ends.
    pub(super) async fn close_peer(&mut self, said: &Fields) -> Result<After, Refusal> {
        let rtc_id = rtc_id(said)?.to_owned();
        let published = match self.drop_peer(&rtc_id) {
            Some(peer) => peer.publishes.then_some(peer.stream),
            // Of a connection before this one.
            None => self.own_stream(&rtc_id).ok().map(|stream| stream.id),
        };
        if let Some(stream) = published {
            self.unpublish(&stream).await;
        }
        Ok(After::done())
    }

    /// `op` 206.
    pub(super) async fn unsubscribe(&mut self, said: &Fields) -> Result<After, Refusal> {
        let rtc_id = rtc_id(said)?.to_owned();
        if self.peers.0.get(&rtc_id).is_some_and(|peer| !peer.publishes) {
            self.drop_peer(&rtc_id);
        }
        Ok(After::done())
    }

    /// `op` 205: picture or no picture over a connection that is there.
    pub(super) fn choose(&self, said: &Fields) -> Result<After, Refusal> {
        let peer = self.known(said)?;
        let named: StreamId = said.parsed("subSId")?.ok_or_else(|| Refusal::field("subSId"))?;
        if peer.publishes || peer.stream != named {
            return Err(Refusal::field("subSId"));
        }
        let Some(picture) = said.flag("subSVideo")? else {
            return Ok(After::done());
        };
        for mid in &peer.video {
            let body = dto::ChooseLayer {
                peer: peer.id.clone(),
                mid: mid.clone(),
                layer: if picture {
                    dto::Layer::Auto
                } else {
                    dto::Layer::AudioOnly
                },
            };
            webrtc::layer(&self.entered.ctx, body)?;
        }
        Ok(After::done())
    }

    fn known(&self, said: &Fields) -> Result<&Peer, Refusal> {
        let peer = self.peers.0.get(rtc_id(said)?);
        peer.ok_or_else(|| Refusal::field("rtcId"))
    }

    fn drop_peer(&mut self, rtc_id: &str) -> Option<Peer> {
        let peer = self.peers.0.remove(rtc_id)?;
        // It may have ended by itself.
        let _ = webrtc::close(
            &self.entered.ctx,
            dto::Peer {
                peer: peer.id.clone(),
            },
        );
        Some(peer)
    }

    async fn unpublish(&self, stream: &StreamId) {
        let command = Command::Unpublish {
            by: self.by(),
            stream: stream.clone(),
        };
        // It may be gone already.
        let _ = self.run(command).await;
    }
}

/// Clients have callbacks for too many pictures and screens, which they are told apart from the refusal.
fn too_many(rtc_id: &str, refusal: Refusal) -> Result<After, Refusal> {
    let reason = match refusal.reason.as_ref() {
        "room_full_videos" => 23,
        "room_full_desktops" => 24,
        _ => return Err(refusal),
    };
    let end = json!({ "op": 107, "rtcId": rtc_id, "endReason": reason });
    Ok(After::TellThenRefuse(vec![end], refusal))
}

fn rtc_id(said: &Fields) -> Result<&str, Refusal> {
    let id = said.need("rtcId")?;
    ClientRef::parse(id).map_err(|_| Refusal::field("rtcId"))?;
    Ok(id)
}

/// The description in `sdp`: `{type, sdp}`, as an object or its text.
fn offer(said: &Fields) -> Result<String, Refusal> {
    let wrong = || Refusal::field("sdp");
    let sdp = said.object("sdp")?.ok_or_else(wrong)?;
    if !sdp.need("type")?.eq_ignore_ascii_case("offer") {
        return Err(wrong());
    }
    Ok(described_only(sdp.need("sdp")?))
}

/// The description without payload types that have no description. The vendor's client takes out that of comfort
/// noise and leaves its number behind.
fn described_only(sdp: &str) -> String {
    let mut text = String::with_capacity(sdp.len());
    let mut rest = sdp;
    while !rest.is_empty() {
        // Of a section, which begins with its line of media, or before the first one.
        let end = rest
            .get(1..)
            .and_then(|after| after.find("\nm="))
            .map_or(rest.len(), |at| at + 2);
        let (section, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let described = |payload: &str| {
            let mut maps = section.lines().filter_map(|line| line.strip_prefix("a=rtpmap:"));
            maps.any(|map| map.split(' ').next() == Some(payload))
        };
        match section
            .split_once('\n')
            .filter(|(line, _)| line.starts_with("m="))
        {
            Some((line, attributes)) => {
                let parts = line.trim_end().split(' ').enumerate();
                let kept: Vec<&str> = parts
                    .filter(|(at, part)| *at < 3 || described(part))
                    .map(|(_, part)| part)
                    .collect();
                text.push_str(&if kept.len() > 3 {
                    kept.join(" ")
                } else {
                    line.trim_end().to_owned()
                });
                text.push_str("\r\n");
                text.push_str(attributes);
            }
            None => text.push_str(section),
        }
        rest = after;
    }
    text
}

/// The lines of a description by name, and whether they are for pictures.
fn lines(sdp: &str) -> Vec<(String, bool)> {
    let mut is_video = false;
    let mut found = Vec::new();
    for line in sdp.lines() {
        if let Some(media) = line.strip_prefix("m=") {
            is_video = media.starts_with("video");
        } else if let Some(mid) = line.strip_prefix("a=mid:") {
            found.push((mid.trim().to_owned(), is_video));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payload_types_without_a_description_are_left_out() {
        let head = "v=0\r\nt=0 0\r\n";
        let audio = "a=mid:0\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:9 G722/8000\r\n";
        let video = "m=video 9 X 96\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\n";
        let given = format!("{head}m=audio 9 X 111 13 9\r\n{audio}{video}");
        let kept = format!("{head}m=audio 9 X 111 9\r\n{audio}{video}");
        assert_eq!(described_only(&given), kept);
        assert_eq!(described_only(&kept), kept);
        for odd in ["", "m=", "m=audio 9 X 13\r\n", "\nm=\nm=", "é\nm=é"] {
            let _ = described_only(odd);
        }
    }

    #[test]
    fn lines_are_named_in_descriptions() {
        let sdp = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v1\r\n";
        assert_eq!(lines(sdp), [("0".to_owned(), false), ("v1".to_owned(), true)]);
        assert!(lines("v=0").is_empty());
    }
}
