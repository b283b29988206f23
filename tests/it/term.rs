//! The terminal room in a real pseudo-terminal: restored after leaving, after a panic and after an editor; gone when the
//! terminal is gone. Each test runs this very binary again as the program in the terminal.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

use std::io::{Read, Write};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use ratatui::style::Style;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use socdeck::term::{Keys, Options, Screen, Typed, hangup, modes};

const DEADLINE: Duration = Duration::from_secs(20);
const ROLE: &str = "SOCDECK_TEST_TERMINAL_ROLE";
const NOTE: &str = "SOCDECK_TEST_TERMINAL_NOTE";

/// The program in the terminal; does nothing when run as an ordinary test.
#[test]
fn child() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let mut screen =
        Screen::enter(Options { title: Some("PROD acme".into()), ..Options::default() }).unwrap();
    let paint = |s: &mut Screen, text: &str| {
        s.draw(|f| {
            f.buffer_mut().set_string(0, 0, text, Style::new());
        })
        .unwrap()
    };
    paint(&mut screen, "READY");
    let (send, typed) = mpsc::channel();
    match role.as_str() {
        "leave" => {
            let keys = Keys::start(move |t| send.send(t).is_ok()).unwrap();
            assert!(matches!(typed.recv_timeout(DEADLINE).unwrap(), Typed::Event(..)));
            drop(keys);
            paint(&mut screen, "TYPE");
            let stdin = rustix::stdio::stdin();
            let ahead = |wait: Option<&Timespec>| {
                poll(&mut [PollFd::new(&stdin, PollFlags::IN)], wait).unwrap() > 0
            };
            assert!(ahead(None));
            screen.leave().unwrap();
            assert!(!ahead(Some(&Timespec::default())), "the shell would get what was typed");
        }
        "panic" => panic!("on purpose"),
        "task" => {
            assert!(thread::spawn(|| panic!("in a task")).join().is_err());
            paint(&mut screen, "STILL HERE");
        }
        "editor" => {
            let keys = Keys::start(move |t| send.send(t).is_ok()).unwrap();
            keys.pause();
            let status = screen
                .run(
                    Command::new("sh")
                        .args(["-c", "printf ASKS; read line; printf '<%s>' \"$line\""]),
                )
                .unwrap();
            assert!(status.success());
            keys.resume();
            paint(&mut screen, "AGAIN");
            assert!(typed.try_recv().is_err(), "the editor's keys came to us");
        }
        "suspend" => {
            screen.suspend().unwrap();
            paint(&mut screen, "BACK");
        }
        "hangup" | "stuck" => {
            let note = std::env::var(NOTE).unwrap();
            let _keys = Keys::start(move |t| send.send(t).is_ok()).unwrap();
            let (tell, lost) = mpsc::channel();
            let grace = Duration::from_millis(if role == "stuck" { 300 } else { 10_000 });
            let _watch = hangup::watch(grace, move || {
                std::fs::write(note, "lost").unwrap();
                tell.send(()).unwrap();
            })
            .unwrap();
            assert!(matches!(typed.recv_timeout(DEADLINE).unwrap(), Typed::Event(..)));
            paint(&mut screen, "HEARD");
            lost.recv_timeout(DEADLINE).unwrap();
            assert!(modes::is_gone());
            // writing is refused now, and refused quietly
            assert!(
                screen
                    .draw(|f| {
                        f.buffer_mut().set_string(0, 0, "into nothing", Style::new());
                    })
                    .is_err()
            );
            if role == "stuck" {
                thread::park_timeout(DEADLINE);
            }
        }
        other => panic!("{other}"),
    }
}

/// A running child and everything it wrote.
struct Run {
    child: Box<dyn portable_pty::Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    writer: Option<Box<dyn Write + Send>>,
    seen: mpsc::Receiver<Vec<u8>>,
    so_far: String,
    before: String,
    reader: Option<thread::JoinHandle<()>>,
}

fn termios(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().unwrap())
}

fn run(role: &str, note: &str) -> Run {
    let pair = native_pty_system()
        .openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 })
        .unwrap();
    let before = termios(&*pair.master);
    // hang-ups are ignored, as under nohup: the watch must notice by itself
    let mut command = CommandBuilder::new("sh");
    let script = match role {
        // a shell with job control: it goes on when the program stops, and brings it back
        "suspend" => "set -m; \"$@\"; printf 'STOPPED\\n'; fg",
        _ => "trap '' HUP; exec \"$@\"",
    };
    command.args(["-c", script, "sh"]);
    command.arg(std::env::current_exe().unwrap());
    command.args(["--exact", "term::child", "--nocapture", "--test-threads=1"]);
    command.env(ROLE, role);
    command.env(NOTE, note);
    let child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut input = pair.master.try_clone_reader().unwrap();
    let (send, seen) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(n) = input.read(&mut bytes) {
            if n == 0 || send.send(bytes[..n].to_vec()).is_err() {
                break;
            }
        }
    });
    let writer = pair.master.take_writer().unwrap();
    Run {
        child,
        master: Some(pair.master),
        writer: Some(writer),
        seen,
        so_far: String::new(),
        before,
        reader: Some(reader),
    }
}

impl Run {
    fn wait_for(&mut self, text: &str) {
        let until = Instant::now() + DEADLINE;
        while !self.so_far.contains(text) {
            let left = until.saturating_duration_since(Instant::now());
            match self.seen.recv_timeout(left) {
                Ok(bytes) => self.so_far.push_str(&String::from_utf8_lossy(&bytes)),
                Err(e) => panic!("{text:?} never came ({e}): {:?}", self.so_far),
            }
        }
    }

    fn type_in(&mut self, text: &str) {
        self.writer.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Reads to the end of the output and returns all of it; the modes must be as they were, and the program must have
    /// ended well or not.
    fn finish(mut self, well: bool) -> String {
        let status = self.child.wait().unwrap();
        let master = self.master.take().unwrap();
        assert_eq!(termios(&*master), self.before, "terminal modes differ from before");
        while let Ok(bytes) = self.seen.recv_timeout(DEADLINE) {
            self.so_far.push_str(&String::from_utf8_lossy(&bytes));
        }
        assert_eq!(status.success(), well, "{}", self.so_far);
        self.so_far
    }
}

/// What a terminal emulator makes of it: which screen is on, and which modes.
fn assert_sane(output: &str) {
    let mut terminal = vt100::Parser::new(24u16.try_into().unwrap(), 80u16.try_into().unwrap(), 0);
    terminal.process(output.as_bytes());
    let screen = terminal.screen();
    assert!(!screen.alternate_screen(), "still on the alternate screen");
    assert!(!screen.hide_cursor(), "the cursor is hidden");
    assert!(!screen.bracketed_paste(), "bracketed paste is on");
    assert!(!screen.application_keypad(), "application keypad is on");
    assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    assert!(output.contains("\x1b[23;2t"), "the title was not given back");
}

#[test]
fn leaving_restores_everything_and_discards_what_was_typed_ahead() {
    let mut r = run("leave", "");
    r.wait_for("READY");
    r.type_in("q");
    r.wait_for("TYPE");
    r.type_in("\x04exit\n");
    let out = r.finish(true);
    assert!(out.contains("\x1b[?1049h"), "{out:?}");
    assert_sane(&out);
}

#[test]
fn a_panic_restores_first_and_is_told_on_the_main_screen() {
    let out = run("panic", "").finish(false);
    let restored = out.find("\x1b[?1049l").expect("restored");
    let told = out.find("on purpose").expect("told");
    assert!(restored < told, "{out:?}");
    assert_eq!(out.matches("\x1b[?1049l").count(), 1, "restored more than once");
    let mut terminal = vt100::Parser::new(24u16.try_into().unwrap(), 80u16.try_into().unwrap(), 0);
    terminal.process(out.as_bytes());
    assert!(!terminal.screen().alternate_screen() && !terminal.screen().hide_cursor());
}

#[test]
fn a_panicking_task_leaves_the_screen_alone() {
    let mut r = run("task", "");
    r.wait_for("STILL HERE");
    let out = r.finish(true);
    assert!(!out.contains("in a task"), "{out:?}");
    assert_sane(&out);
}

#[test]
fn an_editor_has_the_terminal_to_itself() {
    let mut r = run("editor", "");
    // what is typed before the editor reads is flushed with everything typed ahead
    r.wait_for("ASKS");
    r.type_in("hello\n");
    r.wait_for("<hello>");
    r.wait_for("AGAIN");
    let out = r.finish(true);
    assert_eq!(out.matches("\x1b[?1049h").count(), 2, "{out:?}");
    assert_sane(&out);
}

#[test]
fn a_stop_gives_the_terminal_to_the_shell_and_takes_it_back() {
    let mut r = run("suspend", "");
    r.wait_for("BACK");
    let out = r.finish(true);
    let given = out.find("\x1b[?1049l").expect("given");
    let stopped = out.find("STOPPED").expect("stopped");
    let again = out.rfind("\x1b[?1049h").expect("taken back");
    assert!(given < stopped && stopped < again, "{out:?}");
    assert_sane(&out);
}

/// Closes the terminal under a child that ignores hang-ups; returns how long it lived on, its status, and what it noted.
fn hang_up(role: &str) -> (Duration, portable_pty::ExitStatus, String) {
    let dir = tempfile::tempdir().unwrap();
    let note = dir.path().join("note");
    let mut r = run(role, note.to_str().unwrap());
    r.wait_for("READY");
    let Run { mut child, master, writer, seen, reader, .. } = r;
    // the reading thread holds a copy of the master: it ends at its next read, once nobody listens
    drop(seen);
    let mut writer = writer.unwrap();
    writer.write_all(b"x").unwrap();
    reader.unwrap().join().unwrap();
    drop(writer);
    drop(master);
    let begun = Instant::now();
    let (send, ended) = mpsc::channel();
    thread::spawn(move || send.send(child.wait()));
    let status = ended.recv_timeout(DEADLINE).expect("the process outlived its terminal").unwrap();
    (begun.elapsed(), status, std::fs::read_to_string(note).unwrap_or_default())
}

#[test]
fn a_lost_terminal_is_noticed_and_the_program_ends_by_itself() {
    let (lived, status, note) = hang_up("hangup");
    assert_eq!(note, "lost");
    assert!(status.success(), "{status:?}");
    assert!(lived < Duration::from_secs(2), "{lived:?}");
}

#[test]
fn a_program_stuck_without_its_terminal_is_ended() {
    let (lived, status, note) = hang_up("stuck");
    assert_eq!(note, "lost");
    assert!(!status.success(), "{status:?}");
    assert!(lived < Duration::from_secs(3), "{lived:?}");
}
