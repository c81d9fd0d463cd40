//! A mix as a job: one connection per input, threads that decode, sum, compose and encode, one connection per output.
//!
//! Nothing waits for anything: the threads of sound and canvas run on one clock and take what has come by then; an input
//! that ends is opened again; an output that does not take its media loses it. Names of threads: `sound`, `canvas`, and
//! `picture` for each input that is seen.

mod canvas_thread;
mod input;
mod outlet;
mod picture_thread;
mod run;
mod sound_thread;
mod tap;

pub(super) use run::run;
