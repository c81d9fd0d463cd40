//! What the media lines of a peer are for: offers, later offers, and trickled fragments.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use super::drive::Peer;
use super::engine::Direction;
use super::incoming::Incoming;
use super::negotiate::negotiate;
use super::outgoing::Outgoing;
use super::sdp;
use super::trickle::{Fragment, fragment_of};
use crate::send::Extensions;
use crate::{BridgeConfig, BridgeError, Line, Lines, Offer, Trickled};

impl Peer {
    /// Applies an offer, the first or a later one. Returns answer and entity tag.
    pub(crate) fn apply(&mut self, offer: &Offer, now: Instant) -> Result<(String, String), BridgeError> {
        check(&self.config, offer)?;
        if direction_of(&offer.lines)? != self.direction {
            return Err(BridgeError::Sdp("a peer either publishes or plays".into()));
        }
        let named = named(&offer.lines);
        let negotiated = negotiate(
            self.link.connection(),
            now,
            self.direction,
            &offer.sdp,
            Some(self.offer.as_str()).filter(|before| !before.is_empty()),
            named.as_ref(),
            &mut self.senders,
        )?;
        self.take_credentials(&negotiated.answer)?;
        self.offer.clone_from(&offer.sdp);
        self.sections = negotiated.sections;
        match self.direction {
            Direction::Publish => self.assign_publishing(offer),
            Direction::Play => self.assign_playing(offer)?,
        }
        let names = self
            .outgoing
            .iter()
            .map(|out| (out.mid().to_owned(), out.line().grant.key.stream().to_owned()))
            .collect();
        let answer = sdp::with_stream_names(&negotiated.answer, &names);
        Ok((answer, self.etag.clone()))
    }

    /// The ICE session of our answer, which changes when the client restarts it.
    fn take_credentials(&mut self, answer: &str) -> Result<(), BridgeError> {
        let (ufrag, password) =
            sdp::credentials(answer).ok_or_else(|| BridgeError::Sdp("no ICE credentials".into()))?;
        if ufrag != self.etag {
            self.link
                .accept_credentials(&ufrag, &password)
                .map_err(|error| BridgeError::Sdp(error.to_string()))?;
            self.etag = ufrag;
        }
        Ok(())
    }

    fn assign_publishing(&mut self, offer: &Offer) {
        let mut publishing = HashMap::new();
        for section in self.sections.iter().filter(|section| section.receives) {
            let line = match &offer.lines {
                Lines::Publish(line) => line,
                Lines::ByMid(lines) => match lines.get(&section.mid) {
                    Some(Line::Publish(line)) => line,
                    _ => continue,
                },
                Lines::Play(_) => continue,
            };
            let known = self
                .incoming
                .iter()
                .position(|stream| *stream.key() == line.grant.key);
            let place = known.unwrap_or_else(|| {
                let mut stream = Incoming::new(self.hub.clone(), line.clone());
                if self.connected
                    && let Err(refused) = stream.start()
                {
                    tracing::info!(?refused, "not published");
                }
                self.incoming.push(stream);
                self.incoming.len() - 1
            });
            publishing.insert(section.mid.clone(), place);
        }
        for mid in self
            .publishing
            .keys()
            .filter(|mid| !publishing.contains_key(*mid))
        {
            for stream in &mut self.incoming {
                stream.remove_line(mid);
            }
        }
        self.publishing = publishing;
    }

    fn assign_playing(&mut self, offer: &Offer) -> Result<(), BridgeError> {
        let mut playing = Vec::new();
        for section in self.sections.iter().filter(|section| section.sends) {
            let line = match &offer.lines {
                Lines::Play(line) => line,
                Lines::ByMid(lines) => match lines.get(&section.mid) {
                    Some(Line::Play(line)) => line,
                    _ => continue,
                },
                Lines::Publish(_) => continue,
            };
            let (Some(kind), Some(ssrc)) = (section.kind, self.senders.get(&section.mid)) else {
                continue;
            };
            self.link.set_line(*ssrc, &section.mid, Extensions::of(section));
            let same = |out: &Outgoing| {
                out.mid() == section.mid && out.line().grant.key == line.grant.key && !out.is_over()
            };
            match self.outgoing.iter().position(same) {
                Some(place) => {
                    let mut out = self.outgoing.swap_remove(place);
                    out.set_section(section.clone());
                    if out.line().layer != line.layer {
                        out.choose(line.layer);
                    }
                    playing.push(out);
                }
                None => playing.push(Outgoing::new(
                    &self.hub,
                    line.clone(),
                    kind,
                    *ssrc,
                    section.clone(),
                )?),
            }
        }
        self.timelines
            .retain(|key, _| playing.iter().any(|out| out.line().grant.key == *key));
        self.outgoing = playing;
        Ok(())
    }

    pub(super) fn trickle(
        &mut self,
        if_match: Option<&str>,
        text: &str,
        now: Instant,
    ) -> Result<Trickled, BridgeError> {
        let fragment = Fragment::parse(text);
        let theirs = sdp::credentials(&self.offer);
        let restarts = fragment.credentials.is_some() && fragment.credentials != theirs;
        if if_match.is_some_and(|tag| tag != "*" && tag != self.etag) {
            return Err(BridgeError::Stale);
        }
        if restarts {
            let Some((ufrag, password)) = &fragment.credentials else {
                return Err(BridgeError::Stale);
            };
            let offer = sdp::with_credentials(&self.offer, ufrag, password);
            let negotiated = negotiate(
                self.link.connection(),
                now,
                self.direction,
                &offer,
                Some(&self.offer),
                None,
                &mut self.senders,
            )?;
            self.take_credentials(&negotiated.answer)?;
            self.offer = offer;
            return Ok(Trickled::Restarted {
                fragment: fragment_of(&negotiated.answer),
                etag: self.etag.clone(),
            });
        }
        // We are ICE-lite: the client's checks tell us its addresses. Candidates are taken all the same.
        for candidate in fragment.candidates {
            let init = rtc::peer_connection::transport::RTCIceCandidateInit {
                candidate,
                ..Default::default()
            };
            if let Err(error) = self.link.connection().add_remote_candidate(init) {
                tracing::debug!(%error, "candidate");
            }
        }
        Ok(Trickled::Candidates)
    }
}

/// The lines that are used; `None` for all.
fn named(lines: &Lines) -> Option<HashSet<&str>> {
    match lines {
        Lines::ByMid(lines) => Some(lines.keys().map(String::as_str).collect()),
        Lines::Publish(_) | Lines::Play(_) => None,
    }
}

/// Which way the lines go.
pub(crate) fn direction_of(lines: &Lines) -> Result<Direction, BridgeError> {
    match lines {
        Lines::Publish(_) => Ok(Direction::Publish),
        Lines::Play(_) => Ok(Direction::Play),
        Lines::ByMid(lines) => {
            let publishes = lines.values().any(|line| matches!(line, Line::Publish(_)));
            let plays = lines.values().any(|line| matches!(line, Line::Play(_)));
            match (publishes, plays) {
                (true, true) => Err(BridgeError::Sdp("a peer either publishes or plays".into())),
                (true, false) => Ok(Direction::Publish),
                (false, _) => Ok(Direction::Play),
            }
        }
    }
}

/// Limits of an offer, before anything is made of it.
pub(crate) fn check(config: &BridgeConfig, offer: &Offer) -> Result<(), BridgeError> {
    let length = offer.sdp.len();
    if length > config.max_sdp {
        return Err(BridgeError::TooLong {
            length,
            limit: config.max_sdp,
        });
    }
    let sections = sdp::sections(&offer.sdp);
    if sections.is_empty() || sections.len() > config.max_lines {
        return Err(BridgeError::Sdp(format!(
            "{} media sections; 1 to {} are allowed",
            sections.len(),
            config.max_lines
        )));
    }
    // One that is named twice is one section for us and another for the library below.
    let mids: HashSet<&str> = sections.iter().map(|section| section.mid.as_str()).collect();
    let lines = offer.sdp.lines().filter(|line| line.starts_with("a=mid:"));
    let is_token = |mid: &&str| (1..=16).contains(&mid.len()) && mid.bytes().all(|b| b.is_ascii_graphic());
    if mids.len() != sections.len() || lines.count() != sections.len() || !mids.iter().all(is_token) {
        return Err(BridgeError::Sdp(
            "every media section needs one mid of its own, of at most 16 characters".into(),
        ));
    }
    Ok(())
}
