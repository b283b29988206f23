//! Notices that the terminal went away, without ever waking up before that.
//!
//! A thread sits in `poll` for a hang-up of the terminal and nothing else. When it comes, standard input becomes a silent
//! pipe and standard output and error become `/dev/null`, so that no reader spins on end-of-file and no write can fail;
//! then the caller's closure is told, and the process has a limited time to end by itself before it is ended. It never
//! touches the outbox or the event loop: those belong to the closure.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Signal, getpid, kill_process};
use rustix::stdio;
use rustix::termios::isatty;

use super::modes;

/// Watches until dropped.
#[derive(Debug)]
pub struct Watch {
    /// Closing it ends the thread.
    _stop: OwnedFd,
}

/// The writing end of the pipe that became standard input: kept open, or the pipe would be at its end too.
static SILENCE: Mutex<Option<OwnedFd>> = Mutex::new(None);

/// Starts watching the terminal on standard input (or `/dev/tty` if that is redirected).
///
/// On a hang-up `lost` is called once, on the watching thread. If the process still runs `grace` later it is killed:
/// what had to be kept is kept durably already, and a process without a terminal must not stay. Should `lost` end the
/// process itself, all the better.
///
/// # Errors
/// There is no terminal to watch, or no thread or descriptor to do it with.
pub fn watch(grace: Duration, lost: impl FnOnce() + Send + 'static) -> io::Result<Watch> {
    let terminal: OwnedFd = if isatty(stdio::stdin()) {
        fcntl_dupfd_cloexec(stdio::stdin(), 3)?
    } else {
        File::open("/dev/tty")?.into()
    };
    watch_on(terminal, move || {
        modes::abandon();
        if let Err(e) = detach() {
            tracing::error!(error = %e, "cannot detach from the lost terminal");
        }
        tracing::warn!("the terminal went away");
        lost();
        last_resort(grace);
    })
}

/// Runs `then` once `terminal` hangs up; returns at once.
fn watch_on(terminal: OwnedFd, then: impl FnOnce() + Send + 'static) -> io::Result<Watch> {
    let (stopped, stop) = pipe_with(PipeFlags::CLOEXEC)?;
    thread::Builder::new().name("hangup".into()).spawn(move || {
        if wait_for_hangup(&terminal, &stopped) {
            drop(terminal);
            then();
        }
    })?;
    Ok(Watch { _stop: stop })
}

/// Blocks until the terminal hung up (true) or the watch was dropped (false).
fn wait_for_hangup(terminal: &impl AsFd, stopped: &impl AsFd) -> bool {
    let lost = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
    loop {
        // no flags asked for: hang-ups and errors are reported anyway, and nothing else wakes us
        let mut fds =
            [PollFd::new(terminal, PollFlags::empty()), PollFd::new(stopped, PollFlags::empty())];
        match poll(&mut fds, None) {
            Ok(_) if fds[1].revents().intersects(lost) => return false,
            Ok(_) if fds[0].revents().intersects(lost) => return true,
            Ok(_) | Err(Errno::INTR) => {}
            Err(e) => {
                tracing::error!(error = %e, "cannot watch the terminal");
                return false;
            }
        }
    }
}

/// Standard input silent, standard output and error into nothing.
fn detach() -> io::Result<()> {
    let (silent, keep) = pipe_with(PipeFlags::CLOEXEC)?;
    let nothing = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    stdio::dup2_stdout(&nothing)?;
    stdio::dup2_stderr(&nothing)?;
    stdio::dup2_stdin(&silent)?;
    *SILENCE.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(keep);
    Ok(())
}

/// Ends the process `grace` from now, if it is still there.
fn last_resort(grace: Duration) {
    let until = Instant::now() + grace;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        let left =
            Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        let _ = poll(&mut [], Some(&left));
    }
    tracing::error!("still running after the terminal went away: ending now");
    let _ = kill_process(getpid(), Signal::KILL);
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(10);

    #[test]
    fn a_hang_up_is_reported_once_and_input_is_not() {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let (tell, told) = mpsc::channel();
        let _watch = watch_on(ours.try_clone().unwrap().into(), move || {
            tell.send(()).unwrap();
        })
        .unwrap();
        io::Write::write_all(&mut &theirs, b"typed").unwrap();
        assert!(told.try_recv().is_err());
        drop(theirs);
        told.recv_timeout(DEADLINE).unwrap();
    }

    #[test]
    fn a_dropped_watch_ends_its_thread_and_reports_nothing() {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let (tell, told) = mpsc::channel::<()>();
        drop(
            watch_on(ours.into(), move || {
                tell.send(()).unwrap();
            })
            .unwrap(),
        );
        // the closure is dropped with the thread, which closes the channel
        assert_eq!(told.recv_timeout(DEADLINE), Err(mpsc::RecvTimeoutError::Disconnected));
        drop(theirs);
    }
}
