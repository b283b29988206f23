//! Entering the terminal's full-screen modes, and leaving them exactly once however the program ends.
//!
//! State is global because the terminal is: the normal way out, a drop, a panic and a fatal signal all call [`leave`],
//! and only the first one acts. After a hang-up (`abandon`) nothing is written any more: writing to a lost terminal
//! fails, and failing while a panic unwinds would abort the process with labels unsaved.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::thread::{self, ThreadId};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::stdio;
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, OutputModes, QueueSelector, Termios, isatty, tcflush,
    tcgetattr, tcsetattr,
};

/// Alternate screen, no automatic wrap (foreign text stays in its row), bracketed paste, cursor hidden, numeric keypad
/// (an application keypad's digits would be lost), plain ink, blank. Nothing in it makes a terminal answer.
pub(super) const ENTER: &str = "\x1b[?1049h\x1b[?7l\x1b[?2004h\x1b[?25l\x1b>\x1b[m\x1b[2J";

/// Everything back, whatever was on: end of a frame, ink, mouse, paste, wrap, cursor, keypad, main screen.
pub(super) const LEAVE: &str = "\x1b[?2026l\x1b[m\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?1004l\x1b[?2004l\
                                \x1b[?7h\x1b[?25h\x1b>\x1b[?1049l";

/// What a person needs to know after a crash, below the message of the crash itself.
const CRASHED: &str = "socdeck: this is a fault of the program. What was labelled is in the outbox; start again to go on.\n\
                       socdeck: if the terminal is not as it was, type: socdeck reset-terminal";
/// Switches off what another program may have left on when it ended badly: mouse, paste, focus and key reports, application
/// keys, insert mode, scroll margins, other character sets. The screen it left is not touched, nor where its cursor stood.
pub(super) const AFTER: &str = "\x1b[?2026l\x1b[m\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?1004l\x1b[?2004l\
                                \x1b[?1l\x1b[4l\x1b7\x1b[r\x1b8\x1b(B\x0f\x1b[>4m\x1b[<u\x1b[m";

/// From the full screen to the main one and back, while this program keeps the terminal.
pub(super) const ASIDE: &str = "\x1b[?2026l\x1b[m\x1b[?1049l\x1b[?7h\x1b[?25h";
/// See [`ASIDE`].
pub(super) const RETURN: &str = "\x1b[?1049h\x1b[?7l\x1b[?25l\x1b[m\x1b[2J";

static ENTERED: AtomicBool = AtomicBool::new(false);
static GONE: AtomicBool = AtomicBool::new(false);
/// The thread that draws; a panic elsewhere is somebody's failed task and leaves the screen alone.
static OWNER: Mutex<Option<ThreadId>> = Mutex::new(None);

/// Switches raw mode and the full screen on; a panic on this thread will switch them off.
pub(super) fn enter() -> io::Result<()> {
    if !isatty(stdio::stdout()) {
        return Err(io::Error::new(
            io::ErrorKind::NotConnected,
            "standard output is not a terminal",
        ));
    }
    install_panic_hook();
    *OWNER.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current().id());
    crossterm::terminal::enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    write_tty(ENTER.as_bytes()).inspect_err(|_| leave())
}

/// Puts the terminal back and throws typed-ahead keys away, so that none of them reaches the shell. Only the first call
/// after an `enter` does anything; errors are of no use here and are dropped.
pub fn leave() {
    if !ENTERED.swap(false, Ordering::SeqCst) || GONE.load(Ordering::SeqCst) {
        return;
    }
    let _ = write_tty(LEAVE.as_bytes());
    flush_input();
    let _ = crossterm::terminal::disable_raw_mode();
    flush_input();
}

/// The terminal is gone: nothing is restored or written any more.
pub(super) fn abandon() {
    GONE.store(true, Ordering::SeqCst);
}

/// Whether the terminal was lost.
pub fn is_gone() -> bool {
    GONE.load(Ordering::SeqCst)
}

/// The terminal's line settings, to be put back if another program leaves them changed. `None` without a terminal.
pub(super) fn line_settings() -> Option<Termios> {
    tcgetattr(stdio::stdin()).or_else(|_| tcgetattr(stdio::stdout())).ok()
}

/// Puts line settings back.
pub(super) fn set_line_settings(settings: &Termios) {
    let put = |fd| tcsetattr(fd, OptionalActions::Now, settings);
    if let Err(error) = put(stdio::stdin()).or_else(|_| put(stdio::stdout())) {
        tracing::warn!(%error, "the terminal's line settings could not be put back");
    }
}

/// Discards everything typed and not yet read.
pub(super) fn flush_input() {
    let _ = tcflush(stdio::stdin(), QueueSelector::IFlush);
}

/// Puts a terminal back that a killed console left behind: its modes, its line discipline, and nothing typed ahead. It does
/// not matter whether the console really left something: where the main screen is shown already, the cursor stays.
///
/// # Errors
/// There is no terminal, neither on standard output nor as `/dev/tty`, or it does not take what is written.
pub fn reset() -> io::Result<()> {
    if isatty(stdio::stdout()) {
        return reset_on(stdio::stdout());
    }
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(|error| {
        io::Error::new(error.kind(), format!("there is no terminal to reset (/dev/tty: {error})"))
    })?;
    reset_on(terminal)
}

fn reset_on(terminal: impl AsFd) -> io::Result<()> {
    // Leaving the alternate screen puts the cursor where it was saved, so it is saved here for a terminal that is on its
    // main screen already; the two screens keep theirs apart.
    let bytes = ["\x1b7", LEAVE].concat();
    let mut left = bytes.as_bytes();
    while !left.is_empty() {
        match rustix::io::write(&terminal, left) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => left = &left[written..],
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut state = tcgetattr(&terminal)?;
    cook(&mut state);
    // Flushing with the change leaves no moment in which a key typed ahead could slip through.
    tcsetattr(&terminal, OptionalActions::Flush, &state)?;
    Ok(())
}

/// Raw mode undone as `stty sane` would, whatever was there before: nobody remembers it after a kill -9.
fn cook(state: &mut Termios) {
    state.input_modes |= InputModes::BRKINT | InputModes::ICRNL | InputModes::IXON;
    state.input_modes -= InputModes::IGNBRK | InputModes::INLCR | InputModes::IGNCR;
    state.output_modes |= OutputModes::OPOST | OutputModes::ONLCR;
    state.local_modes |= LocalModes::ISIG
        | LocalModes::ICANON
        | LocalModes::IEXTEN
        | LocalModes::ECHO
        | LocalModes::ECHOE
        | LocalModes::ECHOK
        | LocalModes::ECHOCTL
        | LocalModes::ECHOKE;
    state.local_modes -= LocalModes::NOFLSH | LocalModes::TOSTOP | LocalModes::ECHONL;
}

/// Writes all bytes to standard output, in one call as long as the terminal takes them.
pub(super) fn write_tty(mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        if is_gone() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        match rustix::io::write(stdio::stdout(), bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => bytes = &bytes[n..],
            Err(Errno::INTR) => {}
            // somebody set the shared description non-blocking; wait until it takes more, but look for a hang-up
            Err(Errno::AGAIN) => {
                let out = stdio::stdout();
                let second = Timespec { tv_sec: 1, tv_nsec: 0 };
                match poll(&mut [PollFd::new(&out, PollFlags::OUT)], Some(&second)) {
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(e) => return Err(e.into()),
                }
            }
            Err(e) => return Err(e.into()),
        }
    }
    Ok(())
}

/// Puts a hook before the existing one: restore first, then let the message through; a panic of another thread is
/// logged and never printed over the screen.
fn install_panic_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let owner = *OWNER.lock().unwrap_or_else(PoisonError::into_inner);
            let drawing = ENTERED.load(Ordering::SeqCst);
            if drawing && owner != Some(thread::current().id()) {
                tracing::error!(panic = %info, "a task panicked");
                return;
            }
            tracing::error!(panic = %info, "panicked");
            leave();
            if !is_gone() {
                before(info);
                // Nobody is left to tell when standard error cannot be written either.
                let _ = writeln!(io::stderr(), "{CRASHED}");
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entering_asks_the_terminal_nothing() {
        // queries: device attributes (c), status and cursor reports (n), mode requests ($p), colours (OSC ?), sizes (t)
        for bytes in [ENTER, LEAVE, ASIDE, RETURN] {
            for part in bytes.split('\x1b').skip(1) {
                let last = part.chars().last().unwrap();
                assert!("hlm>J".contains(last), "{part:?}");
                assert!(!part.contains('$') && !part.starts_with(']'));
            }
        }
    }

    #[test]
    fn cleaning_up_after_others_asks_nothing_and_leaves_the_screen_alone() {
        for part in AFTER.split('\x1b').skip(1) {
            assert!(!part.ends_with(['c', 'n', 'p', 't', 'J', 'K', 'H']), "{part:?}");
            assert!(!part.contains("1049") && !part.ends_with('h'), "{part:?}");
        }
    }

    #[test]
    fn every_mode_that_is_entered_is_left() {
        for mode in ENTER.split('\x1b').filter_map(|p| p.strip_prefix("[?")) {
            let (number, on) = mode.split_at(mode.len() - 1);
            let back = format!("[?{number}{}", if on == "h" { "l" } else { "h" });
            assert!(LEAVE.contains(&back), "{back}");
        }
    }

    #[test]
    fn leaving_without_having_entered_does_nothing() {
        leave();
        assert!(!is_gone());
    }
}
