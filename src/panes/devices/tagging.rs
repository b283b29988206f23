//! The sheets that put a tag on a device and take one off, and what became of it: the answer is no proof, the device is
//! read again.

use super::{DevicesPane, Part};
use crate::api::darktrace::devices::Device;
use crate::api::darktrace::tags::{Tag, TagDevice, Tags, UntagDevice};
use crate::command::{Ask, Cx, Prefs, Tone};
use crate::job::Policy;
use crate::outbox::{Act, Draft, Moment, Row, State};
use crate::panes::sheet::{Confirm, Sheet, SheetReaction};
use crate::store::{Remote, Store};

const TAG: &str = "tag";
const EXPIRES: &str = "expires";

/// How long a tag stays, as it is offered, and in seconds.
const TERMS: [(&str, Option<u64>); 4] = [
    ("none", None),
    ("4h", Some(4 * 3_600)),
    ("24h", Some(24 * 3_600)),
    ("7d", Some(7 * 24 * 3_600)),
];

/// The term that is offered first.
const TERM: usize = 2;

/// What a sheet does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Tag,
    Untag,
}

/// The sheet that is open, and for which device.
pub(super) struct Open {
    pub(super) did: i64,
    pub(super) kind: Kind,
    pub(super) sheet: Sheet,
}

/// How long there is to think again.
fn waits(prefs: &Prefs) -> String {
    format!(
        "It waits {} s before it is sent; u takes it back meanwhile.",
        prefs.tag_grace.as_secs()
    )
}

impl Open {
    pub(super) fn tag(did: i64, name: &str, prefs: &Prefs) -> Self {
        let sheet = Sheet::new(format!("TAG DEVICE {did} {name}"), Confirm::Yes, prefs.read_only)
            .note(
                Tone::Fine,
                "Everybody sees the tag, and models may act on it. It can be removed again.",
            )
            .note(Tone::Fine, waits(prefs))
            .line(TAG, "tag", "", "")
            .choice(EXPIRES, "expires", &TERMS.map(|(name, _)| name), TERM);
        Self { did, kind: Kind::Tag, sheet }
    }

    pub(super) fn untag(did: i64, name: &str, tag: &str, prefs: &Prefs) -> Self {
        let title = format!("REMOVE A TAG FROM DEVICE {did} {name}");
        let sheet = Sheet::new(title, Confirm::Yes, prefs.read_only)
            .note(Tone::Fine, "The tag itself stays; only this device loses it.")
            .note(Tone::Fine, waits(prefs))
            .line(TAG, "tag", tag, "");
        Self { did, kind: Kind::Untag, sheet }
    }

    /// Checks what is written against what is known, and shows what would be sent.
    pub(super) fn check(&mut self, store: &Store, now: Moment) {
        self.sheet.set_barred(store.armed(now).err());
        let tag = self.sheet.value(TAG).trim().to_owned();
        let carried = store.device_tags.get(&self.did).and_then(Remote::value);
        let carried = carried.map_or(&[][..], Vec::as_slice);
        let (words, complaint, help) = match self.kind {
            Kind::Tag => {
                let all = store.all_tags.value();
                let offered = names(all.map_or(&[][..], Vec::as_slice), true);
                (offered, wrong(&tag, store), told(&tag, carried, store))
            }
            Kind::Untag => {
                let there = carried.iter().any(|one| one.name.as_deref() == Some(&tag));
                let complaint = if tag.is_empty() {
                    Some("which one?".to_owned())
                } else if there {
                    None
                } else {
                    Some("the device does not carry it".to_owned())
                };
                (names(carried, false), complaint, String::new())
            }
        };
        let small = tag.to_lowercase();
        let begun =
            complaint.is_some() && words.iter().any(|word| word.to_lowercase().contains(&small));
        self.sheet.offer(TAG, words);
        // What can still become a name is shown with what it can become, not with a complaint.
        let request = if tag.is_empty() || begun {
            self.sheet.complain(TAG, None);
            self.sheet.help(TAG, "Tab completes");
            Err("Which tag?".to_owned())
        } else {
            self.sheet.complain(TAG, complaint);
            self.sheet.help(TAG, help);
            self.act()
                .call()
                .map(|call| crate::panes::sheet::exactly(&call))
                .map_err(|bad| bad.to_string())
        };
        self.sheet.set_request(request);
    }

    /// The write as it stands.
    pub(super) fn act(&self) -> Act {
        let tag = self.sheet.value(TAG).trim().to_owned();
        let term = self.sheet.value(EXPIRES);
        match self.kind {
            Kind::Tag => Act::Tag(TagDevice {
                did: self.did,
                tag,
                duration_s: TERMS
                    .iter()
                    .find(|(name, _)| *name == term)
                    .and_then(|(_, seconds)| *seconds),
            }),
            Kind::Untag => Act::Untag(UntagDevice { did: self.did, tag }),
        }
    }
}

impl DevicesPane {
    pub(super) fn tag_device(&mut self, cx: &mut Cx<'_>) {
        let Some(did) = self.did(cx.store) else {
            return;
        };
        // What tags there are changes rarely: they are read once, and again when that failed.
        if cx.store.all_tags.value().is_none() {
            cx.store.ask(Tags, Policy::Join, cx.now);
        }
        let name = called(self.device(cx.store));
        let mut open = Open::tag(did, name, cx.prefs);
        open.check(cx.store, cx.now);
        self.sheet = Some(open);
    }

    pub(super) fn untag_device(&mut self, cx: &mut Cx<'_>) {
        let Some(did) = self.did(cx.store) else {
            return;
        };
        let tags = self.tags_of(cx.store);
        let tag = match (self.part, tags) {
            (Part::Tags, _) => self.tag(cx.store),
            (_, [only]) => Some(only),
            _ => None,
        };
        let tag = tag.and_then(|tag| tag.name.clone()).unwrap_or_default();
        let name = called(self.device(cx.store));
        let mut open = Open::untag(did, name, &tag, cx.prefs);
        open.check(cx.store, cx.now);
        self.sheet = Some(open);
    }

    pub(super) fn react(&mut self, reaction: SheetReaction, cx: &mut Cx<'_>) {
        let Some(open) = &mut self.sheet else { return };
        match reaction {
            SheetReaction::Stay => {}
            SheetReaction::Edited => open.check(cx.store, cx.now),
            SheetReaction::Edit => cx.asks.push(Ask::Edit(open.sheet.text())),
            SheetReaction::Close => self.sheet = None,
            SheetReaction::Confirmed => {
                // It may have run out while the sheet was open.
                if let Err(why) = cx.store.armed(cx.now) {
                    open.check(cx.store, cx.now);
                    return cx.say(Tone::Mind, why);
                }
                let act = open.act();
                match act.call() {
                    Err(bad) => open.sheet.set_request(Err(bad.to_string())),
                    Ok(call) => {
                        let grace = cx.prefs.tag_grace;
                        let words = format!(
                            "{}: sent in {} s, u takes it back",
                            act.summary(),
                            grace.as_secs()
                        );
                        cx.store.stage(Draft {
                            act,
                            call,
                            grace,
                            seen: None,
                            note: None,
                            batch: None,
                        });
                        self.sheet = None;
                        cx.say(Tone::Fine, words);
                    }
                }
            }
        }
    }

    /// Says once what became of a write to the shown device's tags.
    pub(super) fn tell_fates(&mut self, cx: &mut Cx<'_>) {
        let Some(did) = self.did(cx.store) else {
            return;
        };
        let Some(row) = newest(did, cx.store) else {
            return;
        };
        let (tone, words) = match fate(row, cx.store) {
            Some(Fate::Proven(words)) => (Tone::Fine, words),
            Some(Fate::Denied(words) | Fate::Other(words)) => (Tone::Bad, words),
            _ => return,
        };
        if self.told.insert(row.id) {
            cx.say(tone, words);
        }
    }
}

/// Names in order; those that only Darktrace may apply are left out where `free`.
fn names(tags: &[Tag], free: bool) -> Vec<String> {
    let mut names: Vec<String> = tags
        .iter()
        .filter(|tag| !(free && tag.restricted == Some(true)))
        .filter_map(|tag| tag.name.clone())
        .collect();
    names.sort_by_key(|name| name.to_lowercase());
    names
}

/// Why a tag cannot be put on a device; `None` while the tags are not known.
fn wrong(name: &str, store: &Store) -> Option<String> {
    let all = store.all_tags.value()?;
    match all.iter().find(|tag| tag.name.as_deref() == Some(name)) {
        None => Some("no such tag; new ones are made in Darktrace".to_owned()),
        Some(tag) if tag.restricted == Some(true) => {
            Some("restricted: only Darktrace may apply it".to_owned())
        }
        Some(_) => None,
    }
}

/// What is known of a tag that can be put on.
fn told(name: &str, carried: &[Tag], store: &Store) -> String {
    if let Some((error, _)) =
        store.all_tags.error.as_ref().filter(|_| store.all_tags.value().is_none())
    {
        return format!("whether it exists is not known: {error}");
    }
    if carried.iter().any(|tag| tag.name.as_deref() == Some(name)) {
        return "the device carries it: its expiry is set anew".to_owned();
    }
    // Of `a::b` a device carries one per `a` [OAS].
    let scope = name.split_once("::").map(|(scope, _)| format!("{scope}::"));
    let replaced = scope.and_then(|scope| {
        let mut names = carried.iter().filter_map(|tag| tag.name.as_deref());
        names.find(|other| other.starts_with(&scope))
    });
    if let Some(other) = replaced {
        return format!("it replaces {other}");
    }
    let all = store.all_tags.value().map_or(&[][..], Vec::as_slice);
    let tag = all.iter().find(|tag| tag.name.as_deref() == Some(name));
    match (store.all_tags.pending, tag) {
        (true, None) => "the tags are being read".to_owned(),
        (_, Some(tag)) => match (&tag.description, tag.tid) {
            (Some(words), _) if !words.is_empty() => words.clone(),
            (_, Some(tid)) => format!("exists, tid {tid}"),
            _ => "exists".to_owned(),
        },
        _ => String::new(),
    }
}

/// What became of the newest write to a device's tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// Not sent yet.
    Waits(String),
    /// The device, read again, shows it.
    Proven(String),
    /// The device, read again, does not show it.
    Denied(String),
    /// Something else, in the outbox's words.
    Other(String),
}

/// What became of a write, as far as the device has been read again.
pub(super) fn fate(row: &Row, store: &Store) -> Option<Fate> {
    let (did, tag, wanted) = match &row.draft.act {
        Act::Tag(act) => (act.did, &act.tag, true),
        Act::Untag(act) => (act.did, &act.tag, false),
        _ => return None,
    };
    let deed = if wanted { "tag" } else { "removal of" };
    Some(match &row.state {
        State::Undone => return None,
        State::Grace | State::Due => Fate::Waits(format!("{deed} {tag} is not sent yet")),
        State::Held => Fate::Other(format!("{deed} {tag} is held: not sent, Activity asks")),
        State::Sending => Fate::Waits(format!("{deed} {tag} is on its way")),
        State::Parked(why) => Fate::Other(format!("{deed} {tag} refused: {why}")),
        State::Sent(_) | State::Unknown(_) => {
            let said = match &row.state {
                State::Sent(said) => format!("Darktrace said {said}"),
                _ => "no good answer came".to_owned(),
            };
            let remote = store.device_tags.get(&did);
            let read = remote.filter(|remote| {
                let from = store.writes.shows_from(row);
                !remote.pending && remote.fetched.is_some_and(|fetched| fetched >= from)
            });
            let Some(tags) = read.and_then(Remote::value) else {
                return Some(Fate::Waits(format!("{deed} {tag}: {said}; not read back yet")));
            };
            let there = tags.iter().any(|one| one.name.as_ref() == Some(tag));
            let is = if there { "is on" } else { "is not on" };
            if there == wanted {
                Fate::Proven(format!("{said}; read back: {tag} {is} the device"))
            } else {
                Fate::Denied(format!("{said}, but read back: {tag} {is} the device"))
            }
        }
    })
}

/// The newest write to a device's tags that was not taken back.
pub(super) fn newest(did: i64, store: &Store) -> Option<&Row> {
    store.writes.newest().find(|row| {
        let of = match &row.draft.act {
            Act::Tag(act) => act.did,
            Act::Untag(act) => act.did,
            _ => return false,
        };
        of == did && row.state != State::Undone
    })
}

/// The write that put a tag on a device, when it came from this machine's outbox and is the last word on that tag.
/// Darktrace itself does not tell who set a tag.
pub(super) fn set_here<'a>(did: i64, tag: &Tag, store: &'a Store) -> Option<&'a Row> {
    let name = tag.name.as_deref()?;
    let last = store.writes.newest().find(|row| {
        matches!(row.state, State::Sent(_))
            && match &row.draft.act {
                Act::Tag(act) => act.did == did && act.tag == name,
                Act::Untag(act) => act.did == did && act.tag == name,
                _ => false,
            }
    })?;
    matches!(last.draft.act, Act::Tag(_)).then_some(last)
}

/// A device's name for a title.
pub(super) fn called(device: Option<&Device>) -> &str {
    device.and_then(Device::name).unwrap_or("")
}
