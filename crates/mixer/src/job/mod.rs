//! The process of one job: `lianmai-worker job`, started by the supervisor and never by hand.
//!
//! It confines itself first, warms FFmpeg up, says [`Status::Ready`] and waits for a job on its standard input. Then it
//! plays the source, transcodes on a thread of its own, and pushes the result; or it mixes many (`mix`). It ends with the
//! job: a process serves one job and is thrown away, so what a hostile stream did to it is thrown away too.

mod codec_thread;
mod confine;
mod intake;
mod mix;
mod pipes;
mod run;
mod sink;
mod source;
mod status;
mod watchdog;

use std::process::ExitCode;

pub(crate) use confine::{Identity, confine};
pub(crate) use status::{Command, MAX_LINE, Progress, Status, Work, to_line};

use crate::mix::compose::FontFiles;
pub(crate) use source::SourceReader;

use pipes::Pipes;

/// Runs the process: confine, warm up, wait for a job, do it.
pub(crate) fn main(identity: Option<Identity>, parent: Option<i32>) -> ExitCode {
    // Open from before: afterwards there are no files.
    let fonts = FontFiles::open();
    if let Err(error) = confine(identity, parent) {
        eprintln!("cannot confine the process: {error}");
        return ExitCode::FAILURE;
    }
    crate::codec::silence_logs();
    if let Err(error) = crate::codec::warm_up() {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let served = runtime.block_on(async {
        let mut pipes = Pipes::open()?;
        pipes.say(&Status::Ready).await?;
        // Its supervisor went before it had a job.
        let Some(work) = pipes.job().await? else {
            return Ok(());
        };
        confine::limit_for(&work)?;
        let end = match work {
            Work::Transcode(job) => {
                drop(fonts);
                run::run(&job, &mut pipes).await
            }
            Work::Mix(job) => mix::run(job, fonts, &mut pipes).await,
        };
        pipes.say(&end).await
    });
    // Not by returning: the codec thread may be in the middle of something, or stuck.
    match served {
        Ok(()) => std::process::exit(0),
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(1)
        }
    }
}
