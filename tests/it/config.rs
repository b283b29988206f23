//! The configuration through its own door: layers, places, refusals, secrets, profiles.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::ExposeSecret;
use socdeck::api::Product;
use socdeck::api::error::Class;
use socdeck::api::http::{Auth, Proxy, Tls};
use socdeck::config::{
    self, ConfigError, Flag, FlagValue, Folders, Loaded, Place, ProxyChoice, SignQuery, Sources,
    ThemeName,
};
use tempfile::TempDir;

/// A home of its own with one configuration file.
struct Home {
    folder: TempDir,
    sources: Sources,
}

impl Home {
    fn with(text: &str) -> Self {
        Self::with_mode(text, 0o600)
    }

    fn with_mode(text: &str, mode: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sources = Sources {
            folders: Some(Folders {
                config: folder.path().join("config"),
                state: folder.path().join("state"),
            }),
            ..Sources::default()
        };
        let home = Self { folder, sources };
        fs::create_dir(home.folder.path().join("config")).unwrap();
        fs::write(home.file(), text).unwrap();
        fs::set_permissions(home.file(), fs::Permissions::from_mode(mode)).unwrap();
        home
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("config/config.toml")
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.sources.environment.insert(name.into(), value.into());
        self
    }

    fn flag(
        mut self,
        flag: &'static str,
        setting: (&'static str, &'static str),
        value: &str,
    ) -> Self {
        let value = FlagValue::Text(value.to_owned());
        self.sources.flags.push(Flag {
            flag,
            setting,
            value,
        });
        self
    }

    fn profile(mut self, name: &str) -> Self {
        self.sources.profile = Some(name.to_owned());
        self
    }

    fn load(&self) -> Result<Loaded, ConfigError> {
        config::load(&self.sources)
    }

    /// The refusal, with the file's path shortened to `F`.
    fn refusal(&self) -> String {
        let error = self
            .load()
            .expect_err("a faulty configuration was accepted");
        error
            .to_string()
            .replace(&self.file().display().to_string(), "F")
    }
}

fn place(loaded: &Loaded, key: &str) -> String {
    let row = loaded.rows.iter().find(|row| row.key == key);
    row.unwrap_or_else(|| panic!("no {key}")).place.to_string()
}

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
            vec![
                "F:1:11: arcanna: 1 is not accepted",
                "[arcanna] on a line of its own",
            ],
        ),
        (
            "[ui]\ntheme = 'monno'",
            vec![
                "F:2:9: ui.theme: \"monno\" is not accepted",
                "did you mean \"mono\"?",
                "one of: ansi16, mono, cb-safe, high-contrast",
            ],
        ),
        (
            "[ui]\ntime = 1",
            vec![
                "F:2:8: ui.time: 1 is not accepted",
                "one of: utc, local, age",
            ],
        ),
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
            vec![
                "F:2:7: arcanna.url: it does not start with https://",
                "\"https://host:8443\"",
            ],
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
        // numbers and times
        (
            "[arcanna]\ndefault_job_id = 'x'",
            vec![
                "F:2:18: arcanna.default_job_id: \"x\" is not accepted",
                "a whole number from 0",
            ],
        ),
        (
            "[arcanna]\ntimeout = 30",
            vec![
                "F:2:11: arcanna.timeout: 30 is not accepted",
                "from \"1s\" to \"10 minutes\"",
            ],
        ),
        (
            "[arcanna]\ntimeout = '0s'",
            vec!["F:2:11: arcanna.timeout: \"0s\" is not accepted"],
        ),
        (
            "[darktrace]\nmin_score = 101",
            vec![
                "F:2:13: darktrace.min_score: 101 is not accepted",
                "a whole number from 0 to 100",
            ],
        ),
        (
            "[darktrace]\nmax_alerts = 0",
            vec![
                "F:2:14: darktrace.max_alerts: 0 is not accepted",
                "from 1 to 50",
            ],
        ),
        (
            "[darktrace]\nfirst_fetch = '2 years'",
            vec![
                "F:2:15: darktrace.first_fetch: \"2 years\" is not accepted",
                "to \"1 year\"",
            ],
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
            vec![
                "F:2:12: guard.burst_ms: -1 is not accepted",
                "0 turns it off",
            ],
        ),
        (
            "[guard]\nburst_ms = 99999999999999999999",
            vec!["F:2:12: guard.burst_ms: an integer past 64 bits is not accepted"],
        ),
        // keys
        (
            "[keys]\n'jobs.refresh' = 1",
            vec![
                "F:2:18: keys.jobs.refresh: 1 is not accepted",
                "[\"r\", \"f5\"]",
            ],
        ),
        (
            "[keys]\njobs.refresh = ['r', 1]",
            vec!["F:2:16: keys.jobs.refresh"],
        ),
        // the log
        (
            "[log]\nlevel = 'verbose'",
            vec![
                "F:2:9: log.level: \"verbose\"",
                "off, error, warn, info, debug, trace",
            ],
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
        (
            "[arcanna]\napi_key = 7",
            vec!["F:2:11: arcanna.api_key: it is not text"],
        ),
        (
            "[darktrace]\nisFetch = true\nfetch_alerts = true",
            vec!["F:2:1: darktrace.isFetch: isFetch and fetch_alerts are the same setting"],
        ),
        // profiles
        (
            "profile = 'acme'",
            vec![
                "F:1:11: profile: \"acme\" is not accepted",
                "default_profile",
            ],
        ),
        (
            "default_profile = 'acme'",
            vec![
                "F:1:19: profile: there is no profile \"acme\"",
                "F has no [profile.NAME]",
            ],
        ),
        (
            "default_profile = 'acne'\n[profile.acme.ui]\nmouse=true",
            vec![
                "there is no profile \"acne\"; did you mean \"acme\"?",
                "allowed: acme",
            ],
        ),
        (
            "default_profile = 1",
            vec!["F:1:19: default_profile: 1 is not accepted"],
        ),
        (
            "default_profile = 'acme'\n[profile.acme.iu]\nmouse=true",
            vec![
                "F:2:15: profile.acme.iu: there is no such table",
                "did you mean \"ui\"?",
            ],
        ),
        (
            "default_profile = 'acme'\n[profile.acme.ui]\nmouse=1",
            vec!["F:3:7: ui.mouse: 1 is not accepted"],
        ),
    ] {
        let refusal = Home::with(text).refusal();
        for told in told {
            assert!(
                refusal.contains(told),
                "{text}\n---\n{refusal}\n--- lacks\n{told}"
            );
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
fn later_layers_win_and_every_value_knows_where_it_comes_from() {
    let file = "[analyst]\nusername = 'file'\n[arcanna]\nurl = 'https://file'\n[profile.acme.arcanna]\nurl = 'https://acme'\n[profile.acme.ui]\ntheme = 'mono'";
    let home = Home::with(file);
    let loaded = home.load().unwrap();
    assert_eq!(
        loaded.settings.arcanna.as_ref().unwrap().link.url,
        "https://file"
    );
    assert_eq!(
        place(&loaded, "arcanna.url"),
        format!("{}:4:1", home.file().display())
    );
    assert_eq!(place(&loaded, "arcanna.timeout"), "default");
    assert_eq!(loaded.profiles, ["acme"]);

    let home = home.profile("acme");
    let loaded = home.load().unwrap();
    assert_eq!(
        loaded.settings.arcanna.as_ref().unwrap().link.url,
        "https://acme"
    );
    assert_eq!(loaded.settings.ui.theme, ThemeName::Mono);
    assert_eq!(loaded.settings.analyst.username.as_deref(), Some("file"));

    let home = home
        .env("SOCDECK_ARCANNA_URL", "https://env")
        .env("SOCDECK_USERNAME", "env")
        .env("SOCDECK_DARKTRACE_URL", "");
    let loaded = home.load().unwrap();
    assert_eq!(
        loaded.settings.arcanna.as_ref().unwrap().link.url,
        "https://env"
    );
    assert_eq!(
        place(&loaded, "arcanna.url"),
        "environment SOCDECK_ARCANNA_URL"
    );
    assert!(
        loaded.settings.darktrace.is_none(),
        "an empty variable is not set"
    );

    let home = home
        .flag("--arcanna-url", ("arcanna", "url"), "https://flag/")
        .flag("--theme", ("ui", "theme"), "cb-safe");
    let loaded = home.load().unwrap();
    assert_eq!(
        loaded.settings.arcanna.as_ref().unwrap().link.url,
        "https://flag"
    );
    assert_eq!(place(&loaded, "arcanna.url"), "flag --arcanna-url");
    assert_eq!(loaded.settings.ui.theme, ThemeName::CbSafe);
    assert_eq!(
        place(&loaded, "analyst.username"),
        "environment SOCDECK_USERNAME"
    );
}

#[test]
fn no_color_means_mono_unless_a_flag_says_otherwise() {
    let home = Home::with("[ui]\ntheme = 'cb-safe'").env("NO_COLOR", "1");
    let loaded = home.load().unwrap();
    assert_eq!(loaded.settings.ui.theme, ThemeName::Mono);
    assert_eq!(place(&loaded, "ui.theme"), "environment NO_COLOR");
    let home = home.flag("--theme", ("ui", "theme"), "high-contrast");
    assert_eq!(
        home.load().unwrap().settings.ui.theme,
        ThemeName::HighContrast
    );
}

#[test]
fn the_profile_is_chosen_by_flag_then_environment_then_file() {
    let file = "default_profile = 'a'\n[profile.a.analyst]\nusername='a'\n[profile.b.analyst]\nusername='b'\n[profile.c.analyst]\nusername='c'";
    let home = Home::with(file);
    let name = |home: &Home| home.load().unwrap().settings.profile.unwrap();
    assert_eq!(name(&home), "a");
    let home = home.env("SOCDECK_PROFILE", "b");
    assert_eq!(name(&home), "b");
    let home = home.profile("c");
    assert_eq!(name(&home), "c");
    assert_eq!(
        home.load().unwrap().settings.analyst.username.as_deref(),
        Some("c")
    );
    assert!(
        home.profile("d")
            .refusal()
            .contains("flag --profile: profile: there is no profile \"d\"")
    );
}

#[test]
fn a_profile_with_another_address_takes_no_credentials_along() {
    let file = "[arcanna]\nurl = 'https://a'\napi_key = 'keyofa'\ntimeout = '7s'\n[darktrace]\nurl='https://d'\npublic_token='p'\nprivate_token_command='echo q'\n\
                [profile.b.arcanna]\nurl = 'https://b'\n[profile.c.arcanna]\ntimeout = '9s'";
    let b = Home::with(file).profile("b").load().unwrap().settings;
    let arcanna = b.arcanna.unwrap();
    assert!(
        arcanna.api_key.is_none(),
        "the key of one tenant must not go to another"
    );
    assert_eq!(arcanna.link.timeout, Duration::from_secs(7));
    let darktrace = b.darktrace.unwrap();
    assert!(darktrace.public_token.is_some() && darktrace.private_token.is_some());
    let c = Home::with(file).profile("c").load().unwrap().settings;
    assert!(
        c.arcanna.unwrap().api_key.is_some(),
        "the same address keeps its key"
    );
}

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
        (
            tokens,
            0o644,
            Some("F:2:1: profile.x.darktrace.public_api_token: a secret stands"),
        ),
        (
            proxy,
            0o644,
            Some("F:2:1: darktrace.proxy: a secret stands"),
        ),
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
fn the_integrations_names_are_understood() {
    let loaded = Home::with(
        "[darktrace]\nurl='https://d'\nisFetch = true\npublic_api_token = 'p'\nprivate_api_token = 'q'\nproxy = false\nmin_score = 20\nmax_alerts = 10\nfirst_fetch = '3 days'\nsign_query='decoded'\n\
         [arcanna]\nurl='https://a'\nproxy = true\ninsecure = true\ndefault_job_id = 1201",
    )
    .load()
    .unwrap();
    let darktrace = loaded.settings.darktrace.unwrap();
    assert!(
        darktrace.fetch_alerts
            && darktrace.public_token.is_some()
            && darktrace.private_token.is_some()
    );
    assert_eq!(darktrace.link.proxy, ProxyChoice::None);
    assert_eq!((darktrace.min_score, darktrace.max_alerts), (20, 10));
    assert_eq!(darktrace.first_fetch, Duration::from_secs(3 * 86_400));
    assert_eq!(darktrace.sign_query, SignQuery::Decoded);
    let arcanna = loaded.settings.arcanna.unwrap();
    assert_eq!(arcanna.link.proxy, ProxyChoice::System);
    assert!(arcanna.link.insecure);
    assert_eq!(arcanna.default_job_id, Some(1201));
    assert!(
        loaded
            .warnings
            .iter()
            .any(|warning| warning.starts_with("arcanna: any certificate is trusted"))
    );
}

#[test]
fn overridden_keys_are_kept_with_their_lines() {
    let home = Home::with("[keys]\njobs.refresh = ['r', 'f5']\n\"triage.skip\" = 's'\n'help' = []");
    let keys = home.load().unwrap().settings.keys;
    let told: Vec<_> = keys
        .iter()
        .map(|key| match &key.place {
            Place::File { line, .. } => (key.row.as_str(), key.chords.join(" "), *line),
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(
        told,
        [
            ("help", String::new(), 4),
            ("jobs.refresh", "r f5".into(), 2),
            ("triage.skip", "s".into(), 3)
        ]
    );
}

#[test]
fn check_reads_every_profile() {
    let home = Home::with(
        "[profile.a.ui]\nmouse = true\n[profile.b.ui]\nmouse = 2\n[profile.c.arcana]\nx = 1",
    );
    assert!(
        home.load().is_ok(),
        "what is not in force does not stand in the way"
    );
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
    assert!(
        refusal.starts_with("/nonexistent/c.toml: it cannot be opened: "),
        "{refusal}"
    );
}

#[test]
fn printed_rows_hide_secrets() {
    let home = Home::with(
        "[arcanna]\nurl='https://a'\napi_key='abcdefghijklmnop'\nproxy='http://me:hunter2@proxy:3128'\n[darktrace]\nurl='https://d'\npublic_token='short'",
    );
    let loaded = home.load().unwrap();
    let value = |key: &str| {
        loaded
            .rows
            .iter()
            .find(|row| row.key == key)
            .unwrap()
            .value
            .clone()
    };
    assert_eq!(value("arcanna.api_key"), "set (…mnop)");
    assert_eq!(value("darktrace.public_token"), "set");
    assert_eq!(value("arcanna.proxy"), "\"http://…@proxy:3128\"");
    let debug = format!("{loaded:?}");
    for secret in ["abcdefgh", "hunter2", "short"] {
        assert!(!debug.contains(secret), "{debug}");
    }
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
    assert_eq!(
        (
            endpoint.connect_timeout.as_secs(),
            endpoint.timeout.as_secs()
        ),
        (2, 9)
    );
    match &endpoint.auth {
        Auth::Darktrace {
            public, private, ..
        } => {
            assert_eq!(
                (public.expose_secret(), private.expose_secret()),
                ("p", "q")
            );
        }
        Auth::Arcanna { .. } => panic!("Darktrace's endpoint has Arcanna's key"),
    }
    config::endpoints(&settings, &[Product::Arcanna]).await;
    assert!(mark.exists());
}

#[tokio::test]
async fn what_is_missing_is_told_with_the_way_to_set_it() {
    for (file, product, class, told) in [
        (
            "",
            Product::Arcanna,
            Class::Configuration,
            "SOCDECK_ARCANNA_URL",
        ),
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

#[test]
fn a_key_without_an_address_deserves_a_word() {
    let loaded = Home::with("")
        .env("SOCDECK_ARCANNA_API_KEY", "k")
        .load()
        .unwrap();
    assert_eq!(
        loaded.warnings,
        [
            "environment SOCDECK_ARCANNA_API_KEY: arcanna.api_key is set, but arcanna.url is not: arcanna is left out"
        ]
    );
}
