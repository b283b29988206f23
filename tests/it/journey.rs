//! Whole days of an analyst in minutes: the real program in a pseudo-terminal, on the built-in simulator or on a server that
//! never answers. Every step waits for what a person would wait for: words on the screen.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use crate::console::{Console, marks, size};

#[test]
fn an_analyst_labels_three_events_and_looks_up_a_device_and_an_endpoint() {
    let mut console = Console::demo(80, 24, "[labels]\ngrace = \"1s\"\n");
    console.see("suricata-edge");
    console.keys("\r");
    console.see("DECISION POINTS");
    console.see("LABEL  1 ");
    for count in 1..=3 {
        console.label('1', |text| text.contains(&format!("{count} done")));
    }
    console.see("the server says updated");
    console.keys("gd");
    console.see("last seen");
    console.keys("/");
    console.see("find: ");
    console.keys("1\r");
    console.see("tags");
    console.see("Active Threat");
    console.keys("\t\t");
    console.see("ip-172-31-32-1");
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
    console.wait("three confirmed labels", |text| {
        text.contains("0 unsent") && text.matches("  sent  ").count() == 3
    });
    let screen = Arc::clone(&console.screen);
    assert_eq!(console.quit(), 0);
    let screen = screen.lock().unwrap();
    assert!(!screen.screen().alternate_screen(), "the main screen is back");
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
    for (columns, rows) in
        [(200, 60), (20, 5), (61, 16), (140, 40), (1, 1), (300, 10), (59, 40), (80, 24)].repeat(3)
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
            && text.lines().next().is_some_and(|line| line.contains("DEMO"))
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

#[test]
fn writes_that_reach_others_need_arming_and_a_yes() {
    let mut console = Console::demo(80, 24, "[labels]\noutward_grace = \"1s\"\n");
    console.see("suricata-edge");
    console.keys(":");
    console.see("Tab completes");
    console.keys("darktrace-post-tag-to-device deviceId=2 tagName=\"Active Threat\"\r");
    console.see("POST /tags/entities");
    console.keys("y");
    console.see("not armed");
    console.keys("\x07:");
    console.see("Tab completes");
    console.keys("arm 5m\r");
    console.see("ARMED until");
    console.keys(":");
    console.see("Tab completes");
    console.keys("\x1b[A\x1b[A\r");
    console.see("POST /tags/entities");
    console.keys("y");
    console.see("kept; sends");
    console.see("the device carries the tag");
    console.keys("\x07ga");
    console.see("darktrace-post-tag-to-device");
    console.see("1 calls ended".trim_start_matches("1 "));
    assert_eq!(console.quit(), 0);
}
