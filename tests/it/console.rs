//! The real program in a pseudo-terminal of its own, as a person has it: keys in, a screen out, waiting for words.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

/// How long anything may take on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// The program in a terminal of its own.
pub struct Console {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    pub master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    pub screen: Arc<Mutex<vt100::Parser>>,
    pub home: TempDir,
}

pub fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

impl Console {
    pub fn start(
        columns: u16,
        rows: u16,
        words: &[&str],
        environment: &[(&str, &str)],
        config: &str,
    ) -> Self {
        Self::at(tempfile::tempdir().unwrap(), (columns, rows), words, environment, config)
    }

    /// The same in a home that holds something already.
    pub fn at(
        home: TempDir,
        (columns, rows): (u16, u16),
        words: &[&str],
        environment: &[(&str, &str)],
        config: &str,
    ) -> Self {
        let folder = home.path().join(".config/socdeck");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("config.toml"), config).unwrap();
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_socdeck"));
        command.args(words);
        command.env_clear();
        command.env("HOME", home.path());
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let dimension = |n: u16| n.try_into().unwrap();
        let screen =
            Arc::new(Mutex::new(vt100::Parser::new(dimension(rows), dimension(columns), 0)));
        let theirs = Arc::clone(&screen);
        thread::spawn(move || {
            let mut bytes = [0; 8192];
            while let Ok(count) = reader.read(&mut bytes) {
                if count == 0 {
                    break;
                }
                theirs.lock().unwrap().process(&bytes[..count]);
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self { child, master: pair.master, writer, screen, home }
    }

    pub fn demo(columns: u16, rows: u16, config: &str) -> Self {
        Self::start(columns, rows, &["demo"], &[], config)
    }

    pub fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    pub fn wait(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let begin = Instant::now();
        loop {
            let text = self.text();
            if holds(&text) {
                return text;
            }
            assert!(begin.elapsed() < DEADLINE, "waited for {what}; the screen is\n{text}");
            thread::park_timeout(Duration::from_millis(10));
        }
    }

    pub fn see(&self, words: &str) -> String {
        self.wait(words, |text| text.contains(words))
    }

    pub fn keys(&mut self, keys: &str) {
        self.bytes(keys.as_bytes());
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).unwrap();
        self.writer.flush().unwrap();
    }

    /// Types a label as a person does: only after the event has been looked at.
    pub fn label(&mut self, digit: char, accepted: impl Fn(&str) -> bool) {
        let begin = Instant::now();
        // The guard wants the event to have been on the screen for a moment; a swallowed digit says so and is pressed again.
        loop {
            self.keys(&digit.to_string());
            let pressed = Instant::now();
            while pressed.elapsed() < Duration::from_millis(600) {
                if accepted(&self.text()) {
                    return;
                }
                thread::park_timeout(Duration::from_millis(10));
            }
            assert!(
                begin.elapsed() < DEADLINE,
                "no label was accepted; the screen is\n{}",
                self.text()
            );
        }
    }

    pub fn process(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Sends the program a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = self.child.process_id().and_then(|pid| i32::try_from(pid).ok());
        let pid = pid.and_then(rustix::process::Pid::from_raw).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// The terminal's modes, as text to compare.
    pub fn modes(&self) -> String {
        format!("{:?}", self.master.get_termios().unwrap())
    }

    /// Ends the program as a crash does: it can do nothing about it.
    pub fn crash(mut self) {
        let pid = self.child.process_id().and_then(|pid| i32::try_from(pid).ok()).unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        self.child.wait().unwrap();
    }

    pub fn quit(mut self) -> u32 {
        self.keys("q");
        self.ended()
    }

    pub fn ended(&mut self) -> u32 {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.exit_code();
            }
            assert!(
                begin.elapsed() < DEADLINE,
                "the program is still there; its screen is\n{}",
                self.text()
            );
            thread::park_timeout(Duration::from_millis(10));
        }
    }
}

/// Labels in the list with this sign: `~` on the way, `.` confirmed.
pub fn marks(text: &str, sign: char) -> usize {
    text.lines()
        .filter(|line| {
            line.get(1..3)
                .is_some_and(|mark| mark.ends_with(sign) && mark.starts_with(char::is_alphabetic))
        })
        .count()
}
