//! Writes as the outbox told of them, and the sending of those it released.
//!
//! Nothing here is shown as sent before a checked answer confirmed it.

use std::any::Any;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::{EventKey, Landing, Store, key};
use crate::api::arcanna::events::EventStatus;
use crate::api::arcanna::jobs::Jobs;
use crate::api::darktrace::tags::{DeviceTags, TagDevice, UntagDevice};
use crate::api::darktrace::watchlist::{WatchAdd, WatchList, WatchRemove};
use crate::api::error::Class;
use crate::api::{Answer, ApiError, Call, Cause, Decode, Kind};
use crate::job::{Policy, Slot};
use crate::outbox::{
    Act, Confirmed, Draft, Moment, Notice, Request, Row, RowId, Settlement, State,
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

    /// All rows, newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Row> {
        self.rows.values().rev()
    }

    /// A row by its id.
    pub fn get(&self, id: RowId) -> Option<&Row> {
        self.rows.get(&id)
    }

    /// The newest row that can still be taken back, else the newest label.
    pub fn last_undoable(&self) -> Option<&Row> {
        self.newest()
            .find(|row| matches!(row.state, State::Grace | State::Due))
    }

    /// The rows that are taken back with this one and still can be, itself included, oldest first.
    pub fn batch_of(&self, row: &Row) -> Vec<RowId> {
        let open = |row: &&Row| matches!(row.state, State::Grace | State::Due);
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

    /// Rows that are neither settled nor undone.
    pub fn unsent(&self) -> usize {
        self.rows
            .values()
            .filter(|row| !row.state.is_settled())
            .count()
    }

    /// Rows a person must look at.
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
            act: Act::Named {
                name: name.to_owned(),
                call: call.clone(),
            },
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

    /// Takes in what the outbox told.
    pub fn notice(&mut self, notice: Notice, now: Moment) {
        match notice {
            Notice::Staged { row, tag } => {
                match self.writes.asked.remove(&tag) {
                    Some(Asked::Label(event)) => {
                        self.writes.staging.remove(&event);
                        self.writes.latest.insert(event.clone(), row.id);
                        self.writes.just_staged.push(event);
                    }
                    Some(Asked::Named) => self.writes.named_row = Some(row.id),
                    None => {}
                }
                self.writes.rows.insert(row.id, row);
            }
            Notice::Changed(row) => {
                if row.state == State::Undone && self.writes.named_row == Some(row.id) {
                    self.writes
                        .named
                        .push(Err(ApiError::of(&row.draft.call, Cause::Cancelled)));
                }
                self.writes.rows.insert(row.id, row);
            }
            Notice::Send(row) => {
                self.writes.rows.insert(row.id, row.clone());
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
            Notice::Refused(_, why) => self.writes.refusals.push(why),
        }
    }
}

impl Landing for WriteLanding {
    fn land(&self, store: &mut Store, result: Result<Box<dyn Any + Send>, ApiError>, now: Moment) {
        let named = matches!(self.row.draft.act, Act::Named { .. });
        let result = result.map(|output| output.downcast::<Confirmed>());
        let settlement = match &result {
            Ok(Ok(confirmed)) => Settlement::Sent(confirmed.words.clone()),
            Ok(Err(_)) => Settlement::Unknown("its answer was read by another decoder".to_owned()),
            Err(error) => settlement(error, &self.row, named),
        };
        store.outbox(Request::Settle(self.row.id, settlement));
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
            Settlement::Again(Duration::ZERO, "it was not sent".to_owned()),
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
    let passing = unknown
        || matches!(error.class(), Class::Network | Class::TimedOut)
        || matches!(*error.cause, Cause::Limited(_) | Cause::Server(..));
    if passing && !named {
        return Settlement::Again(pause(row.attempts, error.retry_after()), words);
    }
    Settlement::Parked(words)
}

/// 2, 4, 8, 16, then 30 s, or what the server asked for if that is longer.
fn pause(attempts: u32, asked: Option<Duration>) -> Duration {
    let own = Duration::from_secs(2u64.saturating_pow(attempts.clamp(1, 5)).min(30));
    own.max(asked.unwrap_or_default())
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
            Ok(Ok(answer)) => store.writes.named.push(Ok(*answer)),
            Ok(Err(_)) => tracing::error!("an answer of another type was dropped"),
            Err(error) => store.writes.named.push(Err(error)),
        }
    }

    fn abandon(&self, store: &mut Store) {
        store
            .writes
            .named
            .push(Err(ApiError::of(&self.call, Cause::Cancelled)));
    }
}
