//! `socdeck exec` as a program: exit codes, streams, repeats, interrupts, files and pipes.

use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use socdeck::catalogue;

use super::recorder::{self, Reply, Server};
use super::wire::good;

/// What lets a client in.
pub struct Keys<'a> {
    pub url: &'a str,
    pub arcanna: &'a str,
    pub public: &'a str,
    pub private: &'a str,
}

/// The program with nothing configured but one server for both products.
pub fn with_keys(keys: &Keys) -> Command {
    let home = std::env::temp_dir().join("socdeck-tests-no-home"); // never made: nothing is configured
    let mut command = Command::new(env!("CARGO_BIN_EXE_socdeck"));
    command
        .env_clear()
        .env("HOME", &home)
        .env("XDG_CONFIG_HOME", &home)
        .env("XDG_STATE_HOME", &home)
        .env("SOCDECK_ARCANNA_URL", keys.url)
        .env("SOCDECK_ARCANNA_API_KEY", keys.arcanna)
        .env("SOCDECK_DARKTRACE_URL", keys.url)
        .env("SOCDECK_DARKTRACE_PUBLIC_TOKEN", keys.public)
        .env("SOCDECK_DARKTRACE_PRIVATE_TOKEN", keys.private)
        .stdin(Stdio::null());
    command
}

/// The program against the recording server at this address.
pub fn socdeck(url: &str) -> Command {
    with_keys(&Keys {
        url,
        arcanna: recorder::API_KEY,
        public: recorder::PUBLIC,
        private: recorder::PRIVATE,
    })
}

pub fn exec(url: &str, words: &[&str]) -> Output {
    socdeck(url).arg("exec").args(words).output().unwrap()
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

pub fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn exit_codes_tell_what_happened() {
    let server = good();
    let status =
        |status: u16, body: &'static str| Server::start(move |_| Reply::json(status, body));
    let jobs = ["arcanna-get-jobs"];

    let invalid =
        status(422, r#"{"detail":[{"loc":["path","job_id"],"msg":"not an int","type":"x"}]}"#);
    let output = exec(&invalid.url, &jobs);
    assert_eq!(code(&output), 1, "{}", err(&output));
    assert!(err(&output).contains("not an int"), "{}", err(&output));
    assert!(output.stdout.is_empty());

    let output = exec(&server.url, &["arcanna-get-job"]);
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("did you mean `arcanna-get-jobs`?"), "{}", err(&output));

    let output = exec(
        &server.url,
        &[
            "arcanna-send-event-feedback",
            "job_id=1208",
            "event_id=615471",
            "feedback=escalate",
            "username=a",
        ],
    );
    assert_eq!(code(&output), 2);
    let said = err(&output);
    assert!(said.contains("Its labels: Escalate, Drop"), "{said}");
    assert!(said.contains("did you mean `Escalate`?"), "{said}");
    assert_eq!(server.take().len(), 1, "the label is looked up, nothing is sent");

    let output = socdeck(&server.url)
        .env_remove("SOCDECK_ARCANNA_URL")
        .args(["exec", "arcanna-get-jobs"])
        .output()
        .unwrap();
    assert_eq!(code(&output), 3, "{}", err(&output));

    let output = socdeck(&server.url)
        .env_remove("SOCDECK_ARCANNA_URL")
        .args(["exec", "arcanna-export-event job_id=1 event=2"])
        .output()
        .unwrap();
    assert_eq!(code(&output), 2, "a wrong line is told before wrong settings");
    let said = err(&output);
    assert!(said.contains("no argument `event`"), "{said}");
    assert!(said.contains("usage: arcanna-export-event [job_id=…] event_id=…"), "{said}");

    let denied = status(401, r#"{"detail":"bad key"}"#);
    assert_eq!(code(&exec(&denied.url, &jobs)), 4);
    let signature = status(400, r#"{"response":"API SIGNATURE ERROR"}"#);
    assert_eq!(code(&exec(&signature.url, &["darktrace-get-tags-for-device", "did=1"])), 4);

    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let output = exec(&gone, &jobs);
    assert_eq!(code(&output), 5, "{}", err(&output));
    assert_eq!(err(&output).matches("Trying again").count(), 2, "{}", err(&output));

    let pending = status(200, r#"{"event_id":"7","status":"pending_inference"}"#);
    let output = exec(
        &pending.url,
        &[
            "arcanna-get-event-status",
            "job_id=1",
            "event_id=7",
            "polling=true",
            "interval=1",
            "timeout=2",
        ],
    );
    assert_eq!(code(&output), 6);
    assert!(out(&output).contains("pending_inference"), "the last state is printed");
    assert_eq!(pending.take().len(), 2, "at once, and a second later");
}

#[test]
fn an_event_that_ended_in_error_is_printed_and_refused() {
    let server = Server::start(|_| {
        Reply::json(200, r#"{"event_id":"7","status":"ERROR","error_message":"no model"}"#)
    });
    let output =
        exec(&server.url, &["arcanna-get-event-status", "job_id=1", "event_id=7", "polling=true"]);
    assert_eq!(code(&output), 1);
    assert!(out(&output).contains("no model"));
    assert!(err(&output).contains("ended in ERROR: no model"));
    assert_eq!(server.take().len(), 1);
}

#[test]
fn reads_are_repeated_and_writes_are_not() {
    let flaky = Server::start(|request| match request.number {
        0 | 1 => Reply::json(503, "{}").header("Retry-After", "0"),
        _ => Reply::json(200, "[]"),
    });
    let output = exec(&flaky.url, &["arcanna-get-jobs"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert_eq!(flaky.take().len(), 3);
    assert!(err(&output).contains("no job"), "{}", err(&output));

    let down = Server::start(|_| Reply::json(503, "{}"));
    let output = exec(&down.url, &["arcanna-trigger-train", "job_id=1", "username=a"]);
    assert_eq!(code(&output), 1);
    assert_eq!(down.take().len(), 1);
    assert!(err(&output).contains("may have been made"), "{}", err(&output));

    let busy = Server::start(|_| Reply::json(429, "{}").header("Retry-After", "60"));
    let output = exec(&busy.url, &["arcanna-get-jobs"]);
    assert_eq!(code(&output), 1);
    assert_eq!(busy.take().len(), 1, "a minute is not waited for");
    assert!(err(&output).contains("asks to wait 60 s"), "{}", err(&output));
}

#[test]
fn data_goes_to_stdout_alone_and_is_safe_in_tables() {
    let body =
        "[{\"job_id\":1,\"title\":\"x\\u001b[31m\u{9b}31m\u{202e}\",\"status\":\"ENABLED\"}]\n";
    let server = Server::start(move |_| Reply::json(200, body));
    let raw = exec(&server.url, &["arcanna-get-jobs", "--format", "raw"]);
    assert_eq!(out(&raw), body, "untouched when it is no terminal");
    assert!(raw.stderr.is_empty());
    for format in ["table", "markdown", "csv"] {
        let output = exec(&server.url, &["arcanna-get-jobs", "--format", format]);
        let text = out(&output);
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{format}: {text:?}");
    }
}

#[test]
fn events_come_from_files_and_standard_input() {
    use std::io::Write;
    let server = good();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("event.json");
    let event = "{\"n\": 123456789012345678901234567890, \"a\": 1.50}";
    fs::write(&path, format!("{event}\n")).unwrap();
    let from_file = format!("event_json=@{}", path.display());
    let words = ["arcanna-send-event", "job_id=1202", "title=t", "id_value=my id"];
    let output = exec(&server.url, &[&words[..], &[from_file.as_str()]].concat());
    assert_eq!(code(&output), 0, "{}", err(&output));

    let mut child = socdeck(&server.url)
        .arg("exec")
        .args(words)
        .arg("event_json=-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(event.as_bytes()).unwrap();
    assert!(child.wait_with_output().unwrap().status.success());

    let seen = server.take();
    assert_eq!(seen.len(), 2);
    for request in seen {
        assert_eq!(request.target, "/api/v1/events/my%20id");
        assert_eq!(request.body, format!(r#"{{"job_id":1202,"title":"t","raw_body":{event}}}"#));
    }
}

#[test]
fn a_closed_pipe_is_quiet() {
    let server = good();
    let mut child = socdeck(&server.url)
        .args(["exec", "darktrace-get-device-connection-info", "did=1", "data_type=co"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 0);
    assert_eq!(err(&output), "");
}

#[test]
fn the_list_names_all_fifteen_and_needs_no_settings() {
    let output = Command::new(env!("CARGO_BIN_EXE_socdeck"))
        .env_clear()
        .args(["exec", "--list"])
        .output()
        .unwrap();
    assert_eq!(code(&output), 0, "{}", err(&output));
    let text = out(&output);
    for entry in catalogue::ALL {
        assert!(text.lines().any(|line| line.split(' ').next() == Some(entry.name)), "{text}");
    }
    assert!(text.contains("closing_notes"), "{text}");
}

#[test]
fn a_server_that_never_answers_ends_with_the_polling_limit() {
    // never accepted: the system completes the connection, and nobody answers
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let started = Instant::now();
    let output = exec(
        &url,
        &["arcanna-get-event-status", "job_id=1", "event_id=7", "polling=true", "timeout=1"],
    );
    assert_eq!(code(&output), 6, "{}", err(&output));
    assert!(err(&output).contains("no look was answered"), "{}", err(&output));
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn an_interrupt_ends_it_at_once() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let child = socdeck(&url)
        .args(["exec", "arcanna-trigger-train", "job_id=1", "username=a"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (_held, _) = listener.accept().unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 130);
    assert!(
        err(&output).contains("interrupted; the change may have been made"),
        "{}",
        err(&output)
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn a_gateway_error_after_the_tag_was_set_is_looked_into() {
    let applied = Server::start(|request| match request.method.as_str() {
        "POST" => Reply::json(502, "{}"),
        _ => Reply::json(200, r#"[{"tid":57,"name":"Admin"}]"#),
    });
    let words = ["darktrace-post-tag-to-device", "deviceId=2", "tagName=Admin"];
    let output = exec(&applied.url, &words);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(err(&output).contains("the device carries the tag now"), "{}", err(&output));
    assert_eq!(applied.take().len(), 2, "the tag is sent once");

    let lost = Server::start(|request| match request.method.as_str() {
        "POST" => Reply::json(502, "{}"),
        _ => Reply::json(200, "[]"),
    });
    assert_eq!(code(&exec(&lost.url, &words)), 1);
}

#[test]
fn read_only_settings_forbid_changes() {
    let server = good();
    let output = socdeck(&server.url)
        .args(["--read-only", "exec", "arcanna-trigger-train", "job_id=1201", "username=a"])
        .output()
        .unwrap();
    assert_eq!(code(&output), 3, "{}", err(&output));
    assert!(err(&output).contains("read-only"), "{}", err(&output));
    assert!(server.take().is_empty());
}
