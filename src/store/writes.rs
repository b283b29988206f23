//! Writes as the outbox told of them, and the sending of those it released.
//!
//! Nothing here is shown as sent before a checked answer confirmed it.

use std::any::Any;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{EventKey, Landing, Store, key};
use crate::api::arcanna::events::EventStatus;
use crate::api::arcanna::jobs::Jobs;
use crate::api::darktrace::tags::{DeviceTags, TagDevice, UntagDevice};
use crate::api::darktrace::watchlist::{WatchAdd, WatchList, WatchRemove};
use crate::api::error::Class;
use crate::api::{Answer, ApiError, BadInput, Call, Cause, Decode, Kind, Product};
use crate::job::{Policy, Slot};
use crate::outbox::{
    Act, Answered, Confirmed, Draft, Moment, Notice, Request, Row, RowId, Settlement, State,
};

/// The rows of the outbox, as last told.
#[derive(Debug, Default)]
pub struct Writes {
    rows: BTreeMap<RowId, Row>,
    latest: HashMap<EventKey, RowId>,
    staging: HashSet<EventKey>,
    asked: HashMap<u64, Asked>,
    last_tag: u64,
    /// Events whose label was staged since the pane last looked: the cursor may move on.
    pub just_staged: Vec<EventKey>,
    /// Answers for commands typed by name, in the order they came.
    pub named: Vec<Result<Answer, ApiError>>,
    /// The row of the command typed by name that is on its way.
    pub named_row: Option<RowId>,
    /// Events that were sent from here and accepted since the program last looked: they can be opened.
    pub sent_events: Vec<EventKey>,
    /// What the outbox refused since the program last looked.
    pub refusals: Vec<String>,
    /// Writes taken back since the program last looked, one line each.
    pub undone: Vec<String>,
    /// Since when writes of an ended session are held: to be offered once, at the start.
    pub offer: Option<Timestamp>,
    /// What a person should know about where writes are kept; said once.
    pub note: Option<String>,
    /// Unsent writes that are for another profile or address.
    pub foreign: usize,
    /// Where in the ledger the newest record of a row stands: number and hash, as far as this session was told.
    recorded: HashMap<RowId, (u64, String)>,
    /// Rows this session asked to take back.
    undoing: HashSet<RowId>,
    /// When a write's answer came: what is read from then on shows what it did, though its row may be settled later.
    answered: HashMap<RowId, Timestamp>,
    /// The first telling of the rows has come.
    told: bool,
}

/// What the list shows of an event's label.
#[derive(Debug, Clone, Copy)]
pub enum LabelState<'a> {
    /// None from here.
    None,
    /// The key was taken; the outbox has not kept it yet.
    Staging,
    /// Kept; see the row's state.
    Kept(&'a Row, &'a str),
}

impl Writes {
    /// The number and the hash of the newest ledger record of a row, where this session was told of one.
    pub fn record(&self, row: RowId) -> Option<(u64, &str)> {
        self.recorded.get(&row).map(|(number, hash)| (*number, hash.as_str()))
    }

    /// From when on a read shows what a write did.
    pub fn shows_from(&self, row: &Row) -> Timestamp {
        self.answered.get(&row.id).map_or(row.changed, |at| row.changed.min(*at))
    }

    /// The label given from here to an event.
    pub fn label(&self, event: &EventKey) -> LabelState<'_> {
        let row = self
            .latest
            .get(event)
            .and_then(|id| self.rows.get(id))
            .filter(|row| row.state != State::Undone);
        match row.and_then(|row| row.draft.act.labels().map(|(_, _, label)| (row, label))) {
            Some((row, label)) => LabelState::Kept(row, label),
            None if self.staging.contains(event) => LabelState::Staging,
            None => LabelState::None,
        }
    }

    /// Whether there is any label from here.
    pub fn any_label(&self) -> bool {
        !self.latest.is_empty() || !self.staging.is_empty()
    }

    /// All rows, newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Row> {
        self.rows.values().rev()
    }

    /// A row by its id.
    pub fn get(&self, id: RowId) -> Option<&Row> {
        self.rows.get(&id)
    }

    /// The newest row of this session that can still be taken back.
    pub fn last_undoable(&self) -> Option<&Row> {
        self.newest().find(|row| {
            matches!(row.state, State::Grace | State::Due)
                && !row.elsewhere
                && !self.undoing.contains(&row.id)
        })
    }

    /// Takes in a row as it is now.
    fn take_in(&mut self, row: Row) {
        if let Some((job, event, _)) = row.draft.act.labels() {
            let event = key(job, event);
            let newest = self.latest.get(&event).is_none_or(|id| *id <= row.id);
            if newest && row.state != State::Undone {
                self.latest.insert(event, row.id);
            } else if self.latest.get(&event) == Some(&row.id) {
                // The label before it counts again, if there is one.
                let before = self.rows.values().rev().find(|other| {
                    other.id < row.id
                        && other.state != State::Undone
                        && other
                            .draft
                            .act
                            .labels()
                            .is_some_and(|(job, id, _)| *job == event.job && *id == event.event)
                });
                match before.map(|row| row.id) {
                    Some(id) => self.latest.insert(event, id),
                    None => self.latest.remove(&event),
                };
            }
        }
        if self.undoing.remove(&row.id) && row.state == State::Undone {
            self.undone.push(row.draft.act.summary());
        }
        self.rows.insert(row.id, row);
    }

    /// The rows that are taken back with this one and still can be, itself included, oldest first.
    pub fn batch_of(&self, row: &Row) -> Vec<RowId> {
        let open = |row: &&Row| matches!(row.state, State::Grace | State::Due) && !row.elsewhere;
        self.rows
            .values()
            .filter(open)
            .filter(|one| {
                one.id == row.id || row.draft.batch.is_some() && one.draft.batch == row.draft.batch
            })
            .map(|one| one.id)
            .collect()
    }

    /// A number no deed of this session has yet.
    pub fn new_batch(&mut self) -> u64 {
        self.last_tag += 1;
        self.last_tag
    }

    /// Rows of this session that are neither settled nor undone.
    pub fn unsent(&self) -> usize {
        self.rows.values().filter(|row| !row.state.is_settled() && !row.elsewhere).count()
    }

    /// Rows of this session that wait for a product.
    pub fn waiting_for(&self, product: Product) -> usize {
        self.rows
            .values()
            .filter(|row| !row.state.is_settled() && !row.elsewhere)
            .filter(|row| row.draft.call.product == product)
            .count()
    }

    /// Rows of ended sessions that wait for a person's yes, oldest first.
    pub fn held(&self) -> impl Iterator<Item = &Row> {
        self.rows.values().filter(|row| row.state == State::Held)
    }

    /// Rows a person must look at: refused, or of unknown outcome.
    pub fn troubled(&self) -> usize {
        self.rows
            .values()
            .filter(|row| matches!(row.state, State::Parked(_) | State::Unknown(_)))
            .count()
    }
}

/// What a staged write was asked for, until the outbox has kept it.
#[derive(Debug)]
enum Asked {
    Label(EventKey),
    Named,
}

/// The landing of a write: tells the outbox how the attempt ended.
#[derive(Debug)]
struct WriteLanding {
    row: Row,
}

impl Store {
    /// Asks the outbox to keep a label. The screen says so only when the outbox has.
    pub fn stage_label(&mut self, event: EventKey, draft: Draft) {
        self.writes.last_tag += 1;
        let tag = self.writes.last_tag;
        self.writes.asked.insert(tag, Asked::Label(event.clone()));
        self.writes.staging.insert(event);
        self.outbox(Request::Stage { draft, tag });
    }

    /// Asks the outbox to keep any other write. Its row appears in Activity; what it changed is read back once it is sent.
    pub fn stage(&mut self, draft: Draft) {
        self.writes.last_tag += 1;
        let tag = self.writes.last_tag;
        self.outbox(Request::Stage { draft, tag });
    }

    /// Asks the outbox to keep a write typed by name; its answer comes to [`Writes::named`].
    pub fn stage_named(&mut self, name: &'static str, call: Call, grace: Duration) {
        let draft = Draft {
            act: Act::Named { name: name.to_owned(), call: call.clone() },
            call,
            grace,
            seen: None,
            note: None,
            batch: None,
        };
        self.writes.last_tag += 1;
        let tag = self.writes.last_tag;
        self.writes.asked.insert(tag, Asked::Named);
        self.outbox(Request::Stage { draft, tag });
    }

    /// Asks a read typed by name; its answer comes to [`Writes::named`].
    pub fn ask_named(&mut self, call: Call, now: Moment) {
        let Some(ticket) = self.admit(Slot::new("command line"), Policy::Latest, &call, now) else {
            return;
        };
        self.launch(
            ticket,
            Policy::Latest,
            call.clone(),
            Arc::new(Whole),
            Box::new(NamedLanding { call }),
        );
    }

    /// Asks the outbox to take a row back; [`Writes::undone`] tells when it has.
    pub fn undo(&mut self, id: RowId) {
        self.writes.undoing.insert(id);
        self.outbox(Request::Undo(id));
    }

    /// Sends all held rows, or gives them up.
    pub fn decide_held(&mut self, send: bool) -> usize {
        let held: Vec<RowId> = self.writes.held().map(|row| row.id).collect();
        for id in &held {
            self.outbox(if send { Request::Resend(*id) } else { Request::Drop(*id) });
        }
        held.len()
    }

    /// Takes in what the outbox told.
    pub fn notice(&mut self, notice: Notice, now: Moment) {
        match notice {
            Notice::Rows { rows, held, foreign, note } => {
                self.writes.rows.clear();
                self.writes.latest.clear();
                for row in rows {
                    self.sitting.told(&row);
                    self.look_at_unknown(&row, now);
                    self.writes.take_in(row);
                }
                if !std::mem::replace(&mut self.writes.told, true) {
                    self.writes.offer = held;
                }
                self.writes.foreign = foreign;
                self.writes.note = note;
            }
            Notice::Staged { row, tag } => {
                match self.writes.asked.remove(&tag) {
                    Some(Asked::Label(event)) => {
                        self.writes.staging.remove(&event);
                        self.writes.just_staged.push(event);
                    }
                    Some(Asked::Named) => self.writes.named_row = Some(row.id),
                    None => {}
                }
                self.sitting.staged(&row);
                self.writes.take_in(row);
            }
            Notice::NotStaged { tag, why } => {
                match self.writes.asked.remove(&tag) {
                    Some(Asked::Label(event)) => {
                        self.writes.staging.remove(&event);
                    }
                    Some(Asked::Named) => {
                        self.writes.named.push(Err(BadInput::new("write", "", &why).into()))
                    }
                    None => {}
                }
                self.writes.refusals.push(why);
            }
            Notice::Changed(row) => {
                if row.state == State::Undone && self.writes.named_row == Some(row.id) {
                    self.writes.named.push(Err(ApiError::of(&row.draft.call, Cause::Cancelled)));
                }
                self.look_at_unknown(&row, now);
                self.sitting.told(&row);
                self.writes.take_in(row);
            }
            Notice::Send(row) => {
                self.writes.take_in(row.clone());
                let call = row.draft.call.clone();
                let slot = Slot::new(format!("write {}", row.id));
                if let Some(ticket) = self.admit(slot, Policy::Serial, &call, now) {
                    let decode: Arc<dyn Decode> = Arc::new(row.draft.act.clone());
                    self.launch(
                        ticket,
                        Policy::Serial,
                        call,
                        decode,
                        Box::new(WriteLanding { row }),
                    );
                }
            }
            Notice::Refused(id, why) => {
                self.writes.undoing.remove(&id);
                self.writes.refusals.push(why);
            }
            Notice::Recorded(id, place) => {
                self.writes.recorded.insert(id, (place.n, place.h));
            }
            Notice::Trouble(why) => self.writes.refusals.push(why),
        }
    }

    /// What became of a tag whose answer was lost is read, not guessed and not repeated.
    fn look_at_unknown(&mut self, row: &Row, now: Moment) {
        if !matches!(row.state, State::Unknown(_)) || row.elsewhere {
            return;
        }
        if let Act::Tag(TagDevice { did, .. }) | Act::Untag(UntagDevice { did, .. }) =
            &row.draft.act
        {
            self.ask(DeviceTags { did: *did }, Policy::Join, now);
        }
        self.reread_breach(&row.draft.act, now);
    }

    /// The tags of a device were read: writes to them whose outcome is unknown are settled by what is there.
    pub(super) fn tags_read(&mut self, did: i64) {
        let Some(tags) = self.device_tags.get(&did).and_then(|tags| tags.value()) else {
            return;
        };
        let has = |name: &str| tags.iter().any(|tag| tag.name.as_deref() == Some(name));
        let mut learnt = Vec::new();
        for row in self.writes.rows.values() {
            if !matches!(row.state, State::Unknown(_)) {
                continue;
            }
            let (there, wanted) = match &row.draft.act {
                Act::Tag(tag) if tag.did == did => (has(&tag.tag), true),
                Act::Untag(untag) if untag.did == did => (has(&untag.tag), false),
                _ => continue,
            };
            let words = if there {
                "read back: the device has the tag"
            } else {
                "read back: the device does not have the tag"
            };
            let settlement = if there == wanted {
                Settlement::Sent(words.to_owned())
            } else {
                Settlement::Parked(words.to_owned())
            };
            learnt.push(Request::Learn(row.id, settlement));
        }
        for request in learnt {
            self.outbox(request);
        }
    }
}

impl Landing for WriteLanding {
    fn land(&self, store: &mut Store, result: Result<Box<dyn Any + Send>, ApiError>, now: Moment) {
        let named = matches!(self.row.draft.act, Act::Named { .. });
        let result = result.map(|output| output.downcast::<Confirmed>());
        let (settlement, answered) = match &result {
            Ok(Ok(confirmed)) => (
                Settlement::Sent(confirmed.words.clone()),
                Answered {
                    status: Some(confirmed.answer.status),
                    took: Some(confirmed.answer.took),
                },
            ),
            Ok(Err(_)) => (
                Settlement::Unknown("its answer was read by another decoder".to_owned()),
                Answered::default(),
            ),
            Err(error) => {
                (settlement(error, &self.row, named), Answered { status: error.status, took: None })
            }
        };
        store.outbox(Request::Settle(self.row.id, settlement, answered));
        store.writes.answered.insert(self.row.id, now.wall);
        if named {
            let answer = result.and_then(|confirmed| match confirmed {
                Ok(confirmed) => Ok(confirmed.answer),
                Err(_) => Err(ApiError::of(
                    &self.row.draft.call,
                    Cause::Crashed("its answer was read by another decoder".into()),
                )),
            });
            store.writes.named.push(answer);
        } else if let Ok(Ok(confirmed)) = &result {
            read_back(store, &self.row.draft.act, confirmed, now);
        } else if let Err(error) = &result
            && error.outcome_unknown()
            && let Act::Tag(TagDevice { did, .. }) | Act::Untag(UntagDevice { did, .. }) =
                &self.row.draft.act
        {
            // Some gateways answer 502 although it was done [LAB]: only the device knows.
            store.ask(DeviceTags { did: *did }, Policy::Latest, now);
        }
    }

    fn abandon(&self, store: &mut Store) {
        store.outbox(Request::Settle(
            self.row.id,
            Settlement::Back("it was not sent".to_owned()),
            Answered::default(),
        ));
    }
}

/// What a confirmed write did is read back, not assumed.
fn read_back(store: &mut Store, act: &Act, confirmed: &Confirmed, now: Moment) {
    match act {
        Act::Label { feedback, .. } => {
            let (job, event) = (feedback.job.clone(), feedback.event.clone());
            store.ask(EventStatus { job, event }, Policy::Join, now);
        }
        Act::Tag(TagDevice { did, .. }) | Act::Untag(UntagDevice { did, .. }) => {
            // A read that began before the write would prove nothing.
            store.ask(DeviceTags { did: *did }, Policy::Latest, now);
        }
        Act::Train(_) => store.ask(Jobs, Policy::Join, now),
        Act::Send(send) => {
            let event = confirmed.event.as_ref().map(|event| key(&send.job, event));
            store.writes.sent_events.extend(event);
        }
        Act::Watch(WatchAdd { source, .. }) | Act::Unwatch(WatchRemove { source, .. }) => {
            store.ask(WatchList::default(), Policy::Join, now);
            if source.is_some() {
                let source = source.clone();
                store.ask(WatchList { source }, Policy::Join, now);
            }
        }
        Act::Acknowledge(_) | Act::Comment(_) => store.reread_breach(act, now),
        Act::Named { .. } => {}
    }
}

/// What a failed attempt means for its row.
fn settlement(error: &ApiError, row: &Row, named: bool) -> Settlement {
    let told = error.explain();
    let words = format!("{} {}", told.what, told.why).trim_end().to_owned();
    let unknown = error.outcome_unknown();
    if unknown && row.draft.call.kind != Kind::Repeatable {
        return Settlement::Unknown(words);
    }
    let down = matches!(error.class(), Class::Network | Class::TimedOut)
        || matches!(*error.cause, Cause::Limited(_))
        || matches!(error.status, Some(502..=504));
    let passing = unknown || down || matches!(*error.cause, Cause::Server(..));
    if passing && !named {
        return Settlement::Again { asked: error.retry_after(), down, maybe: unknown, why: words };
    }
    Settlement::Parked(words)
}

/// Keeps an answer whole, for the catalogue to read.
#[derive(Debug)]
struct Whole;

impl Decode for Whole {
    fn decode(&self, answer: &Answer) -> Result<Box<dyn Any + Send>, Cause> {
        Ok(Box::new(answer.clone()))
    }
}

/// The landing of a read typed by name.
#[derive(Debug)]
struct NamedLanding {
    call: Call,
}

impl Landing for NamedLanding {
    fn land(&self, store: &mut Store, result: Result<Box<dyn Any + Send>, ApiError>, _now: Moment) {
        let result = result.map(|output| output.downcast::<Answer>());
        match result {
            Ok(Ok(answer)) => {
                if self.call.product == Product::Arcanna {
                    store.told_by_name(&self.call.target(), &answer.body);
                }
                store.writes.named.push(Ok(*answer));
            }
            Ok(Err(_)) => tracing::error!("an answer of another type was dropped"),
            Err(error) => store.writes.named.push(Err(error)),
        }
    }

    fn abandon(&self, store: &mut Store) {
        store.writes.named.push(Err(ApiError::of(&self.call, Cause::Cancelled)));
    }
}
