//! The program in a pseudo-terminal, driven by keys and read from its screen alone.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use super::PATIENCE;
use super::server::{JOB, Server};

const ROWS: u16 = 60;
const COLUMNS: u16 = 110;

/// What is on the screen.
pub struct Screen(Vec<String>);

impl Screen {
    pub fn any_line(&self, what: impl Fn(&str) -> bool) -> bool {
        self.0.iter().any(|line| what(line))
    }

    fn holds(&self, text: &str) -> bool {
        self.any_line(|line| line.contains(text))
    }

    /// The event under the cursor, from the rule above its detail.
    fn event(&self) -> Option<String> {
        self.0.iter().find_map(|line| {
            let id = line.strip_prefix("── ")?.split(' ').next()?;
            (id.len() > 4 && id.chars().all(|c| c.is_ascii_digit())).then(|| id.to_owned())
        })
    }

    /// The label of a digit, from the line of labels.
    fn label(&self, digit: usize) -> Option<String> {
        let line = self.0.iter().find(|line| line.starts_with(" LABEL  "))?;
        let rest = line.split_once(&format!(" {digit} "))?.1;
        Some(rest.split("  ").next()?.trim().to_owned())
    }

    /// The sentence above the hints.
    fn said(&self) -> &str {
        self.0[usize::from(ROWS) - 2].trim()
    }

    /// Activity's lines: state, event, label.
    fn writes(&self) -> Vec<(String, String, String)> {
        let lines = self.0.iter().filter_map(|line| {
            let (before, after) = line.split_once(&format!(" label {JOB}/"))?;
            let state = before.split_whitespace().last()?.to_owned();
            let (event, rest) = after.split_once(' ')?;
            let label = rest.split("  ").next()?.trim().to_owned();
            Some((state, event.to_owned(), label))
        });
        lines.collect()
    }
}

pub struct Console {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    seen: Option<mpsc::Receiver<Vec<u8>>>,
    reader: Option<thread::JoinHandle<()>>,
    parser: vt100::Parser,
}

impl Drop for Console {
    fn drop(&mut self) {
        // fails only when it has ended
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a sub-command of the ledger: whether it succeeded, and what it said.
pub fn ledger(home: &Path, words: &str) -> (bool, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_socdeck"))
        .arg("ledger")
        .args(words.split(' '))
        .env_clear()
        .env("HOME", home)
        .output()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    (done.status.success(), said)
}

impl Console {
    pub fn open(home: &Path, server: &Server) -> Self {
        let pair = native_pty_system()
            .openpty(PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 })
            .unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_socdeck"));
        command.env_clear();
        command.env("HOME", home);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        for (name, value) in &server.exports {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut input = pair.master.try_clone_reader().unwrap();
        let (send, seen) = mpsc::channel();
        let reader = thread::spawn(move || {
            let mut bytes = [0; 8192];
            while let Ok(n) = input.read(&mut bytes) {
                if n == 0 || send.send(bytes[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self {
            child,
            master: Some(pair.master),
            writer: Some(writer),
            seen: Some(seen),
            reader: Some(reader),
            parser: vt100::Parser::new(ROWS.try_into().unwrap(), COLUMNS.try_into().unwrap(), 0),
        }
    }

    fn screen(&self) -> Screen {
        Screen(self.parser.screen().rows(0, COLUMNS).collect())
    }

    /// Takes in what comes until `deadline` or until `done`; whether it was.
    fn read_until(&mut self, deadline: Instant, done: impl Fn(&Screen) -> bool) -> bool {
        loop {
            // What has come already counts as one frame.
            while let Some(Ok(bytes)) = self.seen.as_ref().map(|seen| seen.try_recv()) {
                self.parser.process(&bytes);
            }
            if done(&self.screen()) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.seen.as_ref().map(|seen| seen.recv_timeout(left)) {
                Some(Ok(bytes)) => self.parser.process(&bytes),
                _ => return done(&self.screen()),
            }
        }
    }

    #[track_caller]
    pub fn wait_until(&mut self, what: &str, done: impl Fn(&Screen) -> bool) {
        let came = self.read_until(Instant::now() + PATIENCE, done);
        assert!(came, "{what}: never; the screen:\n{}", self.screen().0.join("\n"));
    }

    /// Takes in what comes for this long.
    pub fn watch_for(&mut self, time: Duration) {
        self.read_until(Instant::now() + time, |_| false);
    }

    pub fn type_in(&mut self, text: &str) {
        // A terminal that is gone takes nothing: the caller looks at what follows.
        if let Some(writer) = &mut self.writer {
            let _ = writer.write_all(text.as_bytes());
        }
    }

    /// Opens the events of the job.
    pub fn triage(&mut self) {
        self.wait_until("the first screen", |screen| screen.holds(" JOBS "));
        self.watch_for(Duration::from_millis(50));
        if self.screen().holds("were not sent") || self.screen().holds("was not sent") {
            self.type_in("\x07");
        }
        self.type_in(":");
        self.wait_until("the command line", |screen| screen.holds("── command"));
        self.type_in(&format!("job {JOB}"));
        self.wait_until("the typed line", |screen| screen.holds(&format!("job {JOB}")));
        self.type_in("\r");
        self.wait_until("an event with its labels", |screen| {
            screen.holds(&format!(" TRIAGE {JOB}"))
                && screen.event().is_some()
                && screen.label(2).is_some()
        });
    }

    /// Waits until a digit can count, and says what it would label with what.
    pub fn aim(&mut self, digit: usize) -> (String, String) {
        // What was said of the key before must not pass for an answer to the next.
        while refused(&self.screen()) {
            self.type_in("\x07");
            self.watch_for(Duration::from_millis(20));
        }
        self.wait_until("an event", |screen| screen.event().is_some());
        // Longer than the guard wants an event to have been on the screen, as a person would.
        self.watch_for(Duration::from_millis(30));
        let screen = self.screen();
        let event = screen.event().unwrap();
        (event, screen.label(digit).unwrap())
    }

    /// Waits until the screen takes or refuses a label.
    pub fn taken(&mut self, event: &str, label: &str) -> bool {
        let until = Instant::now() + PATIENCE;
        let told = |screen: &Screen| said_taken(screen, event, label) || refused(screen);
        assert!(
            self.read_until(until, told),
            "{event} {label}: nothing was said; the screen:\n{}",
            self.screen().0.join("\n")
        );
        said_taken(&self.screen(), event, label)
    }

    /// Whether the last screen said that the label was taken.
    pub fn says_taken(&self, event: &str, label: &str) -> bool {
        said_taken(&self.screen(), event, label)
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub fn signal(&self, signal: Signal) {
        let id = self.child.process_id().unwrap();
        let pid = Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Takes the terminal away.
    pub fn close(&mut self) {
        // Its reading thread holds a copy: it ends at its next read, once nobody listens. A repaint makes something to read.
        self.seen = None;
        self.type_in("\x0c");
        self.reader.take().unwrap().join().unwrap();
        self.writer = None;
        self.master = None;
    }

    /// Waits for the end of the process, taking in its last words.
    pub fn wait_gone(&mut self) {
        let until = Instant::now() + PATIENCE;
        while self.child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < until, "the program does not end");
            self.watch_for(Duration::from_millis(2));
            if self.seen.is_none() {
                thread::yield_now();
            }
        }
    }

    /// Leaves, keeping what is not sent.
    pub fn quit(&mut self) {
        self.wait_until("a screen", |screen| !screen.0[0].trim().is_empty());
        let until = Instant::now() + PATIENCE;
        while self.is_running() {
            assert!(
                Instant::now() < until,
                "it does not quit; the screen:\n{}",
                self.screen().0.join("\n")
            );
            let screen = self.screen();
            let key = if screen.holds("sends them now, then quits") {
                "k"
            } else if screen.holds("leaves them held") {
                "\x07"
            } else {
                "q"
            };
            self.type_in(key);
            self.watch_for(Duration::from_millis(60));
        }
    }

    /// Shows Activity, past the offer if there is one, and waits until `done`; whether there was an offer.
    fn activity(&mut self, what: &str, done: impl Fn(&Screen) -> bool) -> bool {
        let until = Instant::now() + PATIENCE;
        let mut offered = false;
        loop {
            let screen = self.screen();
            assert!(Instant::now() < until, "{what}: never; {}", screen.0.join("\n"));
            if screen.holds("shows them in Activity") {
                offered = true;
                self.type_in("r");
            } else if screen.holds(" JOBS ") {
                self.type_in("ga");
            } else if screen.holds(" ACTIVITY ") && done(&screen) {
                return offered;
            }
            self.watch_for(Duration::from_millis(60));
        }
    }

    /// Waits until what is due is settled; returns what is held, which must have been offered.
    pub fn held(&mut self) -> BTreeMap<String, String> {
        let offered = self.activity("everything due is settled", |screen| {
            screen.any_line(|line| line.contains(" calls ended"))
                && !screen.holds("Nothing was written yet")
                && screen.writes().iter().all(|(state, ..)| {
                    !["grace", "due", "RETRY", "sending"].contains(&state.as_str())
                })
        });
        let writes = self.screen().writes();
        let held: Vec<_> = writes.iter().filter(|(state, ..)| state == "HELD").collect();
        assert!(offered || held.is_empty(), "held and not offered: {held:?}");
        // The newest stands first: what is below it is older.
        let newest_last = held.into_iter().rev();
        newest_last.map(|(_, event, label)| (event.clone(), label.clone())).collect()
    }

    /// Says yes to what is offered and waits until it is sent.
    pub fn send_held(&mut self) {
        self.wait_until("the offer", |screen| screen.holds("sends them now"));
        let until = Instant::now() + PATIENCE;
        while self.screen().holds("sends them now") {
            assert!(Instant::now() < until, "the offer does not go");
            self.type_in("s");
            self.watch_for(Duration::from_millis(200));
        }
        self.activity("what was held is sent", |screen| {
            screen.any_line(|line| line.contains(" 0 unsent   0 held   0 parked or unknown"))
        });
    }
}

fn refused(screen: &Screen) -> bool {
    ["too soon", "press it again", "repeats", "NOT kept"]
        .iter()
        .any(|refusal| screen.said().contains(refusal))
}

fn said_taken(screen: &Screen, event: &str, label: &str) -> bool {
    let told = format!("label {JOB}/{event} {label} ");
    let moved = screen.event().is_some_and(|now| now != event);
    moved || screen.said().starts_with(&told)
}
