//! What is wrong is told: where, what, and what would be accepted.

use std::path::PathBuf;

use socdeck::config::{self, Sources};

use super::Home;

#[test]
fn every_kind_of_fault_is_told_with_its_place_and_what_is_allowed() {
    for (text, told) in [
        // unknown keys, tables, words
        (
            "[arcanna]\napi_kye = 'x'",
            vec![
                "F:2:1: arcanna.api_kye: there is no such setting",
                "did you mean \"api_key\"?",
                "api_key_command",
            ],
        ),
        (
            "[arcana]\nurl = 'https://a'",
            vec![
                "F:1:2: arcana: there is no such setting",
                "did you mean \"arcanna\"?",
                "darktrace",
            ],
        ),
        (
            "colour = 1",
            vec![
                "F:1:1: colour: there is no such setting",
                "allowed: default_profile and the tables arcanna",
            ],
        ),
        (
            "arcanna = 1",
            vec!["F:1:11: arcanna: 1 is not accepted", "[arcanna] on a line of its own"],
        ),
        (
            "[ui]\ntheme = 'monno'",
            vec![
                "F:2:9: ui.theme: \"monno\" is not accepted",
                "did you mean \"mono\"?",
                "one of: ansi16, mono, cb-safe, high-contrast",
            ],
        ),
        ("[ui]\ntime = 1", vec!["F:2:8: ui.time: 1 is not accepted", "one of: utc, local, age"]),
        (
            "[ui]\n\n  mouse   = 'yes'",
            vec!["F:3:13: ui.mouse: \"yes\" is not accepted", "true or false"],
        ),
        (
            "[ui]\nenvironment = 'a very long name of a place'",
            vec!["F:2:15: ui.environment", "1 to 12 characters"],
        ),
        // addresses
        (
            "[arcanna]\nurl = 'arcanna.example'",
            vec!["F:2:7: arcanna.url: it does not start with https://", "\"https://host:8443\""],
        ),
        (
            "[darktrace]\nurl = 'ftp://x'",
            vec!["F:2:7: darktrace.url: its scheme is neither https nor http"],
        ),
        (
            "[darktrace]\nproxy = 'sytem'",
            vec![
                "F:2:9: darktrace.proxy: it is no address of a proxy",
                "did you mean \"system\"?",
                "\"none\"",
            ],
        ),
        (
            "[darktrace]\nproxy = 'socks4://p:1'",
            vec!["F:2:9: darktrace.proxy: this kind of proxy is not supported", "socks5h"],
        ),
        (
            "[darktrace]\nproxy = 'gopher://p:1'",
            vec![
                "F:2:9: darktrace.proxy: its scheme is not that of a proxy",
                "http, https, socks5",
            ],
        ),
        ("[darktrace]\nproxy = 'https://'", vec!["F:2:9: darktrace.proxy: it has no host"]),
        // pins
        (
            "[arcanna]\npin_sha256 = 'abc'",
            vec![
                "F:2:14: arcanna.pin_sha256: \"abc\" is not accepted",
                "64 hexadecimal digits or base64",
            ],
        ),
        (
            "[arcanna]\npin_sha256 = ['abcd']",
            vec!["F:2:14: arcanna.pin_sha256: \"abcd\" is not accepted", "socdeck doctor"],
        ),
        (
            "[arcanna]\ninsecure = true\npin_sha256 = ['0000000000000000000000000000000000000000000000000000000000000000']",
            vec!["F:3:14: arcanna.pin_sha256: it says nothing while insecure = true", "ca_file"],
        ),
        // people, screen, lists
        (
            "[analyst]\nmax_arm = '2h'",
            vec!["F:2:11: analyst.max_arm: \"2h\" is not accepted", "from \"1m\" to \"60m\""],
        ),
        (
            "[ui]\nkeymap = 'vi'",
            vec![
                "F:2:10: ui.keymap: \"vi\" is not accepted",
                "did you mean \"vim\"?",
                "one of: vim, emacs, arrows, numpad",
            ],
        ),
        (
            "[ui]\nzone = 'Europe/Bukarest'",
            vec![
                "F:2:8: ui.zone: \"Europe/Bukarest\" is not accepted",
                "did you mean \"Europe/Bucharest\"?",
            ],
        ),
        (
            "[ui]\nallow_editor = 0",
            vec!["F:2:16: ui.allow_editor: 0 is not accepted", "true or false"],
        ),
        (
            "[watched]\nown_domains = 'acme.example'",
            vec![
                "F:2:15: watched.own_domains: \"acme.example\" is not accepted",
                "[\"acme.example\"]",
            ],
        ),
        (
            "[watched]\nown_domains = ['acme.example', '*.acme']",
            vec!["F:2:15: watched.own_domains: \"*.acme\" is not accepted"],
        ),
        (
            "[labels]\ntag_grace = '2m'",
            vec!["F:2:13: labels.tag_grace: \"2m\" is not accepted", "to \"60s\""],
        ),
        (
            "[log]\nmax_mb = 0",
            vec!["F:2:10: log.max_mb: 0 is not accepted", "a whole number from 1 to 1024"],
        ),
        (
            "[keys]\nlabels = ['a', '1']",
            vec!["F:2:10: keys.labels: \"1\" is not accepted", "1 to 9 characters"],
        ),
        ("[keys]\nlabels = ['a', 'a']", vec!["F:2:10: keys.labels: \"a\" is there twice"]),
        ("[keys]\nlabels = []", vec!["F:2:10: keys.labels: 0 keys are not accepted"]),
        // numbers and times
        (
            "[arcanna]\ndefault_job_id = 'x'",
            vec!["F:2:18: arcanna.default_job_id: \"x\" is not accepted", "a whole number from 0"],
        ),
        (
            "[arcanna]\ntimeout = 30",
            vec!["F:2:11: arcanna.timeout: 30 is not accepted", "from \"1s\" to \"10 minutes\""],
        ),
        ("[arcanna]\ntimeout = '0s'", vec!["F:2:11: arcanna.timeout: \"0s\" is not accepted"]),
        (
            "[darktrace]\nmin_score = 101",
            vec![
                "F:2:13: darktrace.min_score: 101 is not accepted",
                "a whole number from 0 to 100",
            ],
        ),
        (
            "[darktrace]\nmax_alerts = 0",
            vec!["F:2:14: darktrace.max_alerts: 0 is not accepted", "from 1 to 50"],
        ),
        (
            "[darktrace]\nfirst_fetch = '2 years'",
            vec!["F:2:15: darktrace.first_fetch: \"2 years\" is not accepted", "to \"1 year\""],
        ),
        (
            "[darktrace]\nsign_query = 'encoded'",
            vec!["F:2:14: darktrace.sign_query", "one of: sent, decoded"],
        ),
        (
            "[labels]\ngrace = '61s'",
            vec!["F:2:9: labels.grace: \"61s\" is not accepted", "to \"60s\""],
        ),
        (
            "[labels]\nconfidence_high_from = 20",
            vec!["F:2:24: labels.confidence_high_from: 20 is less than confidence_low_below (60)"],
        ),
        (
            "[guard]\nburst_ms = -1",
            vec!["F:2:12: guard.burst_ms: -1 is not accepted", "0 turns it off"],
        ),
        (
            "[guard]\nburst_ms = 99999999999999999999",
            vec!["F:2:12: guard.burst_ms: an integer past 64 bits is not accepted"],
        ),
        // keys
        (
            "[keys]\n'jobs.refresh' = 1",
            vec!["F:2:18: keys.jobs.refresh: 1 is not accepted", "[\"r\", \"f5\"]"],
        ),
        ("[keys]\njobs.refresh = ['r', 1]", vec!["F:2:16: keys.jobs.refresh"]),
        // the log
        (
            "[log]\nlevel = 'verbose'",
            vec!["F:2:9: log.level: \"verbose\"", "off, error, warn, info, debug, trace"],
        ),
        // syntax
        ("[arcanna\nurl = 'x'", vec!["F:1:9: not TOML"]),
        (
            "[arcanna]\nurl = 'https://a'\nurl = 'https://b'",
            vec!["F:3:1: not TOML", "duplicate key"],
        ),
        // secrets
        (
            "[arcanna]\nurl = 'https://a'\napi_key = 'hunter2'\napi_key_command = 'pass x'",
            vec!["F:4:19: arcanna.api_key_command: both api_key and api_key_command are set"],
        ),
        ("[arcanna]\napi_key = 7", vec!["F:2:11: arcanna.api_key: it is not text"]),
        (
            "[darktrace]\nisFetch = true\nfetch_alerts = true",
            vec!["F:2:1: darktrace.isFetch: isFetch and fetch_alerts are the same setting"],
        ),
        // profiles
        ("profile = 'acme'", vec!["F:1:11: profile: \"acme\" is not accepted", "default_profile"]),
        (
            "default_profile = 'acme'",
            vec!["F:1:19: profile: there is no profile \"acme\"", "F has no [profile.NAME]"],
        ),
        (
            "default_profile = 'acne'\n[profile.acme.ui]\nmouse=true",
            vec!["there is no profile \"acne\"; did you mean \"acme\"?", "allowed: acme"],
        ),
        ("default_profile = 1", vec!["F:1:19: default_profile: 1 is not accepted"]),
        (
            "default_profile = 'acme'\n[profile.acme.iu]\nmouse=true",
            vec!["F:2:15: profile.acme.iu: there is no such table", "did you mean \"ui\"?"],
        ),
        (
            "default_profile = 'acme'\n[profile.acme.ui]\nmouse=1",
            vec!["F:3:7: ui.mouse: 1 is not accepted"],
        ),
    ] {
        let refusal = Home::with(text).refusal();
        for told in told {
            assert!(refusal.contains(told), "{text}\n---\n{refusal}\n--- lacks\n{told}");
        }
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let refusal =
        Home::with("[ui]\ntheme = 'x'\nmouse = 3\n[guard]\nbursts = 1\n[nope]\n").refusal();
    for line in ["F:2:9:", "F:3:9:", "F:5:1:", "F:6:2:"] {
        assert!(refusal.contains(line), "{refusal}");
    }
}

#[test]
fn a_refusal_never_repeats_a_secret() {
    for text in [
        "[arcanna]\napi_key = 'hunter2 hunter2'",
        "[arcanna]\nurl = 'https://me:hunter2@a'",
        "[darktrace]\nproxy = 'proxy:hunter2@x'",
        "[darktrace]\nprivate_token = ['hunter2']",
        "[darktrace]\nprivate_token = 'hunter2",
        "[darktrace]\nprivate_token = hunter2",
    ] {
        let refusal = Home::with(text).refusal();
        assert!(!refusal.contains("hunter2"), "{refusal}");
    }
    let home = Home::with("").env("SOCDECK_ARCANNA_API_KEY", "hunter2 hunter2");
    let refusal = home.refusal();
    assert!(
        refusal.starts_with("environment SOCDECK_ARCANNA_API_KEY: arcanna.api_key: "),
        "{refusal}"
    );
    assert!(!refusal.contains("hunter2"), "{refusal}");
}

#[test]
fn check_reads_every_profile() {
    let home = Home::with(
        "[profile.a.ui]\nmouse = true\n[profile.b.ui]\nmouse = 2\n[profile.c.arcana]\nx = 1",
    );
    assert!(home.load().is_ok(), "what is not in force does not stand in the way");
    let refusal = config::check(&home.sources).unwrap_err().to_string();
    assert!(refusal.contains(":4:9: ui.mouse: 2"), "{refusal}");
    assert!(refusal.contains("profile.c.arcana"), "{refusal}");
}

#[test]
fn a_named_file_must_exist_and_the_usual_one_need_not() {
    let mut sources = Sources::default();
    assert!(config::load(&sources).unwrap().file.is_none());
    sources.config = Some(PathBuf::from("/nonexistent/c.toml"));
    let refusal = config::load(&sources).unwrap_err().to_string();
    assert!(refusal.starts_with("/nonexistent/c.toml: it cannot be opened: "), "{refusal}");
}
