//! Whole days of an analyst in minutes: the real program in a pseudo-terminal, on the built-in simulator or on a server that
//! never answers. Every step waits for what a person would wait for: words on the screen.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

/// How long anything may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// The program in a terminal of its own.
struct Console {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    screen: Arc<Mutex<vt100::Parser>>,
    home: TempDir,
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

impl Console {
    fn start(
        columns: u16,
        rows: u16,
        words: &[&str],
        environment: &[(&str, &str)],
        config: &str,
    ) -> Self {
        let home = tempfile::tempdir().unwrap();
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
        let screen = Arc::new(Mutex::new(vt100::Parser::new(
            dimension(rows),
            dimension(columns),
            0,
        )));
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
        Self {
            child,
            master: pair.master,
            writer,
            screen,
            home,
        }
    }

    fn demo(columns: u16, rows: u16, config: &str) -> Self {
        Self::start(columns, rows, &["demo"], &[], config)
    }

    fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    fn wait(&self, what: &str, holds: impl Fn(&str) -> bool) -> String {
        let begin = Instant::now();
        loop {
            let text = self.text();
            if holds(&text) {
                return text;
            }
            assert!(
                begin.elapsed() < DEADLINE,
                "waited for {what}; the screen is\n{text}"
            );
            thread::park_timeout(Duration::from_millis(10));
        }
    }

    fn see(&self, words: &str) -> String {
        self.wait(words, |text| text.contains(words))
    }

    fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Types a label as a person does: only after the event has been looked at.
    fn label(&mut self, digit: char, accepted: impl Fn(&str) -> bool) {
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

    fn quit(mut self) -> u32 {
        self.keys("q");
        self.ended()
    }

    fn ended(&mut self) -> u32 {
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

fn marks(text: &str, sign: char) -> usize {
    text.lines()
        .filter(|line| {
            line.get(1..3)
                .is_some_and(|mark| mark.ends_with(sign) && !mark.starts_with(' '))
        })
        .count()
}

#[test]
fn an_analyst_labels_three_events_and_looks_up_a_device_and_an_endpoint() {
    let mut console = Console::demo(80, 24, "[labels]\ngrace = \"1s\"\n");
    console.see("suricata-edge");
    console.keys("\r");
    console.see("DECISION POINTS");
    console.see("LABEL  1 ");
    for count in 1..=3 {
        console.label('1', |text| marks(text, '~') + marks(text, '.') >= count);
    }
    console.wait("three confirmed labels", |text| marks(text, '.') >= 3);
    console.see("the server says updated");
    console.keys("gd");
    console.see("find: ");
    console.keys("1\r");
    console.see("TAGS");
    console.see("ip-172-31-32-1");
    console.see("Active Threat");
    console.keys("ge");
    console.see("look up: ");
    console.keys("hxxp://cats[.]com/a\r");
    console.see("cats[.]com");
    console.see("popularity");
    console.keys(":");
    console.see("Tab completes");
    console.keys("!darktrace-get-similar-devices did=1 max_results=2\r");
    let text = console.see("823");
    assert!(text.contains("172.31.16.1"), "{text}");
    console.keys("\x07");
    console.keys("ga");
    console.see("[writes] calls");
    assert_eq!(marks(&console.text(), '~'), 0);
    let screen = Arc::clone(&console.screen);
    assert_eq!(console.quit(), 0);
    let screen = screen.lock().unwrap();
    assert!(
        !screen.screen().alternate_screen(),
        "the main screen is back"
    );
    assert!(!screen.screen().hide_cursor(), "the cursor is back");
    assert!(!screen.screen().bracketed_paste(), "bracketed paste is off");
}

#[test]
fn keys_answer_while_the_server_does_not() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let environment = [
        ("SOCDECK_ARCANNA_URL", url.as_str()),
        ("SOCDECK_ARCANNA_API_KEY", "k"),
        ("SOCDECK_USERNAME", "ana"),
    ];
    let mut console = Console::start(80, 24, &[], &environment, "");
    console.see("loading the jobs");
    console.keys("?");
    console.see("help");
    console.keys("clock");
    console.see("times in UTC");
    console.keys("\x07gd");
    console.see("Darktrace is not configured");
    console.keys("-");
    console.see("JOBS");
    assert_eq!(console.quit(), 0);
    drop(silent);
}

#[test]
fn a_refused_key_is_told_with_what_to_do() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    thread::spawn(move || {
        while let Ok((mut stream, _)) = server.accept() {
            let mut bytes = [0; 4096];
            let _ = stream.read(&mut bytes);
            let body = r#"{"detail":"Invalid key"}"#;
            let answer = format!(
                "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let environment = [
        ("SOCDECK_ARCANNA_URL", url.as_str()),
        ("SOCDECK_ARCANNA_API_KEY", "k3y-that-stays-secret"),
    ];
    let console = Console::start(80, 24, &[], &environment, "");
    let text = console.see("NO ACCESS Arcanna");
    console.see("Invalid key");
    assert!(!text.contains("k3y-that-stays-secret"));
    assert_eq!(console.quit(), 0);
}

#[test]
fn a_paste_of_digits_labels_nothing() {
    let mut console = Console::demo(80, 24, "");
    console.see("suricata-edge");
    console.keys("\r");
    console.see("DECISION POINTS");
    console.keys("\x1b[200~1221\n\x1b[201~");
    console.see("was ignored");
    console.keys("1221");
    console.see("came with other keys");
    assert_eq!(marks(&console.text(), '~'), 0);
    console.keys("ga");
    console.see("Nothing was written");
    assert_eq!(console.quit(), 0);
}

#[test]
fn any_size_is_drawn_and_the_last_one_is_whole() {
    let mut console = Console::demo(80, 24, "");
    console.see("suricata-edge");
    console.keys("\r");
    console.see("DECISION POINTS");
    for (columns, rows) in [
        (200, 60),
        (20, 5),
        (61, 16),
        (140, 40),
        (1, 1),
        (300, 10),
        (59, 40),
        (80, 24),
    ]
    .repeat(3)
    {
        console
            .screen
            .lock()
            .unwrap()
            .screen_mut()
            .set_size(rows.try_into().unwrap(), columns.try_into().unwrap());
        console.master.resize(size(columns, rows)).unwrap();
    }
    console.wait("a whole frame", |text| {
        text.contains("DECISION POINTS")
            && text.contains("LABEL")
            && text
                .lines()
                .next()
                .is_some_and(|line| line.contains("DEMO"))
    });
    assert_eq!(console.quit(), 0);
}

#[test]
fn wrong_keys_in_the_settings_stop_the_start_at_their_line() {
    let mut console = Console::demo(80, 24, "[keys]\n\"shell.help\" = [\"3\"]\n");
    assert_eq!(console.ended(), 3);
    let text = console.see("digits label");
    assert!(text.replace('\n', "").contains("config.toml:2"), "{text}");
    assert!(Path::new(console.home.path()).exists());
}
