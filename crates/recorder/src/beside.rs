//! Work for the disk that may take seconds, beside the writing thread: what comes meanwhile is in the file at once, and
//! a process that is killed then loses none of it.

use std::path::Path;
use std::thread::JoinHandle;

use crate::RecordError;
use crate::file::io_error;

/// Such work, one piece after the other. Dropping it waits for the last piece.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    running: Option<JoinHandle<Result<(), RecordError>>>,
}

impl Beside {
    /// Whether nothing is under way.
    ///
    /// # Errors
    /// Of the work that has ended; told once.
    pub(crate) fn is_idle(&mut self) -> Result<bool, RecordError> {
        if self.running.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Ok(false);
        }
        self.wait().map(|()| true)
    }

    /// Waits until nothing is under way.
    ///
    /// # Errors
    /// Of the work that has ended; told once.
    pub(crate) fn wait(&mut self) -> Result<(), RecordError> {
        match self.running.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(done)) => done,
            Some(Err(_)) => Err(RecordError::Track(
                "a thread that brings to the disk has panicked".into(),
            )),
        }
    }

    /// Begins `work` on `path` when the work before it is done.
    ///
    /// # Errors
    /// Of the work before, or when no thread can be started.
    pub(crate) fn start(
        &mut self,
        path: &Path,
        work: impl FnOnce() -> Result<(), RecordError> + Send + 'static,
    ) -> Result<(), RecordError> {
        self.wait()?;
        let thread = std::thread::Builder::new().name("rec-sync".into()).spawn(work);
        self.running = Some(thread.map_err(io_error(path))?);
        Ok(())
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // Whoever wants to know how it went has asked before.
        let _ = self.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn work_is_done_beside_and_its_error_told_once() {
        let (go, wait) = mpsc::channel::<()>();
        let mut beside = Beside::default();
        assert!(beside.is_idle().unwrap());
        let slow = move || {
            let _ = wait.recv();
            Err(RecordError::Track("no disk".into()))
        };
        beside.start(Path::new("x"), slow).unwrap();
        assert!(!beside.is_idle().unwrap());
        drop(go);
        assert!(matches!(beside.wait(), Err(RecordError::Track(what)) if what == "no disk"));
        assert!(beside.is_idle().unwrap());
    }
}
