//! Values the store knows of, for the command line to complete: job ids, labels, tags, devices, events of the open job.
//!
//! A snapshot, taken when the command line opens: what arrives meanwhile does not move the list under the finger.

use crate::catalogue::Candidate;
use crate::command::Prefs;
use crate::store::{Remote, Store};

/// The most values offered at once.
const MOST: usize = 20;

/// What is known, each value with a word about it.
#[derive(Debug, Default)]
pub(super) struct Values {
    jobs: Vec<(String, String)>,
    labels: Vec<(String, String)>,
    tags: Vec<(String, String)>,
    devices: Vec<(String, String)>,
    views: Vec<(String, String)>,
    analyst: Option<String>,
    settable: Vec<(&'static str, &'static [&'static str])>,
}

impl Values {
    pub(super) fn of(store: &Store, prefs: &Prefs) -> Self {
        let mut values = Self {
            analyst: prefs.analyst.clone(),
            settable: prefs.settable.clone(),
            ..Self::default()
        };
        for job in store.job_list.value().into_iter().flatten() {
            let title = job.title.clone().unwrap_or_default();
            for label in job.labels.iter().flatten() {
                add(&mut values.labels, label, "label");
            }
            values.jobs.push((job.id.to_string(), title));
        }
        for set in store.decision_sets.values().filter_map(Remote::value) {
            for label in set {
                add(&mut values.labels, label, "label");
            }
        }
        let own = store.device_tags.values().filter_map(Remote::value);
        for tag in own.chain(store.all_tags.value()).flatten() {
            if let Some(name) = &tag.name {
                add(&mut values.tags, name, tag.description.as_deref().unwrap_or("tag"));
            }
        }
        let listed = store.device_lists.values().filter_map(Remote::value);
        for device in listed.flat_map(|page| &page.devices) {
            if let Some(did) = device.did.filter(|did| *did > 0) {
                add(&mut values.devices, &did.to_string(), device.name().unwrap_or("device"));
            }
        }
        values.labels.sort();
        let labels: Vec<String> = values.labels.iter().map(|(label, _)| label.clone()).collect();
        let built_in = crate::panes::triage::view_names(&labels).into_iter();
        values.views = built_in.map(|name| (name, "view".to_owned())).collect();
        values.views.extend(store.views().views().map(|view| {
            let about = if view.filter.is_empty() { "your view" } else { &view.filter };
            (view.name.clone(), about.to_owned())
        }));
        values.tags.sort();
        values.devices.sort();
        values
    }

    /// What may stand at the end of a line, after the catalogue had nothing to say: the values of an argument, or what a verb
    /// opens.
    pub(super) fn complete(&self, line: &str) -> Vec<Candidate> {
        let from = line
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + line[at..].chars().next().map_or(1, char::len_utf8));
        let word = &line[from..];
        if let Some(typed) = line.strip_prefix("view ") {
            return self.views_like(typed.trim_start_matches(['"', ' ']));
        }
        let mut before = line[..from].split_whitespace();
        let verb = before.next().unwrap_or_default();
        let first = before.next().is_none();
        let settings = match verb {
            "set" | "unset" if first => self.setting_names(word),
            "set" => {
                let name = line.split_whitespace().nth(1).unwrap_or_default();
                self.setting_words(name, word)
            }
            "keys" if first => self.setting_words("ui.keymap", word),
            "log" if first || line.split_whitespace().nth(1) == Some("level") => {
                self.setting_words("log.level", word)
            }
            _ => Vec::new(),
        };
        if !settings.is_empty() {
            return settings
                .into_iter()
                .map(|(value, about)| candidate(from, value, &about))
                .collect();
        }
        let (known, from, typed) = match word.split_once('=') {
            Some((name, typed)) => (self.of_argument(name), from + name.len() + 1, typed),
            None if verb == "job" || (verb == "event" && first) => {
                (self.jobs.as_slice(), from, word)
            }
            None if verb == "tag" => (self.tags.as_slice(), from, word),
            None if verb == "device" => (self.devices.as_slice(), from, word),
            None => return Vec::new(),
        };
        if let Some(analyst) = &self.analyst
            && word.starts_with("username=")
            && analyst.starts_with(typed)
        {
            return vec![candidate(from, analyst, "you")];
        }
        let wanted = typed.trim_start_matches(['"', '\'']).to_lowercase();
        known
            .iter()
            .filter(|(value, about)| {
                value.to_lowercase().starts_with(&wanted)
                    || (!wanted.is_empty() && about.to_lowercase().contains(&wanted))
            })
            .take(MOST)
            .map(|(value, about)| candidate(from, value, about))
            .collect()
    }

    /// A view's name is all that follows, with or without quotes: it may have blanks in it.
    fn views_like(&self, typed: &str) -> Vec<Candidate> {
        let wanted = typed.to_lowercase();
        let like = |name: &str| name.to_lowercase().contains(&wanted);
        let of = |(name, about): &(String, String)| Candidate {
            from: "view ".len(),
            text: name.clone(),
            help: about.clone(),
        };
        self.views.iter().filter(|(name, _)| like(name)).take(MOST).map(of).collect()
    }

    /// Settings whose dotted name, or the part behind the dot, begins like this; with the words they accept.
    fn setting_names(&self, word: &str) -> Vec<(&'static str, String)> {
        let begins = |name: &str| {
            name.starts_with(word)
                || name.split_once('.').is_some_and(|(_, own)| own.starts_with(word))
        };
        let found = self.settable.iter().filter(|(name, _)| begins(name));
        found.map(|(name, words)| (*name, words.join(", "))).collect()
    }

    /// The words a setting accepts that begin like this.
    fn setting_words(&self, name: &str, word: &str) -> Vec<(&'static str, String)> {
        let own = |known: &str| {
            known == name || known.split_once('.').is_some_and(|(_, own)| own == name)
        };
        let Some((known, words)) = self.settable.iter().find(|(known, _)| own(known)) else {
            return Vec::new();
        };
        let begin = words.iter().filter(|one| one.starts_with(word));
        begin.map(|one| (*one, (*known).to_owned())).collect()
    }

    fn of_argument(&self, name: &str) -> &[(String, String)] {
        match name.to_ascii_lowercase().as_str() {
            "job_id" | "job" => &self.jobs,
            "label" | "feedback" | "decision" => &self.labels,
            "tag" | "tag_name" | "tagname" => &self.tags,
            "did" | "deviceid" | "device_id" => &self.devices,
            _ => &[],
        }
    }
}

fn add(values: &mut Vec<(String, String)>, value: &str, about: &str) {
    if !values.iter().any(|(one, _)| one == value) {
        values.push((value.to_owned(), about.to_owned()));
    }
}

/// A value as it must be typed: in quotes where it has blanks in it.
fn candidate(from: usize, value: &str, about: &str) -> Candidate {
    let text = if value.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\')) {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        value.to_owned()
    };
    Candidate { from, text, help: about.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Operation;
    use crate::api::arcanna::jobs::Jobs;
    use crate::api::{Answer, arcanna::JobId};

    fn values() -> Values {
        let mut store = Store::default();
        let jobs = Jobs
            .decode(&Answer::from_json(
                r#"[{"job_id":1202,"title":"suricata-edge","labels":["Drop","Escalate now"]},{"job_id":1210,"title":"phish"}]"#,
            ))
            .unwrap();
        let at = "2026-11-22T14:03:00Z".parse().unwrap();
        store.job_list.arrived(jobs, at);
        store
            .decision_sets
            .entry(JobId::from(1210))
            .or_default()
            .arrived(vec!["Low".into(), "Drop".into()], at);
        let prefs = Prefs {
            analyst: Some("ana.pop".into()),
            settable: vec![
                ("ui.theme", &["ansi16", "mono"]),
                ("ui.time", &["utc"]),
                ("log.level", &["off"]),
            ],
            ..crate::panes::testing::prefs()
        };
        Values::of(&store, &prefs)
    }

    #[test]
    fn values_are_offered_where_they_fit() {
        let values = values();
        let texts = |line: &str| -> Vec<String> {
            values.complete(line).into_iter().map(|one| one.text).collect()
        };
        assert_eq!(texts("arcanna-train job_id=12"), ["1202", "1210"]);
        assert_eq!(texts("arcanna-train job_id=phish"), ["1210"], "by its title too");
        assert_eq!(texts("job "), ["1202", "1210"]);
        assert_eq!(texts("event 1202"), ["1202"]);
        assert_eq!(texts("event 1202 1"), [""; 0], "event ids are not guessed");
        assert_eq!(texts("x label="), ["Drop", "\"Escalate now\"", "Low"]);
        assert_eq!(texts("x label=\"esc"), ["\"Escalate now\""]);
        assert_eq!(texts("x username=a"), ["ana.pop"]);
        assert_eq!(texts("x other=1"), [""; 0]);
        assert_eq!(texts("set th"), ["ui.theme"], "by the part behind the dot");
        assert_eq!(texts("set ui."), ["ui.theme", "ui.time"]);
        assert_eq!(texts("set theme m"), ["mono"]);
        assert_eq!(texts("set ui.theme "), ["ansi16", "mono"]);
        assert_eq!(texts("log level o"), ["off"]);
        let one = &values.complete("!x job_id=1202")[0];
        assert_eq!((one.from, one.help.as_str()), (10, "suricata-edge"));
    }
}
