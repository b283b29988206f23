//! Taking things away from the console, as a person does it: the pager with the terminal restored whatever it does, the plain
//! screen, the evidence basket that outlives a crash, files that are never written over.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use socdeck::sim;

use crate::console::{Console, marks};

/// Digits are ignored for so long after a pager that the test is sure to be within it.
const SETTLE: &str = "[guard]\nafter_editor_ms = 20000\n";

/// A script in a folder of its own.
fn script(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The demo on an event, with this pager.
fn paging(pager: &str, config: &str) -> Console {
    let path = std::env::var("PATH").unwrap();
    let environment = [("PAGER", pager), ("PATH", path.as_str())];
    let mut console = Console::start(80, 24, &["demo"], &environment, config);
    console.see("suricata-edge");
    console.keys("\r");
    console.see("DECISION POINTS");
    console
}

fn restored(console: &Console, what: &str) {
    console.wait(what, |text| text.contains("DECISION POINTS") && text.contains("LABEL  1 "));
    let screen = console.screen.lock().unwrap();
    let screen = screen.screen();
    assert!(screen.alternate_screen(), "{what}: the full screen is back");
    assert!(screen.hide_cursor(), "{what}: no cursor");
    assert!(screen.bracketed_paste(), "{what}: pastes are told");
    assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "{what}: no mouse");
    assert!(!screen.application_cursor(), "{what}: plain arrows");
}

#[test]
fn the_pager_has_the_whole_item_and_whatever_it_leaves_behind_is_put_right() {
    let folder = tempfile::tempdir().unwrap();
    let (seen, typed) = (folder.path().join("seen"), folder.path().join("typed"));
    let pager = script(
        folder.path(),
        "pager",
        &format!(
            "cat > {0}.new && mv {0}.new {0}\nstty raw -echo < /dev/tty\n\
             printf '\\033[?1000h\\033[?1002h\\033[?1006h\\033[?1h\\033[?25h\\033[?2004l\\033[2;5r\\033[4hREAD ME\\r\\n'\n\
             dd bs=1 count=1 of={1} < /dev/tty 2> /dev/null\n",
            seen.display(),
            typed.display()
        ),
    );
    let mut console = paging(&pager, SETTLE);
    console.keys("yP");
    console.see("READ ME");
    assert!(!console.screen.lock().unwrap().screen().alternate_screen(), "the terminal is lent");
    let text = fs::read_to_string(&seen).unwrap();
    assert!(text.starts_with("### Arcanna event ") && text.contains("- Decision: AI "), "{text}");
    assert!(text.contains('{') && text.ends_with("}\n"), "its data too: {text}");
    // A person looks at it for a moment: a pager that ends at once has only printed.
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(400) {
        thread::park_timeout(Duration::from_millis(50));
    }
    console.keys("q");
    restored(&console, "after the pager");
    assert_eq!(fs::read_to_string(&typed).unwrap(), "q", "its keys came from the terminal");
    console.keys("1");
    console.see("had only just come back");
    assert_eq!(marks(&console.text(), '~'), 0);
    console.keys("q");
    assert_eq!(console.ended(), 0);
    let line = format!("{:?}", console.master.get_termios().unwrap().local_flags);
    assert!(
        line.contains("ECHO |") && line.contains("ICANON"),
        "the shell has its line back: {line}"
    );
}

#[test]
fn a_pager_that_is_missing_or_killed_is_told_and_the_screen_is_back() {
    for (pager, words) in
        [("no-such-pager 2>/dev/null", "could not be run"), ("kill -9 $$", "signal 9")]
    {
        let mut console = paging(pager, "");
        console.keys("yP");
        console.see(words);
        restored(&console, pager);
        assert_eq!(console.quit(), 0);
    }
}

#[test]
fn an_interrupt_in_the_pager_does_not_end_the_console() {
    // As ^C at the terminal: everybody in front of it gets the signal.
    let mut console = paging("trap : INT; kill -INT 0; cat > /dev/null", "");
    console.keys("yP");
    console.see("any key returns");
    console.keys("x");
    restored(&console, "after an interrupt");
    assert_eq!(console.quit(), 0);
}

#[test]
fn a_pager_that_only_prints_leaves_what_it_printed_to_be_read() {
    let mut console = paging("cat", SETTLE);
    console.keys("yP");
    let text = console.see("any key returns");
    assert!(text.contains('}'), "{text}");
    console.keys("1");
    restored(&console, "after cat");
    assert_eq!(marks(&console.text(), '~'), 0);
    assert_eq!(console.quit(), 0);
}

#[test]
fn hardened_hosts_start_neither_editor_nor_pager() {
    let mut console = paging("touch /nowhere/at/all", "[ui]\nallow_editor = false\n");
    console.keys("yP");
    console.see("allow_editor is false");
    console.keys("C");
    console.see("no editor and no pager");
    restored(&console, "nothing was started");
    assert_eq!(console.quit(), 0);
}

#[test]
fn the_plain_screen_is_for_the_mouse_and_nothing_is_sent_meanwhile() {
    let config = "[labels]\ngrace = \"3s\"\n[guard]\nafter_editor_ms = 20000\n[ui]\nmouse = true\n";
    let mut console = paging("cat", config);
    console.label('1', |text| marks(text, '~') == 1);
    console.keys("yp");
    let text = console.see("any key returns");
    assert!(text.contains('}') || text.contains("- Decision"), "{text}");
    {
        let screen = console.screen.lock().unwrap();
        assert!(!screen.screen().alternate_screen() && !screen.screen().hide_cursor());
        let mouse = screen.screen().mouse_protocol_mode();
        assert_eq!(mouse, vt100::MouseProtocolMode::None, "the terminal's own mouse selects");
    }
    // Longer than the grace time: the label is not sent while nobody could take it back.
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_millis(3_500) {
        thread::park_timeout(Duration::from_millis(100));
    }
    console.keys("1");
    let text = console.see("LABEL  1 ");
    assert_eq!((marks(&text, '~'), marks(&text, '.')), (1, 0), "{text}");
    assert!(console.screen.lock().unwrap().screen().alternate_screen());
    console.keys("1");
    console.see("had only just come back");
    console.wait("the label is sent after a grace time of its own", |text| marks(text, '.') == 1);
    assert_eq!(console.quit(), 0);
}

#[test]
fn what_was_pinned_survives_a_crash_and_goes_out_as_a_set() {
    let world = tempfile::tempdir().unwrap();
    let (state, out) = (world.path().join("state"), world.path().join("out"));
    fs::create_dir(&out).unwrap();
    let bound = sim::bind(sim::Options::default()).unwrap();
    let (url, credentials) = (bound.base_url(), bound.credentials());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.spawn(bound.serve(std::future::pending()));
    let state = state.to_str().unwrap();
    let environment = [
        ("SOCDECK_ARCANNA_URL", url.as_str()),
        ("SOCDECK_ARCANNA_API_KEY", credentials.arcanna_api_key.as_str()),
        ("SOCDECK_DARKTRACE_URL", url.as_str()),
        ("SOCDECK_DARKTRACE_PUBLIC_TOKEN", credentials.darktrace_public_token.as_str()),
        ("SOCDECK_DARKTRACE_PRIVATE_TOKEN", credentials.darktrace_private_token.as_str()),
        ("SOCDECK_USERNAME", "ana.pop"),
        ("XDG_STATE_HOME", state),
    ];
    let config = format!("[export]\nfolder = \"{}\"\n", out.display());
    let start = || Console::start(80, 24, &[], &environment, &config);

    let mut console = start();
    console.see("suricata-edge");
    console.keys("\r");
    console.see("DECISION POINTS");
    console.keys("m");
    console.see("pinned, 1 in the basket");
    console.keys("gd");
    console.see("last seen");
    console.keys("/");
    console.see("find: ");
    console.keys("1\r");
    console.see("Active Threat");
    console.keys("m");
    console.see("pinned, 2 in the basket");
    console.crash();

    let file = Path::new(state).join("socdeck/evidence.jsonl");
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // A crash of the machine may cut the last line off.
    let mut bytes = fs::read(&file).unwrap();
    bytes.extend_from_slice(b"{\"id\":17,\"at\":");
    fs::write(&file, &bytes).unwrap();

    let mut console = start();
    console.see("evidence, line 3");
    console.keys("gv");
    console.see("no pinned item");
    let text = console.see("did 1 ");
    assert!(text.contains("event") && text.contains("device"), "{text}");
    console.keys("c");
    console.see("note: ");
    console.keys("look at http://evil.example\r");
    console.wait("the note", |text| text.contains("look at") && !text.contains("why it matters"));
    console.keys("xm");
    console.see(&format!("written to {}/socdeck-evidence-", out.display()));
    let export = fs::read_dir(&out).unwrap().next().unwrap().unwrap();
    assert_eq!(export.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let set = fs::read_to_string(export.path()).unwrap();
    assert!(set.starts_with("# Evidence, 2 items\n"), "{set}");
    assert!(set.contains("hxxp://evil[.]example") && set.contains("by ana.pop"), "{set}");

    console.keys("X");
    console.see("the same key again");
    console.keys("X");
    console.see("removed: did 1");
    console.keys("\r");
    console.see("DECISION POINTS");
    console.keys(&format!(":export csv {}/mine.csv\r", out.display()));
    console.see(&format!("written to {}/mine.csv", out.display()));
    assert!(fs::read_to_string(out.join("mine.csv")).unwrap().starts_with("event,job,"));
    console.keys(&format!(":export csv {}/mine.csv\r", out.display()));
    console.see("not exported");
    assert_eq!(console.quit(), 0);
    let kept = fs::read_to_string(&file).unwrap();
    assert!(!kept.contains("did 1"), "what was removed is gone from the file");
    assert!(kept.contains("{\"id\":17,\"at\":"), "what was not understood is not");
}
