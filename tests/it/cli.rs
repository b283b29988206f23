//! The program as a shell sees it: words, streams, exit codes, files, in a home of its own.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod doctor;
mod server;
mod simulate;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use server::{Server, json};

/// A home that holds nothing but what a test puts there.
pub struct Home(TempDir);

/// What a run left behind.
#[derive(Debug)]
pub struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With a configuration file of this mode.
    fn with(text: &str, mode: u32) -> Self {
        let home = Self::new();
        fs::create_dir_all(home.file().parent().unwrap()).unwrap();
        fs::write(home.file(), text).unwrap();
        fs::set_permissions(home.file(), fs::Permissions::from_mode(mode)).unwrap();
        home
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where the program looks for its file; the XDG folders are set so that every platform agrees with Linux.
    fn file(&self) -> PathBuf {
        let asked = Command::new(env!("CARGO_BIN_EXE_socdeck"))
            .args(["config", "path"])
            .env_clear()
            .env("HOME", self.path())
            .output()
            .unwrap();
        PathBuf::from(String::from_utf8(asked.stdout).unwrap().trim_end())
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_socdeck"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.path())
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, &[])
    }

    fn run_with(&self, args: &[&str], environment: &[(&str, &str)]) -> Ran {
        let output = self.command(args).envs(environment.iter().copied()).output().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn help_goes_to_stdout_and_documents_the_exit_codes() {
    let ran = Home::new().run(&["--help"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for line in [
        "0  done",
        "1  refused",
        "2  usage",
        "3  configuration",
        "4  credentials",
        "5  network",
        "6  timed out",
        "SOCDECK_DARKTRACE_PRIVATE_TOKEN",
        "demo",
        "exec",
        "simulate",
        "doctor",
        "config",
        "init",
    ] {
        assert!(ran.out.contains(line), "{line}\n{}", ran.out);
    }
    for secret in ["--api-key", "--arcanna-api-key", "--private-token", "--token"] {
        assert!(!ran.out.contains(secret), "a secret in a flag is seen by everyone on the machine");
    }
}

#[test]
fn a_slip_in_the_command_line_is_exit_2_and_leaves_stdout_alone() {
    for (args, told) in [
        (&["--nope"][..], "--nope"),
        (&["frobnicate"], "frobnicate"),
        (&["--theme", "momo", "config", "print"], "ansi16, mono, cb-safe, high-contrast"),
        (&["--log", "loud", "config", "print"], "off, error, warn, info, debug, trace"),
        (&["exec"], "NAME"),
        (&["exec", "arcanna-get-job"], "arcanna-get-jobs"),
        (&["config"], "print"),
    ] {
        let ran = Home::new().run_with(
            args,
            &[("SOCDECK_ARCANNA_URL", "http://127.0.0.1:9"), ("SOCDECK_ARCANNA_API_KEY", "k")],
        );
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}: {ran:?}");
        assert!(ran.err.contains(told), "{args:?}: {}", ran.err);
    }
}

#[test]
fn a_faulty_configuration_is_exit_3_with_file_line_and_what_is_allowed() {
    let home = Home::with("[ui]\ntheme = 'x'\n", 0o600);
    for args in [
        &["config", "print"][..],
        &["config", "check"],
        &["exec", "arcanna-get-jobs"],
        &["demo"],
        &[],
    ] {
        let ran = home.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{args:?}: {ran:?}");
        let place = format!("{}:2:9: ui.theme: ", home.file().display());
        assert!(ran.err.contains(&place), "{}", ran.err);
        assert!(ran.err.contains("one of: ansi16, mono"), "{}", ran.err);
    }
    assert_eq!(home.run(&["exec", "--list"]).code, 0, "the list is part of the program");
    assert_eq!(home.run(&["config", "path"]).code, 0);
}

#[test]
fn a_secret_in_a_file_of_others_is_exit_3_with_the_chmod_line_that_works() {
    let home =
        Home::with("[arcanna]\nurl = 'https://a.example'\napi_key = 'hunter2hunter2'\n", 0o644);
    let ran = home.run(&["config", "check"]);
    assert_eq!(ran.code, 3);
    let line = ran.err.lines().find_map(|line| line.split_once("run: ")).unwrap().1;
    assert_eq!(line, format!("chmod 600 {}", home.file().display()));
    let done = Command::new("sh").args(["-c", line]).status().unwrap();
    assert!(done.success());
    let ran = home.run(&["config", "check"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    let ran = home.run(&["config", "print"]);
    assert!(ran.out.contains("# arcanna.api_key = set (…ter2)"), "{}", ran.out);
    assert!(!ran.out.contains("hunter2h"), "{}", ran.out);
}

#[test]
fn what_print_prints_is_the_configuration_and_can_be_read_again() {
    let home =
        Home::with("[analyst]\nusername = \"a 'b'\"\n[keys]\n'jobs.refresh' = ['r']\n", 0o600);
    let ran = home.run_with(
        &["config", "print", "--theme", "mono"],
        &[("SOCDECK_ARCANNA_URL", "https://arcanna.example")],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    for (value, place) in [
        (
            "arcanna.url = \"https://arcanna.example\"",
            "# environment SOCDECK_ARCANNA_URL".to_owned(),
        ),
        ("ui.theme = \"mono\"", "# flag --theme".to_owned()),
        ("ui.time = \"utc\"", "# default".to_owned()),
        ("analyst.username = \"a 'b'\"", format!("# {}:2:1", home.file().display())),
        ("keys.\"jobs.refresh\" = [\"r\"]", format!("# {}:4:1", home.file().display())),
    ] {
        assert!(
            ran.out.lines().any(|line| line.starts_with(value) && line.ends_with(&place)),
            "{value} {place}\n{}",
            ran.out
        );
    }
    let again = Home::with(&ran.out, 0o600);
    let again = again.run(&["config", "print"]);
    assert_eq!(again.code, 0, "{again:?}");
    let values = |text: &str| -> Vec<String> {
        text.lines()
            .filter_map(|line| line.split_once("  # "))
            .map(|(value, _)| value.trim().to_owned())
            .collect()
    };
    assert_eq!(values(&again.out), values(&ran.out));
}

#[test]
fn flags_stand_before_or_after_the_command() {
    for args in [
        &["--username", "ana", "config", "print"][..],
        &["config", "print", "--username", "ana"],
        &["config", "--username", "ana", "print"],
    ] {
        let ran = Home::new().run(args);
        assert!(ran.out.contains("analyst.username = \"ana\""), "{args:?}: {ran:?}");
    }
}

#[test]
fn init_writes_a_private_file_once() {
    let home = Home::new();
    let ran = home.run(&["init"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let file = home.file();
    assert_eq!(ran.out, format!("{}\n", file.display()));
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(file.parent().unwrap()), 0o700);
    assert_eq!(home.run(&["config", "check"]).code, 0);
    fs::write(&file, "# mine\n").unwrap();
    let ran = home.run(&["init"]);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""));
    assert!(ran.err.contains("there is a file already"), "{}", ran.err);
    assert_eq!(fs::read_to_string(&file).unwrap(), "# mine\n");
    let other = home.path().join("a/b/c.toml");
    assert_eq!(home.run(&["init", "--config", other.to_str().unwrap()]).code, 0);
    assert_eq!(mode(&other), 0o600);
}

#[test]
fn a_reader_that_went_away_ends_the_run_quietly() {
    let home = Home::new();
    for args in [&["config", "print"][..], &["--help"], &["exec", "--list"], &["doctor"], &["init"]]
    {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = home.command(args).stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_no_success() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Home::new().command(&["config", "print"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard output: "), "{output:?}");
}

#[test]
fn no_home_is_told_and_a_named_file_still_works() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("c.toml");
    fs::write(&file, "[analyst]\nusername = 'ana'\n").unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_socdeck"));
        command.args(args).env_clear().output().unwrap()
    };
    let output = run(&["config", "path"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--config"), "{output:?}");
    let output = run(&["config", "print", "--config", file.to_str().unwrap()]);
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("analyst.username = \"ana\""),
        "{output:?}"
    );
}

#[test]
fn nothing_foreign_reaches_the_terminal_uncleaned() {
    let home = Home::with("\"\\u001b]0;x\\u0007\" = 1\n", 0o600);
    for args in [
        &["config", "print"][..],
        &["config", "print", "--profile", "\u{1b}[31m\u{9b}"],
        &["doctor"],
    ] {
        let ran = home.run(args);
        assert_eq!(ran.code, 3);
        for text in [&ran.out, &ran.err] {
            assert!(!text.contains(['\u{1b}', '\u{7}', '\u{9b}']), "{text:?}");
        }
    }
}

#[test]
fn the_log_is_private_written_only_on_request_and_holds_no_secret() {
    let server = Server::start(|_| json(200, "[]"));
    let secret = "sim-0123456789abcdef";
    let home = Home::new();
    let environment =
        [("SOCDECK_ARCANNA_URL", server.url.as_str()), ("SOCDECK_ARCANNA_API_KEY", secret)];
    let ran = home.run_with(&["exec", "arcanna-get-jobs", "--format", "json"], &environment);
    assert_eq!(ran.code, 0, "{ran:?}");
    let state = home.path().join(".local/state/socdeck");
    assert!(!state.exists(), "nothing is written unless asked");

    let file = home.path().join("logs/s.log");
    fs::create_dir(home.path().join("logs")).unwrap();
    fs::write(&file, "before\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let config = home.path().join("c.toml");
    fs::write(&config, "[log]\nfile = '~/logs/s.log'\n").unwrap();
    let mut environment = environment.to_vec();
    environment.push(("SOCDECK_LOG", "trace"));
    let ran = home.run_with(
        &["exec", "arcanna-get-jobs", "--config", config.to_str().unwrap()],
        &environment,
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(mode(&file), 0o600);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("before\n"), "{text}");
    assert!(text.contains("log opened"), "{text}");
    assert!(!text.contains(secret), "{text}");
    let ran = home.run_with(&["config", "print"], &[("SOCDECK_LOG", "loud")]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("environment SOCDECK_LOG: log.level: \"loud\""), "{}", ran.err);
}

#[test]
fn exec_asks_the_configured_product_with_the_key_of_a_command() {
    let server = Server::start(|_| {
        json(
            200,
            r#"[{"job_id":1201,"data_type":"events","title":"t","status":"STARTED","last_processed_timestamp":"2024-01-01"}]"#,
        )
    });
    let config = format!(
        "[arcanna]\nurl = '{}'\napi_key_command = 'echo from-a-command; echo unlocked >&2'\n[darktrace]\nurl = 'https://d.example'\npublic_token_command = 'exit 1'\nprivate_token_command = 'exit 1'\n",
        server.url
    );
    let home = Home::with(&config, 0o600);
    let ran = home.run(&["exec", "!arcanna-get-jobs", "--format", "raw"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("\"job_id\":1201"), "{}", ran.out);
    assert!(ran.err.contains("unlocked"), "what the command says is not swallowed: {}", ran.err);
    let seen = server.seen();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].contains("x-arcanna-api-key: from-a-command"), "{}", seen[0]);
}

#[test]
fn exec_without_usable_credentials_is_told() {
    for (file, code, told) in [
        ("", 3, "SOCDECK_ARCANNA_URL"),
        ("[arcanna]\nurl = 'https://a.example'\n", 3, "it has no API key"),
        (
            "[arcanna]\nurl = 'https://a.example'\napi_key_command = 'echo locked >&2; exit 7'\n",
            4,
            "it said: locked",
        ),
    ] {
        let ran = Home::with(file, 0o600).run(&["exec", "arcanna-get-jobs"]);
        assert_eq!((ran.code, ran.out.as_str()), (code, ""), "{ran:?}");
        assert!(ran.err.contains(told), "{}", ran.err);
    }
}

#[test]
fn keys_that_cannot_be_bound_stop_the_start_with_file_and_line() {
    for (text, line, told) in [
        ("[keys]\n'jobs.train' = ['3']\n", 2, "digits label and do nothing else"),
        ("[keys]\n\n'jobs.train' = ['alt-t']\n", 3, "is no key for jobs.train"),
        ("[keys]\n'jobs.train' = ['^s']\n", 2, "it stops the terminal's output"),
        ("[keys]\n'jobs.train' = ['^q']\n", 2, "it resumes the terminal's output"),
        ("[keys]\nlabels = ['a', 'z', 'e', 'r']\n", 2, "r of shell.refresh"),
    ] {
        let home = Home::with(text, 0o600);
        for args in [&["demo"][..], &["config", "check"]] {
            let ran = home.run(args);
            assert_eq!(ran.code, 3, "{args:?}: {ran:?}");
            let place = format!("{}:{line}:1: ", home.file().display());
            assert!(ran.err.contains(&place) && ran.err.contains(told), "{}", ran.err);
        }
    }
}

#[test]
fn completions_and_the_manual_page_know_every_sub_command() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = Home::new().run(&["completions", shell]);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
        for word in ["reset-terminal", "simulate", "read-only"] {
            assert!(ran.out.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(Home::new().run(&["completions", "dos"]).code, 2);
    let ran = Home::new().run(&["man"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    for word in [".TH socdeck", "RESET\\-TERMINAL", "CONFIG CHECK", "Exit codes"] {
        let plain = ran.out.replace("\\-", "-");
        assert!(plain.contains(&word.replace("\\-", "-")), "{word}: {}", ran.out);
    }
}

#[test]
fn a_reset_without_a_terminal_says_so() {
    let home = Home::new();
    let mut command = Command::new("setsid");
    command.args(["-w", env!("CARGO_BIN_EXE_socdeck"), "reset-terminal"]);
    let output = command.env("HOME", home.path()).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("there is no terminal to reset"), "{said}");
}
