//! Members' publications into one stream: one at a time, over whatever protocol.

use tokio::time::Instant;

use super::{Family, Origin};
use crate::stream::{Started, Stream};
use crate::{EndReason, Form, PublishError, PublishOptions, StopReason};

/// Who publishes when somebody else begins to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rival {
    /// Nobody, or somebody who brings nothing any more.
    None,
    /// Somebody with an older URL.
    Older,
    /// Somebody with the same URL.
    Alive,
}

impl Family {
    /// Puts a member's publication on air in `stream`, the one of `origin`. Whatever else of the stream is on air by a
    /// member gives way, unless it is newer.
    pub(crate) fn begin(
        &self,
        origin: Origin,
        stream: &Stream,
        options: PublishOptions,
    ) -> Result<Started, PublishError> {
        let now = Instant::now();
        let mut air = self.air.lock();
        let rival = self.check_rivals(options.epoch, now)?;
        let forms = self.forms.read().clone();
        let others: Vec<_> = forms.iter().filter(|s| s.form != stream.form).collect();
        let rivals = || others.iter().filter(|s| Origin::of_publication(s.form).is_some());
        let mut started = stream.go_on_air(options, false, 0)?;
        match rival {
            Rival::Alive => self.contest.lock().taken(now),
            Rival::Older => self.contest.lock().decided(),
            Rival::None => {}
        }
        self.layer_clock.set(None);
        self.flow.lock().clear();
        // A composition goes on when its publisher is replaced by another of its kind.
        for rival in rivals().filter(|s| s.member_epoch().is_some()) {
            started.takeover |= rival.give_way();
        }
        for rival in rivals() {
            rival.reopen();
        }
        for layer in others.iter().filter(|s| matches!(s.form, Some(Form::Layer(_)))) {
            layer.give_way();
        }
        air.publisher = Some(origin);
        air.last = Some(origin);
        air.ended = None;
        Ok(started)
    }

    /// Whether a member may publish under a URL of `epoch` now.
    pub(crate) fn check_rivals(&self, epoch: u64, now: Instant) -> Result<Rival, PublishError> {
        let forms = self.forms.read();
        let rivals = || forms.iter().filter(|s| Origin::of_publication(s.form).is_some());
        let newest = rivals().filter_map(|s| s.member_epoch()).max();
        match newest {
            Some(newest) if newest > epoch => Err(PublishError::NewerPublisher),
            Some(newest) if newest < epoch => Ok(Rival::Older),
            Some(_) if !rivals().any(|s| s.is_alive(epoch, now)) => Ok(Rival::None),
            Some(_) if self.contest.lock().admits(now) => Ok(Rival::Alive),
            Some(_) => Err(PublishError::Contested),
            None => Ok(Rival::None),
        }
    }

    /// Puts the hub's own publication on air in the plain form, if there is a WebRTC publisher to make it of.
    pub(crate) fn begin_composition(&self, plain: &Stream) -> Option<Started> {
        let air = self.air.lock();
        if air.publisher != Some(Origin::Rtc) {
            return None;
        }
        plain.go_on_air(PublishOptions::default(), true, 0).ok()
    }

    /// The member's publication in the form of `origin` is over. `false` if another has begun meanwhile.
    pub(crate) fn member_left(&self, origin: Origin) -> bool {
        let mut air = self.air.lock();
        let back = self
            .form(origin.form())
            .is_some_and(|s| s.member_epoch().is_some());
        let gone = air.publisher == Some(origin) && !back;
        if gone {
            air.publisher = None;
            air.off_air_since = Instant::now();
        }
        gone
    }

    /// Ends all forms for everybody. `true` if a member was publishing.
    pub(crate) fn end(&self, stop: StopReason, end: EndReason) -> bool {
        let mut air = self.air.lock();
        for stream in self.forms.read().iter() {
            stream.end(stop, end);
        }
        let published = air.publisher.take().is_some();
        air.off_air_since = Instant::now();
        air.ended = Some(end);
        drop(air);
        self.changed();
        published
    }
}
