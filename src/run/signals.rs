//! The signals the loop lives by. They are caught before the terminal is taken: whoever ends the program a moment after its
//! first frame must find the terminal as it was.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use rustix::process::Signal as Signum;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrived {
    /// The program is to end.
    End,
    /// Somebody asked for an end at the keyboard, of whatever program has it.
    Interrupt,
    /// The terminal has another size.
    Resized,
}

/// Signals that end the program and those that tell of a new size.
pub(super) struct Signals {
    ending: Vec<Signal>,
    /// Those a terminal sends to everybody in front of it.
    typed: Vec<Signal>,
    resized: Signal,
    /// A file that may grow no further is an error of that file, not the end of the program.
    _too_large: Signal,
}

impl Signals {
    /// Catches them from here on, on the runtime that is entered.
    pub(super) fn catch() -> io::Result<Self> {
        // every signal somebody may send whose default would leave the terminal in its full-screen modes
        let ending = [
            SignalKind::terminate(),
            SignalKind::hangup(),
            SignalKind::alarm(),
            SignalKind::user_defined1(),
            SignalKind::user_defined2(),
        ];
        let typed = [SignalKind::interrupt(), SignalKind::quit()];
        Ok(Self {
            ending: ending.into_iter().map(signal).collect::<io::Result<_>>()?,
            typed: typed.into_iter().map(signal).collect::<io::Result<_>>()?,
            resized: signal(SignalKind::window_change())?,
            _too_large: signal(SignalKind::from_raw(Signum::XFSZ.as_raw()))?,
        })
    }

    /// Waits for the next.
    pub(super) async fn next(&mut self) -> Arrived {
        poll_fn(|cx| {
            if self.ending.iter_mut().any(|signal| signal.poll_recv(cx).is_ready()) {
                return Poll::Ready(Arrived::End);
            }
            if self.typed.iter_mut().any(|signal| signal.poll_recv(cx).is_ready()) {
                return Poll::Ready(Arrived::Interrupt);
            }
            self.resized.poll_recv(cx).map(|_| Arrived::Resized)
        })
        .await
    }
}
