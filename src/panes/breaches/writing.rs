//! The sheets that acknowledge a breach, take that back, and comment on it; and what became of it: the answer is no proof, the
//! breach is read again.

use jiff::{SignedDuration, Timestamp};

use super::{BreachesPane, Part};
use crate::api::darktrace::breaches::{Acknowledge, AddComment};
use crate::command::{Ask, Cx, Tone};
use crate::outbox::{Act, Draft, Moment, Row, State};
use crate::panes::sheet::{Confirm, Sheet, SheetReaction, exactly};
use crate::store::breaches::Proof;
use crate::store::{Remote, Store};

const COMMENT: &str = "comment";

/// The service's clock may be this far from ours when it dates a comment.
const SKEW: SignedDuration = SignedDuration::from_mins(10);

/// Outcomes older than this are not said any more: they were, in the session they belong to.
const NEWS: SignedDuration = SignedDuration::from_mins(10);

/// What a sheet does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Acknowledge,
    TakeBack,
    Comment,
}

/// The sheet that is open, and for which breach.
pub(super) struct Open {
    pbid: i64,
    kind: Kind,
    pub(super) sheet: Sheet,
}

impl Open {
    /// Takes in what the person's own editor made of the comment.
    pub(super) fn edited(&mut self, text: &str) {
        self.sheet.set(COMMENT, text.trim_end_matches('\n'));
    }

    /// Checks what is written, and shows what would be sent.
    pub(super) fn check(&mut self, store: &Store, now: Moment) {
        self.sheet.set_barred(store.armed(now).err());
        let request = if self.kind == Kind::Comment && self.text().is_empty() {
            Err("What is to be said?".to_owned())
        } else {
            self.act().call().map(|call| exactly(&call)).map_err(|bad| bad.to_string())
        };
        self.sheet.set_request(request);
    }

    fn text(&self) -> String {
        self.sheet.value(COMMENT).trim().to_owned()
    }

    /// The write as it stands.
    fn act(&self) -> Act {
        let pbid = self.pbid;
        match self.kind {
            Kind::Acknowledge => Act::Acknowledge(Acknowledge { pbid, on: true }),
            Kind::TakeBack => Act::Acknowledge(Acknowledge { pbid, on: false }),
            Kind::Comment => Act::Comment(AddComment { pbid, message: self.text() }),
        }
    }
}

impl BreachesPane {
    /// The breach under the cursor in a title: number, model, device.
    fn named(&self, store: &Store) -> String {
        let Some(breach) = self.breach(store) else {
            return String::new();
        };
        let model = breach.model.name.as_deref().unwrap_or_default();
        let model = model.rsplit("::").next().unwrap_or(model);
        let device = breach.device.as_ref().and_then(|device| device.name()).unwrap_or_default();
        format!("{model} {device}").trim().to_owned()
    }

    pub(super) fn acknowledge(&mut self, on: bool, cx: &mut Cx<'_>) {
        let Some(pbid) = self.chosen else { return };
        let named = self.named(cx.store);
        let (kind, verb, words) = if on {
            (
                Kind::Acknowledge,
                "ACKNOWLEDGE BREACH",
                "It leaves the list of open breaches, for everybody. It can be taken back.",
            )
        } else {
            (
                Kind::TakeBack,
                "TAKE BACK THE ACKNOWLEDGEMENT OF BREACH",
                "It stands among the open breaches again, for everybody.",
            )
        };
        let mut sheet =
            Sheet::new(format!("{verb} {pbid} {named}"), Confirm::Yes, cx.prefs.read_only)
                .note(Tone::Fine, words);
        if cx.store.breaches.acknowledged(pbid).is_none() {
            sheet = sheet.note(Tone::Mind, "Darktrace does not tell whether it is acknowledged.");
        }
        self.open_sheet(Open { pbid, kind, sheet }, cx);
    }

    pub(super) fn comment(&mut self, in_editor: bool, cx: &mut Cx<'_>) {
        let Some(pbid) = self.chosen else { return };
        let named = self.named(cx.store);
        let text = self.drafts.get(&pbid).cloned().unwrap_or_default();
        let sheet =
            Sheet::new(format!("COMMENT ON BREACH {pbid} {named}"), Confirm::Yes, cx.prefs.read_only)
                .note(
                    Tone::Fine,
                    "Everybody sees it, under the API token's name. A comment cannot be removed once it is sent.",
                )
                .editor(COMMENT, "comment", &text, "");
        if in_editor {
            cx.asks.push(Ask::Edit(text));
        }
        self.open_sheet(Open { pbid, kind: Kind::Comment, sheet }, cx);
    }

    fn open_sheet(&mut self, mut open: Open, cx: &mut Cx<'_>) {
        open.check(cx.store, cx.now);
        self.sheet = Some(open);
    }

    /// A comment that was begun is there again when its sheet is opened anew: `:arm` needs the sheet closed.
    pub(super) fn keep_draft(&mut self, open: &Open) {
        if open.kind != Kind::Comment {
            return;
        }
        let text = open.text();
        if text.is_empty() {
            self.drafts.remove(&open.pbid);
        } else {
            self.drafts.insert(open.pbid, text);
        }
    }

    pub(super) fn react(&mut self, reaction: SheetReaction, cx: &mut Cx<'_>) {
        let Some(mut open) = self.sheet.take() else {
            return;
        };
        match reaction {
            SheetReaction::Stay => {}
            SheetReaction::Edited => open.check(cx.store, cx.now),
            SheetReaction::Edit => cx.asks.push(Ask::Edit(open.sheet.text())),
            SheetReaction::Close => {
                self.keep_draft(&open);
                if self.drafts.contains_key(&open.pbid) && open.kind == Kind::Comment {
                    cx.say(Tone::Fine, "the comment is kept: c takes it up again");
                }
                return;
            }
            SheetReaction::Confirmed => {
                // It may have run out while the sheet was open.
                if let Err(why) = cx.store.armed(cx.now) {
                    open.check(cx.store, cx.now);
                    cx.say(Tone::Mind, why);
                } else if let Some(words) = stage(&open, cx) {
                    if open.kind == Kind::Comment {
                        self.drafts.remove(&open.pbid);
                        self.part = Part::Comments;
                    }
                    return cx.say(Tone::Fine, words);
                }
            }
        }
        self.sheet = Some(open);
    }

    /// Says once what became of a write to the breach under the cursor.
    pub(super) fn tell_fates(&mut self, cx: &mut Cx<'_>) {
        let Some(pbid) = self.chosen else { return };
        let mut words = Vec::new();
        for row in writes(pbid, cx.store) {
            if cx.now.wall.duration_since(row.changed) > NEWS {
                continue;
            }
            let (tone, said) = match fate(row, cx.store) {
                Some(Fate::Proven(words)) => (Tone::Fine, words),
                Some(Fate::Denied(words) | Fate::Other(words)) => (Tone::Bad, words),
                _ => continue,
            };
            words.push((row.id, tone, said));
        }
        for (id, tone, said) in words {
            if self.told.insert(id) {
                cx.say(tone, said);
            }
        }
    }
}

/// Hands the write to the outbox; what to say, or `None` when there is no request.
fn stage(open: &Open, cx: &mut Cx<'_>) -> Option<String> {
    let act = open.act();
    let call = act.call().ok()?;
    let grace = cx.prefs.outward_grace;
    let what = match open.kind {
        Kind::Comment => format!("comment on breach {}", open.pbid),
        _ => act.summary(),
    };
    cx.store.stage(Draft { act, call, grace, seen: None, note: None, batch: None });
    Some(format!("{what}: sent in {} s, u takes it back", grace.as_secs()))
}

/// What became of a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// Not sent yet, or not read back yet.
    Waits(String),
    /// The breach, read again, shows it.
    Proven(String),
    /// The breach, read again, does not show it.
    Denied(String),
    /// Something else, in the outbox's words.
    Other(String),
}

/// What became of a write, as far as the breach has been read again.
pub(super) fn fate(row: &Row, store: &Store) -> Option<Fate> {
    let deed = match &row.draft.act {
        Act::Acknowledge(Acknowledge { on: true, .. }) => "acknowledgement",
        Act::Acknowledge(Acknowledge { on: false, .. }) => "taking the acknowledgement back",
        Act::Comment(_) => "comment",
        _ => return None,
    };
    Some(match &row.state {
        State::Undone => return None,
        State::Grace | State::Due => Fate::Waits(format!("{deed} is not sent yet")),
        State::Held => Fate::Other(format!("{deed} is held: not sent, Activity asks")),
        State::Sending => Fate::Waits(format!("{deed} is on its way")),
        State::Parked(why) => Fate::Other(format!("{deed} refused: {why}")),
        State::Sent(said) => settled(row, &format!("{deed}: Darktrace {}", brief(said)), store),
        State::Unknown(_) => match settled(row, &format!("{deed}: no good answer came"), store) {
            // Another's comment may have the same words: what is unknown stays so.
            Fate::Proven(words) | Fate::Denied(words) if deed == "comment" => {
                Fate::Other(format!("UNKNOWN whether it was done: {words}"))
            }
            fate => fate,
        },
    })
}

/// A word of the service as it is; data is no word: Unified View and newer versions answer with the record.
fn brief(said: &str) -> String {
    let short: String = said.chars().take(40).collect();
    if said.starts_with(['[', '{']) {
        "answered with the record".to_owned()
    } else if short.len() < said.len() {
        format!("said {short}...")
    } else {
        format!("said {short}")
    }
}

fn settled(row: &Row, said: &str, store: &Store) -> Fate {
    let book = &store.breaches;
    match &row.draft.act {
        Act::Acknowledge(Acknowledge { pbid, on }) => {
            let since = book.written(&row.draft.act).unwrap_or(row.changed);
            let failed = [
                book.logs.get(pbid).and_then(|log| broken(log, since)),
                book.single.get(pbid).and_then(|one| broken(one, since)),
            ];
            match book.proof(*pbid, since) {
                Proof::Told(is) => {
                    let state = if is { "acknowledged" } else { "not acknowledged" };
                    if is == *on {
                        Fate::Proven(format!("{said}; read back: it is {state}"))
                    } else {
                        Fate::Denied(format!("{said}, but read back: it is {state}"))
                    }
                }
                Proof::Silent => Fate::Other(format!(
                    "{said}; Darktrace does not tell on re-reading whether it is acknowledged"
                )),
                Proof::Unread => failed.into_iter().flatten().next().map_or_else(
                    || Fate::Waits(format!("{said}; not read back yet")),
                    |why| Fate::Other(format!("{said}; not read back: {why}")),
                ),
            }
        }
        Act::Comment(AddComment { pbid, message }) => {
            let since = book.written(&row.draft.act).unwrap_or(row.changed);
            let Some(remote) = book.comments.get(pbid) else {
                return Fate::Waits(format!("{said}; not read back yet"));
            };
            if let Some(why) = broken(remote, since) {
                return Fate::Other(format!("{said}; not read back: {why}"));
            }
            let read = !remote.pending && remote.fetched.is_some_and(|at| at >= since);
            let Some(comments) = remote.value().filter(|_| read) else {
                return Fate::Waits(format!("{said}; not read back yet"));
            };
            let there = comments.iter().any(|comment| {
                let words = comment.message.as_deref().map(str::trim);
                let at = comment.time.as_ref().and_then(|time| time.at());
                words == Some(message.trim()) && at.is_none_or(|at| at >= row.staged - SKEW)
            });
            if there {
                Fate::Proven(format!("{said}; read back: it stands among the comments"))
            } else {
                Fate::Denied(format!("{said}, but it is not seen on re-reading"))
            }
        }
        _ => Fate::Waits(said.to_owned()),
    }
}

/// Why a value was not read since a moment, if the reading failed.
fn broken<T>(remote: &Remote<T>, since: Timestamp) -> Option<String> {
    let (error, at) = remote.error.as_ref()?;
    (!remote.pending && *at >= since).then(|| error.explain().what)
}

/// The writes to a breach that were not taken back, newest first.
pub(super) fn writes(pbid: i64, store: &Store) -> impl Iterator<Item = &Row> {
    store.writes.newest().filter(move |row| {
        let of = match &row.draft.act {
            Act::Acknowledge(act) => act.pbid,
            Act::Comment(act) => act.pbid,
            _ => return false,
        };
        of == pbid && row.state != State::Undone
    })
}

/// The newest acknowledgement from here, or the taking back of one: whether it was the former, and what became of it.
pub(super) fn acknowledging(pbid: i64, store: &Store) -> Option<(bool, Fate)> {
    writes(pbid, store).find_map(|row| match &row.draft.act {
        Act::Acknowledge(act) => Some((act.on, fate(row, store)?)),
        _ => None,
    })
}
