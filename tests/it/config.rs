//! The configuration through its own door: layers, places, refusals, secrets, profiles.
#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod faults;
mod layers;
mod secrets;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

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
        self.sources.flags.push(Flag { flag, setting, value });
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
        let error = self.load().expect_err("a faulty configuration was accepted");
        error.to_string().replace(&self.file().display().to_string(), "F")
    }
}

fn place(loaded: &Loaded, key: &str) -> String {
    let row = loaded.rows.iter().find(|row| row.key == key);
    row.unwrap_or_else(|| panic!("no {key}")).place.to_string()
}

#[test]
fn later_layers_win_and_every_value_knows_where_it_comes_from() {
    let file = "[analyst]\nusername = 'file'\n[arcanna]\nurl = 'https://file'\n[profile.acme.arcanna]\nurl = 'https://acme'\n[profile.acme.ui]\ntheme = 'mono'";
    let home = Home::with(file);
    let loaded = home.load().unwrap();
    assert_eq!(loaded.settings.arcanna.as_ref().unwrap().link.url, "https://file");
    assert_eq!(place(&loaded, "arcanna.url"), format!("{}:4:1", home.file().display()));
    assert_eq!(place(&loaded, "arcanna.timeout"), "default");
    assert_eq!(loaded.profiles, ["acme"]);

    let home = home.profile("acme");
    let loaded = home.load().unwrap();
    assert_eq!(loaded.settings.arcanna.as_ref().unwrap().link.url, "https://acme");
    assert_eq!(loaded.settings.ui.theme, ThemeName::Mono);
    assert_eq!(loaded.settings.analyst.username.as_deref(), Some("file"));

    let home = home
        .env("SOCDECK_ARCANNA_URL", "https://env")
        .env("SOCDECK_USERNAME", "env")
        .env("SOCDECK_DARKTRACE_URL", "");
    let loaded = home.load().unwrap();
    assert_eq!(loaded.settings.arcanna.as_ref().unwrap().link.url, "https://env");
    assert_eq!(place(&loaded, "arcanna.url"), "environment SOCDECK_ARCANNA_URL");
    assert!(loaded.settings.darktrace.is_none(), "an empty variable is not set");

    let home = home.flag("--arcanna-url", ("arcanna", "url"), "https://flag/").flag(
        "--theme",
        ("ui", "theme"),
        "cb-safe",
    );
    let loaded = home.load().unwrap();
    assert_eq!(loaded.settings.arcanna.as_ref().unwrap().link.url, "https://flag");
    assert_eq!(place(&loaded, "arcanna.url"), "flag --arcanna-url");
    assert_eq!(loaded.settings.ui.theme, ThemeName::CbSafe);
    assert_eq!(place(&loaded, "analyst.username"), "environment SOCDECK_USERNAME");
}

#[test]
fn no_color_means_mono_unless_a_flag_says_otherwise() {
    let home = Home::with("[ui]\ntheme = 'cb-safe'").env("NO_COLOR", "1");
    let loaded = home.load().unwrap();
    assert_eq!(loaded.settings.ui.theme, ThemeName::Mono);
    assert_eq!(place(&loaded, "ui.theme"), "environment NO_COLOR");
    let home = home.flag("--theme", ("ui", "theme"), "high-contrast");
    assert_eq!(home.load().unwrap().settings.ui.theme, ThemeName::HighContrast);
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
    assert_eq!(home.load().unwrap().settings.analyst.username.as_deref(), Some("c"));
    assert!(
        home.profile("d").refusal().contains("flag --profile: profile: there is no profile \"d\"")
    );
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
fn a_key_without_an_address_deserves_a_word() {
    let loaded = Home::with("").env("SOCDECK_ARCANNA_API_KEY", "k").load().unwrap();
    assert_eq!(
        loaded.warnings,
        [
            "environment SOCDECK_ARCANNA_API_KEY: arcanna.api_key is set, but arcanna.url is not: arcanna is left out"
        ]
    );
}
