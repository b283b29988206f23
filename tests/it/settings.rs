//! Settings of the running program, in a terminal of its own: saved, typed, refused; the terminal after a kill; an idle console.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use portable_pty::{CommandBuilder, native_pty_system};

use crate::console::{Console, DEADLINE, size};

fn config(console: &Console) -> std::path::PathBuf {
    console.home.path().join(".config/socdeck/config.toml")
}

/// The hint line, last of the screen.
fn last(text: &str) -> &str {
    text.lines().last().unwrap_or_default()
}

#[test]
fn a_saved_file_takes_effect_and_a_faulty_one_is_told_with_its_place() {
    let console = Console::demo(100, 24, "[ui]\nhints = true\n");
    console.wait("the hint line", |text| last(text).contains("help"));

    fs::write(config(&console), "[ui]\nhints = false\n").unwrap();
    console.see("settings read again: ui.hints");
    console.wait("no hint line", |text| !last(text).contains("help"));

    fs::write(config(&console), "[ui]\n\nhints = 3\n").unwrap();
    let shown = console.see("config.toml:3:9: ui.hints: 3 is not accepted; allowed: true or false");
    assert!(!shown.contains("/config.toml"), "its name is enough: {shown}");
    assert!(!last(&console.text()).contains("help"), "the old settings stay");

    // As editors save: written beside it and moved over it.
    let beside = config(&console).with_extension("new");
    fs::write(&beside, "[ui]\nhints = true\nascii = true\n[labels]\ngrace = '7s'\n").unwrap();
    fs::rename(&beside, config(&console)).unwrap();
    console.see("needs a restart: ui.ascii");
    console.wait("the hint line again", |text| last(text).contains("help"));

    fs::write(config(&console), "[keys]\n'jobs.train' = ['1']\n").unwrap();
    console.see("config.toml:2:1: digits label and do nothing else");
    assert_eq!(console.quit(), 0);
}

#[test]
fn a_session_sets_looks_and_forgets_and_the_file_stays_as_it_is() {
    let mut console = Console::demo(120, 24, "[labels]\ngrace = '7s'\n");
    console.see("help");
    console.keys(":set hints false\r");
    console.see("ui.hints = false  (this session)");
    console.wait("no hint line", |text| !last(text).contains("help"));
    console.keys(":set theme momo\r");
    console.see("ui.theme: \"momo\" is not accepted; did you mean \"mono\"?");
    console.keys(":set grace\r");
    console.see("labels.grace = \"7s\"  (~/.config/socdeck/config.toml:2:1)");
    console.keys(":set grace 2m\r");
    console.see("labels.grace: \"2m\" is not accepted");
    console.keys(":set api_key hunter2\r");
    console.see("'api_key' cannot be set for a session");
    console.keys(":set\r");
    console.see("set for this session: ui.hints = false");
    // A file that is saved meanwhile does not undo what the session set.
    fs::write(config(&console), "[ui]\nhints = true\nmouse = false\n").unwrap();
    console.see("settings read again: labels.grace");
    assert!(!last(&console.text()).contains("help"));
    console.keys(":unset hints\r");
    console.wait("the hint line", |text| last(text).contains("help"));
    console.keys(":keys arrows\r");
    console.see("ui.keymap = \"arrows\"");
    console.bytes(b"\x1b[13~");
    console.see(" JOBS");
    assert_eq!(console.quit(), 0);
}

#[test]
fn the_log_begins_and_ends_on_a_word_is_the_owners_alone_and_holds_no_secret() {
    let secret = "hunter2hunter2hunter2";
    let file = format!("[arcanna]\nurl = 'http://127.0.0.1:9'\napi_key = '{secret}'\n");
    let mut console =
        Console::start(120, 24, &["demo"], &[("SOCDECK_DARKTRACE_PRIVATE_TOKEN", secret)], "");
    console.see("help");
    fs::write(config(&console), &file).unwrap();
    fs::set_permissions(config(&console), fs::Permissions::from_mode(0o600)).unwrap();
    console.see("needs a restart: arcanna.");
    console.keys(":log level debug\r");
    console.see("log.level = \"debug\"  (this session; file ~/.local/state/socdeck/socdeck.log)");
    let path = console.home.path().join(".local/state/socdeck/socdeck.log");
    fs::write(config(&console), "[arcanna]\nurl = 3\n").unwrap();
    console.see("arcanna.url: 3");
    console.keys(":log off\r");
    console.see("the settings must be mended first: config.toml:2:7: arcanna.url");
    fs::write(config(&console), "").unwrap();
    console.see("settings read again");
    console.keys(":log off\r");
    console.see("log.level = \"off\"");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("log opened") && text.contains("stay as they were"), "{text}");
    assert!(!text.contains(secret), "{text}");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    fs::write(config(&console), "[arcanna]\nurl = 4\n").unwrap();
    console.see("arcanna.url: 4");
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "nothing is written any more");
    assert_eq!(console.quit(), 0);
}

/// Switches of all threads of a process: a thread that wakes up is one more.
fn switches(process: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    tasks
        .filter_map(|task| fs::read_to_string(task.unwrap().path().join("status")).ok())
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|line| line.split_once("ctxt_switches:")?.1.trim().parse::<u64>().ok())
        .sum()
}

#[test]
fn an_idle_console_that_watches_its_settings_does_not_wake() {
    let console = Console::demo(80, 24, "");
    console.see("help");
    let process = console.process();
    let begin = Instant::now();
    // The simulator and its connections come to rest a moment after the first frame; then nothing wakes for a whole window.
    loop {
        let before = switches(process);
        let bytes = console.text();
        std::thread::park_timeout(Duration::from_secs(3));
        if switches(process) == before && console.text() == bytes {
            break;
        }
        assert!(begin.elapsed() < DEADLINE, "it never came to rest");
    }
    assert_eq!(console.quit(), 0);
}

#[test]
fn a_killed_consoles_terminal_is_put_back() {
    let mut console = Console::demo(80, 24, "[ui]\nmouse = true\n");
    console.see("help");
    let held = |mouse: bool, alternate: bool| {
        let screen = console.screen.lock().unwrap();
        let screen = screen.screen();
        screen.alternate_screen() == alternate
            && screen.bracketed_paste() == alternate
            && screen.hide_cursor() == alternate
            && (screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None) == mouse
    };
    assert!(held(true, true), "what there is to put back");
    Command::new("kill").args(["-9", &console.process().to_string()]).status().unwrap();
    console.ended();
    assert!(
        console.screen.lock().unwrap().screen().alternate_screen(),
        "nothing was put back by the console itself"
    );

    // The same in a terminal that is raw and has keys typed ahead; the shell tells what is left of both.
    let pair = native_pty_system().openpty(size(80, 24)).unwrap();
    let program = env!("CARGO_BIN_EXE_socdeck");
    let script = format!(
        "stty raw -echo; printf 'ready\\n'; read -r go; '{program}' reset-terminal; echo \"code $?\"; stty -a; read -t 1 -n 1 left && echo typed ahead; echo end"
    );
    let mut command = CommandBuilder::new("/bin/bash");
    command.args(["-c", &script]);
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut writer = pair.master.take_writer().unwrap();
    let mut seen = String::new();
    let mut until = |words: &str| {
        let mut bytes = [0; 1024];
        while !seen.contains(words) {
            let count = reader.read(&mut bytes).unwrap();
            assert!(count > 0, "{seen}");
            seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        seen.clone()
    };
    until("ready");
    writer.write_all(b"go\nxyz").unwrap();
    let text = until("\nend");
    let (told, rest) = text.split_once("ready").unwrap().1.split_once("code 0").unwrap();
    let told = told.trim_start_matches(['\r', '\n']);
    assert!(
        told.starts_with("\x1b7\x1b[") && told.ends_with('l'),
        "it says nothing else: {told:?}"
    );
    let words = rest.split_whitespace().collect::<Vec<_>>().join(" ");
    for mode in [" icanon", " isig", " echo ", " icrnl", " opost", " onlcr"] {
        assert!(words.contains(mode), "{mode}: {words}");
    }
    assert!(!rest.contains("typed ahead"), "{rest}");

    let dimension = |n: u16| n.try_into().unwrap();
    let mut parser = vt100::Parser::new(dimension(24), dimension(80), 0);
    parser.process(b"\x1b[?1049h\x1b[?2004h\x1b[?25l\x1b[?1000h\x1b[?1006h");
    parser.process(told.as_bytes());
    let after = parser.screen();
    assert!(!after.alternate_screen() && !after.bracketed_paste() && !after.hide_cursor());
    assert_eq!(after.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    child.wait().unwrap();
}

#[test]
fn read_only_is_switched_on_by_a_line_and_never_off() {
    let mut console = Console::start(100, 24, &["demo", "--read-only"], &[], "");
    console.see("READ-ONLY");
    console.keys(":set read_only false\r");
    console.see("read-only was set by flag --read-only: it is lifted there, not here");
    assert!(console.text().contains("READ-ONLY"));
    assert_eq!(console.quit(), 0);

    let mut console = Console::demo(100, 24, "");
    console.see("help");
    console.keys(":set read_only true\r");
    console.see("READ-ONLY");
    console.keys(":arm\r");
    console.see("nothing can be armed");
    console.keys(":unset read_only\r");
    console.wait("what the session set is forgotten", |text| !text.contains("READ-ONLY"));
    assert_eq!(console.quit(), 0);
}
