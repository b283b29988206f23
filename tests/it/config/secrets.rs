//! Keys and tokens: who may read them, where they go, and that nobody sees them.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::ExposeSecret;
use socdeck::api::Product;
use socdeck::api::error::Class;
use socdeck::api::http::{Auth, Proxy, Tls};
use socdeck::config;

use super::Home;

#[test]
fn a_secret_in_a_file_of_others_is_refused_with_the_line_that_helps() {
    let key = "[arcanna]\nurl = 'https://a'\napi_key = 'hunter2'";
    let tokens = "[profile.x.darktrace]\npublic_api_token = 'hunter2'";
    let proxy = "[darktrace]\nproxy = 'http://me:hunter2@proxy:3128'";
    let command = "[arcanna]\napi_key_command = 'echo x'";
    let none = "[arcanna]\nurl = 'https://a'";
    for (text, mode, key) in [
        (
            key,
            0o644,
            Some(
                "F:3:1: arcanna.api_key: a secret stands in a file that others can open (mode 0644)",
            ),
        ),
        (key, 0o640, Some("(mode 0640)")),
        (key, 0o604, Some("(mode 0604)")),
        (key, 0o600, None),
        (key, 0o400, None),
        (tokens, 0o644, Some("F:2:1: profile.x.darktrace.public_api_token: a secret stands")),
        (proxy, 0o644, Some("F:2:1: darktrace.proxy: a secret stands")),
        (command, 0o644, None),
        (
            command,
            0o664,
            Some(
                "F:2:1: arcanna.api_key_command: a command that is run for you stands in a file that others can change (mode 0664)",
            ),
        ),
        (none, 0o666, None),
    ] {
        let home = Home::with_mode(text, mode);
        match key {
            None => assert!(home.load().is_ok(), "{text} {mode:o}"),
            Some(key) => {
                let refusal = home.refusal();
                assert!(refusal.contains(key), "{refusal}");
                assert!(refusal.contains("\n    run: chmod 600 F"), "{refusal}");
                assert!(!refusal.contains("hunter2"), "{refusal}");
            }
        }
    }
}

#[test]
fn printed_rows_hide_secrets() {
    let home = Home::with(
        "[arcanna]\nurl='https://a'\napi_key='abcdefghijklmnop'\nproxy='http://me:hunter2@proxy:3128'\n[darktrace]\nurl='https://d'\npublic_token='short'",
    );
    let loaded = home.load().unwrap();
    let value = |key: &str| loaded.rows.iter().find(|row| row.key == key).unwrap().value.clone();
    assert_eq!(value("arcanna.api_key"), "set (…mnop)");
    assert_eq!(value("darktrace.public_token"), "set");
    assert_eq!(value("arcanna.proxy"), "\"http://…@proxy:3128\"");
    let debug = format!("{loaded:?}");
    for secret in ["abcdefgh", "hunter2", "short"] {
        assert!(!debug.contains(secret), "{debug}");
    }
}

#[test]
fn a_profile_with_another_address_takes_no_credentials_along() {
    let file = "[arcanna]\nurl = 'https://a'\napi_key = 'keyofa'\ntimeout = '7s'\n[darktrace]\nurl='https://d'\npublic_token='p'\nprivate_token_command='echo q'\n\
                [profile.b.arcanna]\nurl = 'https://b'\n[profile.c.arcanna]\ntimeout = '9s'";
    let b = Home::with(file).profile("b").load().unwrap().settings;
    let arcanna = b.arcanna.unwrap();
    assert!(arcanna.api_key.is_none(), "the key of one tenant must not go to another");
    assert_eq!(arcanna.link.timeout, Duration::from_secs(7));
    let darktrace = b.darktrace.unwrap();
    assert!(darktrace.public_token.is_some() && darktrace.private_token.is_some());
    let c = Home::with(file).profile("c").load().unwrap().settings;
    assert!(c.arcanna.unwrap().api_key.is_some(), "the same address keeps its key");
}

#[tokio::test]
async fn endpoints_carry_the_settings_and_run_only_the_commands_they_need() {
    let marks = tempfile::tempdir().unwrap();
    let mark = marks.path().join("ran");
    let home = Home::with(&format!(
        "[arcanna]\nurl='https://a'\napi_key_command='touch {}; echo k'\n[darktrace]\nurl='https://d:8443/x'\npublic_token='p'\nprivate_token_command='echo note >&2; echo q; echo r'\ninsecure=true\nproxy='http://proxy:3128'\nca_file='/etc/ca.pem'\nconnect_timeout='2s'\ntimeout='9s'",
        mark.display()
    ));
    let settings = home.load().unwrap().settings;
    let built = config::endpoints(&settings, &[Product::Darktrace]).await;
    assert!(built.missing.is_empty(), "{:?}", built.missing);
    assert!(!mark.exists(), "the other product's command must not run");
    assert_eq!(built.notes.len(), 1);
    assert!(built.notes[0].ends_with(": note"), "{:?}", built.notes);
    let (product, endpoint) = &built.ready[0];
    assert_eq!(*product, Product::Darktrace);
    assert_eq!(endpoint.url, "https://d:8443/x");
    assert_eq!(endpoint.tls, Tls::Insecure);
    assert_eq!(endpoint.proxy, Proxy::Url("http://proxy:3128".into()));
    assert_eq!(endpoint.ca_file, Some(PathBuf::from("/etc/ca.pem")));
    assert_eq!((endpoint.connect_timeout.as_secs(), endpoint.timeout.as_secs()), (2, 9));
    match &endpoint.auth {
        Auth::Darktrace { public, private, .. } => {
            assert_eq!((public.expose_secret(), private.expose_secret()), ("p", "q"));
        }
        Auth::Arcanna { .. } => panic!("Darktrace's endpoint has Arcanna's key"),
    }
    config::endpoints(&settings, &[Product::Arcanna]).await;
    assert!(mark.exists());
}

#[tokio::test]
async fn what_is_missing_is_told_with_the_way_to_set_it() {
    for (file, product, class, told) in [
        ("", Product::Arcanna, Class::Configuration, "SOCDECK_ARCANNA_URL"),
        (
            "[arcanna]\nurl='https://a'",
            Product::Arcanna,
            Class::Configuration,
            "it has no API key: set arcanna.api_key_command",
        ),
        (
            "[darktrace]\nurl='https://a'\npublic_token='p'",
            Product::Darktrace,
            Class::Configuration,
            "SOCDECK_DARKTRACE_PRIVATE_TOKEN",
        ),
        (
            "[arcanna]\nurl='https://a'\napi_key_command='echo locked >&2; exit 2'",
            Product::Arcanna,
            Class::Credentials,
            "exit status: 2); it said: locked",
        ),
    ] {
        let settings = Home::with(file).load().unwrap().settings;
        let built = config::endpoints(&settings, &[product]).await;
        assert!(built.ready.is_empty());
        let missing = &built.missing[0];
        assert_eq!(missing.class, class, "{missing}");
        assert!(missing.to_string().contains(told), "{missing}");
    }
}
