//! What a job's process gives up before it touches a byte of media.
//!
//! No privileges and none to be had again, no files, no core dumps, a limit on memory, and an end with its supervisor.
#![allow(unsafe_code)]

use std::io;
use std::str::FromStr;

use lianmai_hub::job::{Job, JobKind};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid, geteuid, getppid, setgid, setgroups, setuid};

use super::status::Work;

/// Descriptors a job needs: three pipes, two connections, the runtime's own, a resolver's; a mix has a connection for
/// each input and output.
const MAX_FILES: u64 = 32;
const MIX_FILES: u64 = 512;
/// Private memory of a job, in bytes: with sound only, with pictures up to the decoder's limit, with many of them.
const SOUND_MEMORY: u64 = 160 << 20;
const PICTURE_MEMORY: u64 = 800 << 20;
const MIX_MEMORY: u64 = 3 << 30;
/// Address space on top of that: libraries and stacks.
const MAPPINGS: u64 = 1 << 30;
/// Pictures give way to sound.
const PICTURE_NICENESS: i32 = 5;
/// When memory runs out on the machine, a job is a better victim than the gateway.
const OOM_SCORE: &str = "500";

/// Who a job's process becomes when it is started by root.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Identity {
    /// User id.
    pub(crate) uid: u32,
    /// Group id.
    pub(crate) gid: u32,
}

impl Identity {
    /// Debian's `nobody` and `nogroup`.
    pub(crate) const NOBODY: Identity = Identity {
        uid: 65_534,
        gid: 65_534,
    };
}

impl FromStr for Identity {
    type Err = String;

    fn from_str(text: &str) -> Result<Identity, String> {
        let (uid, gid) = text.split_once(':').unwrap_or((text, text));
        match (uid.parse(), gid.parse()) {
            (Ok(0), _) | (_, Ok(0)) => Err("root is nobody to become".to_owned()),
            (Ok(uid), Ok(gid)) => Ok(Identity { uid, gid }),
            _ => Err("expected two numbers: <uid>:<gid>".to_owned()),
        }
    }
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.uid, self.gid)
    }
}

/// Gives everything up. `parent` is the process that must be the parent, for the rare case that it is gone already.
pub(crate) fn confine(identity: Option<Identity>, parent: Option<i32>) -> io::Result<()> {
    // Not allowed in some containers, and not needed.
    let _ = std::fs::write("/proc/self/oom_score_adj", OOM_SCORE);
    limit(Resource::RLIMIT_CORE, 0)?;
    limit(Resource::RLIMIT_FSIZE, 0)?;
    limit(Resource::RLIMIT_NOFILE, MIX_FILES)?;
    limit_memory(MIX_MEMORY)?;
    if geteuid().is_root() {
        let identity = identity.unwrap_or(Identity::NOBODY);
        setgroups(&[])?;
        setgid(Gid::from_raw(identity.gid))?;
        setuid(Uid::from_raw(identity.uid))?;
        if setuid(Uid::from_raw(0)).is_ok() {
            return Err(io::Error::other("privileges came back"));
        }
    }
    prctl::set_no_new_privs()?;
    // Nobody of the same user may look into the memory, where tokens are.
    prctl::set_dumpable(false)?;
    // After the change of user, which clears it.
    if parent.is_some() {
        prctl::set_pdeathsig(Signal::SIGKILL)?;
    }
    if parent.is_some_and(|parent| getppid().as_raw() != parent) {
        return Err(io::Error::other("the supervisor is gone"));
    }
    Ok(())
}

/// Narrows the limits to what this kind of job needs.
pub(super) fn limit_for(work: &Work) -> io::Result<()> {
    let Work::Transcode(Job { kind, .. }) = work else {
        return Ok(());
    };
    limit(Resource::RLIMIT_NOFILE, MAX_FILES)?;
    match kind {
        JobKind::AudioToOpus { .. } | JobKind::AudioToAac { .. } => limit_memory(SOUND_MEMORY),
        JobKind::VideoToH264 { .. } => {
            yield_to_sound();
            limit_memory(PICTURE_MEMORY)
        }
    }
}

/// The calling thread, and those it starts, give way to those that did not call this (R-M3).
pub(super) fn yield_to_sound() {
    // SAFETY: a system call on numbers; that it fails is of no consequence.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, PICTURE_NICENESS) };
}

fn limit_memory(bytes: u64) -> io::Result<()> {
    limit(Resource::RLIMIT_DATA, bytes)?;
    limit(Resource::RLIMIT_AS, bytes + MAPPINGS)
}

fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let (_, hard) = nix::sys::resource::getrlimit(resource)?;
    let most = most.min(hard);
    Ok(setrlimit(resource, most, most)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_two_numbers_and_never_root() {
        assert_eq!("65534:65534".parse(), Ok(Identity::NOBODY));
        assert_eq!("7".parse(), Ok(Identity { uid: 7, gid: 7 }));
        for bad in ["", "nobody", "1:", "0:1", "1:0", "-1:2"] {
            assert!(bad.parse::<Identity>().is_err(), "{bad}");
        }
        assert_eq!(Identity::NOBODY.to_string().parse(), Ok(Identity::NOBODY));
    }
}
