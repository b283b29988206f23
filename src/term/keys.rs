//! Reads what is typed: a thread that waits for the terminal, and the parser that turns its bytes into events.
//!
//! The events are crossterm's, the reading is not: its reader burns a core at end-of-file, blocks whoever polls it in the
//! middle of a split sequence, keeps swallowing keys after a mode report, and lets the rest of an unknown sequence through
//! as letters and digits. This one waits in one `poll` (no wake-up while nobody types), stops at end-of-file, can be
//! paused while an editor has the terminal, and swallows every sequence it does not know to its end. It does not judge
//! keys; that is the guard's work, and a lone Esc is passed on at once for the guard to hold.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crossterm::event::Event;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::stdio;
use rustix::termios::isatty;

use super::parse::Reader;

/// What the reader delivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// An event and when its last byte arrived.
    Event(Event, Instant),
    /// The terminal is at its end; nothing more will come.
    Closed,
}

/// The reading thread. Dropping it stops the reading.
#[derive(Debug)]
pub struct Keys {
    wake: OwnedFd,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    phase: Mutex<Phase>,
    changed: Condvar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    #[default]
    Reading,
    /// Asked to pause; the thread has not stopped yet.
    Pausing,
    Paused,
    Stopped,
}

impl Keys {
    /// Starts reading standard input, or `/dev/tty` if that is no terminal. `deliver` is called on the reading thread and
    /// returns false when nobody listens any more.
    pub fn start(deliver: impl FnMut(Typed) -> bool + Send + 'static) -> io::Result<Self> {
        if isatty(stdio::stdin()) {
            Self::read(Source::Stdin, deliver)
        } else {
            Self::read(Source::Own(File::open("/dev/tty")?.into()), deliver)
        }
    }

    /// Reads from any descriptor: for tests.
    pub fn start_on(
        input: OwnedFd,
        deliver: impl FnMut(Typed) -> bool + Send + 'static,
    ) -> io::Result<Self> {
        Self::read(Source::Own(input), deliver)
    }

    fn read(
        source: Source,
        mut deliver: impl FnMut(Typed) -> bool + Send + 'static,
    ) -> io::Result<Self> {
        let (woken, wake) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        let thread = thread::Builder::new().name("keys".into()).spawn(move || {
            read_all(&source, &woken, &theirs, &mut deliver);
            theirs.set(Phase::Stopped);
        })?;
        Ok(Self { wake, shared, thread: Some(thread) })
    }

    /// Stops reading until [`Keys::resume`]; returns when the thread no longer touches the terminal.
    pub fn pause(&self) {
        if self.shared.advance(Phase::Reading, Phase::Pausing) {
            self.poke();
            self.shared.wait(|p| p != Phase::Pausing);
        }
    }

    /// Reads on; what was half read before the pause is forgotten.
    pub fn resume(&self) {
        self.shared.advance(Phase::Paused, Phase::Reading);
    }

    fn poke(&self) {
        let _ = rustix::io::write(&self.wake, b"!");
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.shared.set(Phase::Stopped);
        self.poke();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn set(&self, phase: Phase) {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner) = phase;
        self.changed.notify_all();
    }

    fn advance(&self, from: Phase, to: Phase) -> bool {
        let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        let did = *phase == from;
        if did {
            *phase = to;
            self.changed.notify_all();
        }
        did
    }

    fn wait(&self, until: impl Fn(Phase) -> bool) -> Phase {
        let mut phase = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        while !until(*phase) {
            phase = self.changed.wait(phase).unwrap_or_else(PoisonError::into_inner);
        }
        *phase
    }

    fn now(&self) -> Phase {
        *self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Source {
    /// Looked up anew each time, so that a detached standard input is noticed.
    Stdin,
    Own(OwnedFd),
}

impl AsFd for Source {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Stdin => stdio::stdin(),
            Self::Own(fd) => fd.as_fd(),
        }
    }
}

fn read_all(
    source: &Source,
    woken: &OwnedFd,
    shared: &Shared,
    deliver: &mut impl FnMut(Typed) -> bool,
) {
    let mut reader = Reader::default();
    let mut bytes = [0u8; 4096];
    loop {
        if shared.advance(Phase::Pausing, Phase::Paused) {
            shared.wait(|p| p != Phase::Paused);
            reader = Reader::default();
        }
        if shared.now() == Phase::Stopped {
            return;
        }
        let mut fds = [PollFd::new(source, PollFlags::IN), PollFd::new(woken, PollFlags::IN)];
        match poll(&mut fds, None) {
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(e) => {
                tracing::error!(error = %e, "cannot wait for keys");
                deliver(Typed::Closed);
                return;
            }
        }
        if !fds[1].revents().is_empty() {
            let _ = rustix::io::read(woken, &mut bytes);
            continue;
        }
        match rustix::io::read(source, &mut bytes) {
            Ok(n) if n > 0 => {
                let at = Instant::now();
                for event in reader.take(&bytes[..n], at) {
                    if !deliver(Typed::Event(event, at)) {
                        return;
                    }
                }
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            // end-of-file or a lost terminal: the hang-up watch does the rest
            Ok(_) | Err(_) => {
                deliver(Typed::Closed);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;
    use std::sync::mpsc;
    use std::time::Duration;

    use crossterm::event::KeyCode;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(10);

    fn start() -> (UnixStream, Keys, mpsc::Receiver<Typed>) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (send, typed) = mpsc::channel();
        let keys = Keys::start_on(theirs.into(), move |t| send.send(t).is_ok()).unwrap();
        (ours, keys, typed)
    }

    fn next(typed: &mpsc::Receiver<Typed>) -> KeyCode {
        match typed.recv_timeout(DEADLINE).unwrap() {
            Typed::Event(Event::Key(k), _) => k.code,
            other => panic!("{other:?}"),
        }
    }

    fn type_in(mut to: &UnixStream, bytes: &[u8]) {
        io::Write::write_all(&mut to, bytes).unwrap();
    }

    #[test]
    fn keys_arrive_in_order_and_the_end_is_told_once() {
        let (ours, keys, typed) = start();
        type_in(&ours, b"ab\x1b[6~");
        assert_eq!(
            [next(&typed), next(&typed), next(&typed)],
            [KeyCode::Char('a'), KeyCode::Char('b'), KeyCode::PageDown]
        );
        drop(ours);
        assert_eq!(typed.recv_timeout(DEADLINE).unwrap(), Typed::Closed);
        assert!(typed.recv_timeout(DEADLINE).is_err(), "the thread is gone and so is its sender");
        drop(keys);
    }

    #[test]
    fn a_paused_reader_leaves_the_keys_to_others() {
        let (ours, keys, typed) = start();
        type_in(&ours, b"a");
        assert_eq!(next(&typed), KeyCode::Char('a'));
        keys.pause();
        type_in(&ours, b"b");
        assert!(typed.try_recv().is_err());
        keys.resume();
        assert_eq!(next(&typed), KeyCode::Char('b'));
    }

    #[test]
    fn dropping_the_reader_ends_its_thread() {
        let (_ours, keys, typed) = start();
        drop(keys);
        assert!(matches!(typed.try_recv(), Err(mpsc::TryRecvError::Disconnected)));
    }
}
