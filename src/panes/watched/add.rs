//! The sheets of the watched list: putting entries on it after the pre-flight, taking one of one's own off it.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::preflight::{Check, Known, MANY, Preflight, Verdict, device_names};
use crate::api::darktrace::watchlist::{WatchAdd, WatchRemove, Watched};
use crate::api::{Call, Operation};
use crate::command::{Cx, Tone};
use crate::export;
use crate::outbox::{Act, Draft};
use crate::panes::lookup::{self, Batch};
use crate::panes::sheet::{Confirm, Sheet, exactly};
use crate::store::{Remote, Store};

/// How long typing rests before what was typed is looked up.
const REST: Duration = Duration::from_millis(700);

/// Lines of the pre-flight that are told one by one.
const TOLD: usize = 8;

/// The choices of the expiry, and their days.
const EXPIRES: [&str; 4] = ["7d", "30d", "90d", "none"];
/// Matching what is below a domain too, or the host alone.
const COVERS: [&str; 2] = ["domain and below", "this host only"];

/// What an open sheet does when it is confirmed.
pub(super) enum Open {
    /// Puts entries on the list.
    Add(Box<Adding>),
    /// Takes one off it.
    Remove(Box<Removing>),
}

/// See [`Open::Add`].
pub(super) struct Adding {
    pub(super) sheet: Sheet,
    source: String,
    batch: Batch,
    /// When what was typed is looked up.
    pub(super) rest: Option<Instant>,
    /// Exactly what the sheet shows as its request.
    ready: Option<(WatchAdd, Call)>,
}

/// See [`Open::Remove`].
pub(super) struct Removing {
    pub(super) sheet: Sheet,
    remove: WatchRemove,
    call: Call,
}

/// The name own entries are kept under, less than 64 characters; `None` without an analyst.
pub(super) fn source(analyst: Option<&str>) -> Option<String> {
    let analyst = analyst.filter(|name| !name.trim().is_empty())?;
    Some(format!("tui-{analyst}").chars().take(63).collect())
}

/// The draft of a write that reaches others.
fn draft(act: Act, call: Call, cx: &Cx<'_>) -> Draft {
    Draft { act, call, grace: cx.prefs.outward_grace, seen: None, note: None, batch: None }
}

fn say_kept(what: &str, cx: &mut Cx<'_>) {
    let at = cx.now.plus(cx.prefs.outward_grace).wall;
    cx.say(Tone::Fine, format!("{what}: sends {}, u takes it back", at.strftime("%H:%M:%SZ")));
}

impl Adding {
    /// A sheet with what is to be watched already in it.
    pub(super) fn new(text: &str, title: &str, source: String, cx: &mut Cx<'_>) -> Self {
        let sheet = Sheet::new(
            title,
            Confirm::Type("the number of entries".into(), "0".into()),
            cx.prefs.read_only,
        )
        .editor("entries", "entries", text, "one a line, any form; @file and Enter reads a file")
        .line("reason", "reason", "", "a case, a report: everybody sees it")
        .choice("covers", "covers", &COVERS, 0)
        .choice("expires", "expires", &EXPIRES, 1);
        let mut adding = Self { sheet, source, batch: Batch::default(), rest: None, ready: None };
        adding.look_up(cx);
        adding.check(cx);
        adding
    }

    /// A value changed: judged at once, looked up when typing rests.
    pub(super) fn edited(&mut self, cx: &mut Cx<'_>) {
        self.read_files();
        self.rest = Some(cx.now.instant + REST);
        self.check(cx);
    }

    /// Looks up what goes on the list and was not looked up yet.
    pub(super) fn look_up(&mut self, cx: &mut Cx<'_>) {
        self.rest = None;
        let endpoints = self.preflight(cx.store, &cx.prefs.own_domains).endpoints();
        self.batch.start(endpoints.into_iter().take(lookup::BATCH), cx);
    }

    /// Something landed: the next look-up, and a new judgement.
    pub(super) fn changed(&mut self, cx: &mut Cx<'_>) {
        self.batch.step(cx);
        self.check(cx);
    }

    /// Stops looking up.
    pub(super) fn leave(&mut self, cx: &mut Cx<'_>) {
        self.batch.stop(cx);
    }

    fn preflight(&self, store: &Store, own: &[String]) -> Preflight {
        let list = |source: Option<String>| {
            let remote = store.watch_lists.get(&source).and_then(Remote::value);
            remote.map(Vec::as_slice)
        };
        let known = Known {
            list: list(None),
            own: list(Some(self.source.clone())),
            endpoints: Some(&store.endpoints),
            devices: device_names(store),
            domains: own,
        };
        Preflight::of(&self.sheet.value("entries"), &known)
    }

    /// A line `@path` that Enter ended becomes what the file holds.
    fn read_files(&mut self) {
        let text = self.sheet.value("entries");
        let lines: Vec<&str> = text.split('\n').collect();
        let named = |line: &&str| line.trim().starts_with('@') && line.trim().len() > 1;
        let Some(at) = lines[..lines.len() - 1].iter().position(named) else {
            return;
        };
        let path = lines[at].trim()[1..].trim();
        let read = match lookup::read_file(path) {
            Ok(read) => read,
            // A remark stays in its place: the file's name is not lost, and nothing is taken for an entry.
            Err(why) => format!("# {path}: {why}"),
        };
        let mut all: Vec<&str> = lines[..at].to_vec();
        all.push(read.trim_end());
        all.extend(&lines[at + 1..]);
        let all = all.join("\n");
        self.sheet.set("entries", &all);
    }

    /// Judges what the sheet holds, and says what would be sent.
    fn check(&mut self, cx: &Cx<'_>) {
        let (store, moment) = (&*cx.store, cx.now);
        let now = moment.wall;
        let flight = self.preflight(store, &cx.prefs.own_domains);
        let entries = flight.entries();
        let count = entries.len();
        self.sheet.help("entries", summary(&flight));
        self.sheet.set_confirm(Confirm::Type("the number of entries".into(), count.to_string()));
        let reason = self.sheet.value("reason").trim().to_owned();
        let long = reason.chars().count();
        self.sheet.complain(
            "reason",
            match long {
                0 => Some("required; everybody sees it".into()),
                256.. => Some(format!("{long} characters; less than 256 are allowed")),
                _ => None,
            },
        );
        let days: Option<i64> = match self.sheet.value("expires").as_str() {
            "none" => None,
            days => days.trim_end_matches('d').parse().ok(),
        };
        let expiry =
            days.and_then(|days| now.checked_add(SignedDuration::from_hours(days * 24)).ok());
        let mut notes = self.notes(&flight, expiry, store);
        if store.armed(moment).is_err() {
            let words = "not armed: it can be looked at; :arm 15m lets it be sent";
            notes.insert(1, (Tone::Mind, words.to_owned()));
        }
        self.sheet.set_notes(notes);
        let add = WatchAdd {
            entries,
            description: Some(reason).filter(|reason| !reason.is_empty()),
            source: Some(self.source.clone()),
            expiry,
            hostname: self.sheet.value("covers") == COVERS[1],
        };
        self.ready = None;
        let list = store.watch_lists.get(&None);
        let request = if count == 0 {
            Err(nothing(&flight).to_owned())
        } else if list.is_none_or(|list| list.value().is_none() && list.error.is_none()) {
            Err("the watched list is being read: what is on it already is not known yet".to_owned())
        } else {
            match add.call() {
                Ok(call) => {
                    let shown = exactly(&call);
                    self.ready = Some((add, call));
                    Ok(shown)
                }
                Err(bad) => Err(bad.to_string()),
            }
        };
        self.sheet.set_request(request);
    }

    fn notes(
        &self,
        flight: &Preflight,
        expiry: Option<Timestamp>,
        store: &Store,
    ) -> Vec<(Tone, String)> {
        let until = expiry.map_or_else(
            || "never expires".to_owned(),
            |at| format!("expires {}", at.strftime("%Y-%m-%d %H:%MZ")),
        );
        let mut notes = vec![(
            Tone::Fine,
            format!(
                "Reaches everybody.   source {}   {until}   autonomous response OFF, never set from here",
                self.source
            ),
        )];
        if expiry.is_none() {
            notes.push((
                Tone::Mind,
                "An entry that never expires is forgotten: have a second person agree.".to_owned(),
            ));
        }
        if flight.entries().len() > MANY {
            notes.push((
                Tone::Mind,
                format!("More than {MANY} entries: have a second person look at them."),
            ));
        }
        if store
            .watch_lists
            .get(&None)
            .is_some_and(|list| list.value().is_none() && list.error.is_some())
        {
            notes.push((
                Tone::Bad,
                "The watched list could not be read: what is on it already is not known."
                    .to_owned(),
            ));
        }
        if self.batch.is_running() {
            let left = self.batch.left();
            notes.push((Tone::Fine, format!("looking up how popular {left} of them are")));
        }
        let mut told: Vec<(Tone, String)> = flight.checks.iter().filter_map(told).collect();
        // What is refused is read first.
        told.sort_by_key(|(tone, _)| match tone {
            Tone::Bad => 0,
            Tone::Mind => 1,
            Tone::Fine => 2,
        });
        let surplus = told.len().saturating_sub(TOLD);
        notes.extend(told.into_iter().take(TOLD));
        if surplus > 0 {
            notes.push((Tone::Fine, format!("and {surplus} more remarks")));
        }
        notes
    }

    /// Confirmed: keeps exactly what the sheet showed.
    pub(super) fn stage(self, cx: &mut Cx<'_>) {
        if let Some((add, call)) = self.ready {
            let count = add.entries.len();
            let what = if count == 1 {
                format!("watch {}", export::defang(&add.entries[0]))
            } else {
                format!("watch {count} entries")
            };
            cx.store.stage(draft(Act::Watch(add), call, cx));
            say_kept(&what, cx);
        }
    }
}

impl Removing {
    /// A sheet for taking one of one's own entries off the list.
    ///
    /// # Errors
    /// Why it cannot be asked.
    pub(super) fn new(entry: &Watched, source: &str, cx: &Cx<'_>) -> Result<Self, String> {
        let remove = WatchRemove { entry: entry.name.clone(), source: Some(source.to_owned()) };
        let call = remove.call().map_err(|bad| bad.to_string())?;
        let mut sheet = Sheet::new(
            "REMOVE FROM THE WATCHED LIST",
            Confirm::Type("the number of entries".into(), "1".into()),
            cx.prefs.read_only,
        )
        .note(
            Tone::Fine,
            format!(
                "{}   {}",
                export::defang(&entry.name),
                entry.description.as_deref().unwrap_or("no reason given")
            ),
        )
        .note(
            Tone::Fine,
            format!(
                "Only the entry of source {source} is removed; the same entry of others stays."
            ),
        )
        .note(Tone::Mind, "Nobody is told any more when a device talks to it.");
        sheet.set_request(Ok(exactly(&call)));
        Ok(Self { sheet, remove, call })
    }

    /// Confirmed.
    pub(super) fn stage(self, cx: &mut Cx<'_>) {
        let what = format!("unwatch {}", export::defang(&self.remove.entry));
        cx.store.stage(draft(Act::Unwatch(self.remove), self.call, cx));
        say_kept(&what, cx);
    }
}

/// What a line of the pre-flight says; nothing for a good entry as it was given.
fn told(check: &Check) -> Option<(Tone, String)> {
    // What was given stays as it is where it is nothing; what will be sent is shown raw in the request.
    let given = crate::ui::text::cut(&check.given, 40, "..").into_owned();
    let line = check.line;
    Some(match &check.verdict {
        Verdict::Good => {
            let left = check.left?;
            (Tone::Fine, format!("line {line}  {}: {left}", export::defang(&check.entry)))
        }
        Verdict::Doubtful(why) => {
            (Tone::Mind, format!("line {line}  {}: {why}", export::defang(&check.entry)))
        }
        Verdict::Twice(first) => (
            Tone::Fine,
            format!("line {line}  {}: given on line {first} already", export::defang(&check.entry)),
        ),
        Verdict::There(reason) => (
            Tone::Fine,
            format!("line {line}  {}: watched already, {reason}", export::defang(&check.entry)),
        ),
        Verdict::Invalid(why) => (Tone::Mind, format!("line {line}  '{given}': {why}")),
        Verdict::Refused(why) => (Tone::Bad, format!("line {line}  REFUSED {given}: {why}")),
    })
}

/// `9 valid   2 twice   1 watched already   1 invalid   1 REFUSED`.
fn summary(flight: &Preflight) -> String {
    let mut parts = vec![format!("{} valid", flight.entries().len())];
    let counts: [(usize, &str); 4] = [
        (flight.count(|v| matches!(v, Verdict::Twice(_))), "twice"),
        (flight.count(|v| matches!(v, Verdict::There(_))), "watched already"),
        (flight.count(|v| matches!(v, Verdict::Invalid(_))), "invalid"),
        (flight.count(|v| matches!(v, Verdict::Refused(_))), "REFUSED"),
    ];
    parts.extend(
        counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}")),
    );
    if flight.checks.is_empty() {
        return "one a line, any form; @file and Enter reads a file".to_owned();
    }
    parts.join("   ")
}

/// Why there is nothing to send.
fn nothing(flight: &Preflight) -> &'static str {
    if flight.checks.is_empty() {
        "no address, host name or domain is given yet"
    } else if flight.count(|v| matches!(v, Verdict::Refused(_))) > 0 {
        "nothing is left to watch: what is inside or ours is refused"
    } else if flight.count(|v| matches!(v, Verdict::There(_))) > 0 {
        "nothing is left to watch: it is on the list already"
    } else {
        "nothing of it can be watched"
    }
}
