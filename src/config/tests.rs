//! The built-in file is the truth about defaults.

use std::collections::BTreeSet;

use super::*;

#[test]
fn the_built_in_file_gives_every_default() {
    let loaded = load(&Sources::default()).unwrap();
    assert!(loaded.rows.iter().all(|row| row.place == Place::Default));
    let settings = loaded.settings;
    assert!(settings.arcanna.is_none() && settings.darktrace.is_none());
    assert!(settings.keys.is_empty());
    assert_eq!(settings.labels.grace.as_secs(), 5);
    assert_eq!(settings.guard.burst.as_millis(), 35);
    assert_eq!(settings.log.level, LogLevel::Off);
}

/// Every line of the built-in file that is a setting, commented out or not, is one that is read; and every setting that is
/// read is explained there.
#[test]
fn the_built_in_file_explains_every_setting() {
    let mut section = String::new();
    let mut explained = BTreeSet::new();
    for line in DEFAULTS.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        }
        if line.starts_with("# [profile") {
            break;
        }
        let bare = line.strip_prefix("# ").unwrap_or(line);
        if let Some((name, _)) = bare.split_once(" = ")
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            && !section.is_empty()
        {
            assert!(explained.insert(format!("{section}.{name}")), "{name} twice");
        }
    }
    // asking for a setting that does not exist names those that do
    for (name, _) in [
        ("arcanna", 0),
        ("darktrace", 0),
        ("analyst", 0),
        ("ui", 0),
        ("labels", 0),
        ("watched", 0),
        ("guard", 0),
        ("export", 0),
        ("ledger", 0),
        ("log", 0),
    ] {
        let mut root = tree::read(&format!("[{name}]\nxyzzy = 1"), None).unwrap();
        let mut findings = Findings::default();
        let mut base = tree::read(DEFAULTS, None).unwrap();
        tree::lay(&mut base, std::mem::take(&mut root));
        settings::read(&mut findings, base, None);
        let problem = findings.problems.first().unwrap();
        let (_, known) = problem.allowed.split_once(": in ").unwrap();
        let (_, known) = known.split_once(": ").unwrap();
        for known in known.split(", ") {
            assert!(
                explained.remove(&format!("{name}.{known}")),
                "{name}.{known} is not explained"
            );
        }
    }
    // Its table holds rows of any name, so it is read by itself.
    assert!(explained.remove("keys.labels"));
    assert!(explained.is_empty(), "explained, but not read: {explained:?}");
}

#[test]
fn plain_http_is_told_except_on_this_machine() {
    for (url, plain) in [
        ("http://arcanna.example", true),
        ("HTTP://10.0.0.1:8080/x", true),
        ("http://127.0.0.1:9", false),
        ("http://[::1]:9/x", false),
        ("http://localhost:9", false),
        ("https://arcanna.example", false),
    ] {
        let mut sources = Sources::default();
        sources.flags.push(Flag {
            flag: "--arcanna-url",
            setting: ("arcanna", "url"),
            value: FlagValue::Text(url.to_owned()),
        });
        let loaded = load(&sources).unwrap();
        let link = loaded.settings.arcanna.unwrap().link;
        assert_eq!(link.in_the_clear(), plain, "{url}");
        assert_eq!(loaded.warnings.len(), usize::from(plain), "{url}");
    }
}
