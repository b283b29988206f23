//! The layers above the file: what a session sets, and the policy of the machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use socdeck::config::{self, Policy, ThemeName};

use super::{Home, place};

impl Home {
    fn session(mut self, name: &str, value: &str) -> Self {
        self.sources.session.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A policy that its writer may write.
    fn policy(self, text: &str) -> Self {
        self.policy_of(text, rustix::process::getuid().as_raw(), 0o644)
    }

    fn policy_of(mut self, text: &str, owner: u32, mode: u32) -> Self {
        let path = self.folder.path().join("policy.toml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        self.sources.policy = Some(Policy { path, owner });
        self
    }

    /// The refusal, with the policy's path shortened to `P`.
    fn policy_refusal(&self) -> String {
        self.refusal().replace(&self.folder.path().join("policy.toml").display().to_string(), "P")
    }
}

#[test]
fn a_session_lies_over_everything_and_is_checked_like_a_file() {
    let home = Home::with("[ui]\ntheme = 'mono'\n[labels]\ngrace = '10s'")
        .flag("--theme", ("ui", "theme"), "cb-safe")
        .session("ui.theme", "high-contrast")
        .session("ui.mouse", "true")
        .session("guard.dwell_ms", "400")
        .session("watched.own_domains", "['a.example', 'b.example']");
    let loaded = home.load().unwrap();
    assert_eq!(loaded.settings.ui.theme, ThemeName::HighContrast);
    assert!(loaded.settings.ui.mouse);
    assert_eq!(loaded.settings.guard.dwell, Duration::from_millis(400));
    assert_eq!(loaded.settings.watched.own_domains, ["a.example", "b.example"]);
    assert_eq!(place(&loaded, "ui.theme"), "this session");
    assert_eq!(loaded.settings.labels.grace, Duration::from_secs(10));

    let refused = Home::with("").session("ui.theme", "monno").refusal();
    assert!(refused.contains("this session: ui.theme") && refused.contains("mono"), "{refused}");
    let refused = Home::with("").session("ui.theme", "x]\ny = [").refusal();
    assert!(
        refused.starts_with("this session: ui.theme"),
        "what is typed stays one value: {refused}"
    );
}

#[test]
fn a_policy_makes_stricter_and_never_looser() {
    let policy = "[analyst]\nread_only = true\nmax_arm = '10m'\n[ui]\nallow_editor = false\n[labels]\ngrace = '8s'\ntag_grace = '5s'\n[arcanna]\ninsecure = false";
    let file = "[analyst]\nmax_arm = '5m'\n[labels]\ngrace = '2s'\ntag_grace = '20s'\n[arcanna]\ninsecure = true";
    let home = Home::with(file).policy(policy).session("analyst.read_only", "false");
    let loaded = home.load().unwrap();
    let settings = &loaded.settings;
    assert!(settings.analyst.read_only, "over the session too");
    assert!(!settings.ui.allow_editor);
    assert_eq!(settings.analyst.max_arm, Duration::from_secs(300), "the person's is stricter");
    assert_eq!(settings.labels.grace, Duration::from_secs(8));
    assert_eq!(settings.labels.tag_grace, Duration::from_secs(20), "the person's is stricter");
    let from_policy = |key: &str| place(&loaded, key).contains("policy.toml");
    assert!(from_policy("labels.grace") && from_policy("arcanna.insecure"));
    assert!(!from_policy("labels.tag_grace") && !from_policy("analyst.max_arm"));
    let loose = Home::with("[analyst]\nread_only = true").policy("[analyst]\nread_only = false");
    assert!(loose.load().unwrap().settings.analyst.read_only);
}

#[test]
fn a_policy_that_is_faulty_or_anybodys_stops_the_start() {
    for (text, told) in [
        ("[ui]\ntheme = 'mono'", "P:2:1: ui.theme: a policy cannot say this"),
        ("[labels]\ngrase = '1s'", "did you mean \"grace\"?"),
        ("[labels]\ngrace = 'soon'", "P:2:9: labels.grace: \"soon\" is not accepted"),
        ("read_only = true", "P:1:1: read_only: a policy cannot say this"),
        ("x = ", "P:1:5: not TOML"),
    ] {
        let refused = Home::with("").policy(text).policy_refusal();
        assert!(refused.contains(told), "{text}: {refused}");
    }
    let me = rustix::process::getuid().as_raw();
    for (owner, mode) in [(me + 1, 0o644), (me, 0o664), (me, 0o646)] {
        let refused = Home::with("").policy_of("", owner, mode).policy_refusal();
        assert!(refused.contains("P: the policy could have been written by others"), "{refused}");
        assert!(refused.contains("chown root P && chmod 644 P"), "{refused}");
    }
    let mut none = Home::with("");
    none.sources.policy = Some(Policy { path: "/nonexistent/policy.toml".into(), owner: 0 });
    assert!(none.load().is_ok());
}

#[test]
fn what_changed_is_named_and_a_secret_with_the_same_end_is_no_exception() {
    let secret = |key: &str| format!("[arcanna]\nurl = 'https://a'\napi_key = '{key}'\n");
    let before = Home::with(&secret("aaaaaaaaaaaaaaaa-same")).load().unwrap();
    let after = Home::with(&format!("{}[ui]\ntheme = 'mono'", secret("bbbbbbbbbbbbbbbb-same")));
    let mut changed = config::changed(&before, &after.load().unwrap());
    changed.sort();
    assert_eq!(changed, ["arcanna.api_key", "ui.theme"]);
    assert!(config::is_live("ui.theme") && config::is_live("keys.jobs.refresh"));
    assert!(!config::is_live("arcanna.api_key") && !config::is_live("ui.environment"));
    // Everything a session can set is a setting, or could be.
    let loaded = Home::with("").load().unwrap();
    let optional = ["ui.zone", "keys.labels", "arcanna.default_job_id"];
    for name in config::live_names().filter(|name| !optional.contains(name)) {
        assert!(loaded.rows.iter().any(|row| row.key == name), "{name}");
    }
}
