//! Fetched data and where each answer lands. Asked from panes, drawn by panes, changed only on the loop.
//!
//! [`Store::ask`] admits an operation (pure) and leaves a command for the queue; [`Store::report`] lands what comes back.
//! A failure never removes the old value. It knows neither the queue nor the screen.

mod activity;
mod blind;
pub mod breaches;
mod digits;
mod landing;
mod lands;
mod link;
mod remote;
mod saved;
mod sitting;
mod triage;
mod writes;

use std::collections::HashMap;
use std::sync::Arc;

use crate::api::arcanna::count::CountOpen;
use crate::api::arcanna::events::Export;
use crate::api::arcanna::health::{Granted, HealthReport};
use crate::api::arcanna::jobs::Job;
use crate::api::arcanna::metrics::Metrics;
use crate::api::arcanna::{Decision, EventId, JobId};
use crate::api::darktrace::connections::{ConnectionInfo, DeviceInfo};
use crate::api::darktrace::devices::{Device, DevicePage};
use crate::api::darktrace::endpoints::{Endpoint, EndpointReport};
use crate::api::darktrace::search::{Analysed, Analyze};
use crate::api::darktrace::tags::{Holders, Tag};
use crate::api::darktrace::watchlist::Watched;
use crate::api::{Call, Product};
use crate::evidence::{Basket, Change};
use crate::job::{Action, Admission, Jobs, Policy, Slot, Ticket};
use crate::outbox::{Moment, Request};
use crate::pins::Pins;

pub use activity::{Activity, Entry, Outcome};
pub use blind::{Blind, Sampling};
pub use breaches::BreachBook;
pub use digits::Digits;
pub use landing::{Landing, Lands};
pub use link::Link;
pub use remote::Remote;
pub use saved::Subject;
pub use sitting::{Agreement, Agreements, DWELL, SLOT, Sitting, Stats};
pub use triage::{EventKey, Line, Order, Source, TriageQueue, is_undecided};
pub use writes::{LabelState, Writes};

/// What the loop is to carry out for the store, in order.
#[derive(Debug)]
pub enum Wish {
    /// Give this to the queue.
    Run(Action),
    /// Tell the queue to abandon this.
    Cancel(Ticket),
    /// Ask the outbox.
    Outbox(Request),
    /// Keep this change of the evidence basket.
    Keep(Change),
}

/// Everything fetched, everything asked, everything under way.
#[derive(Debug, Default)]
pub struct Store {
    /// Admission of all work.
    pub jobs: Jobs,
    landings: HashMap<Ticket, Box<dyn Landing>>,
    wishes: Vec<Wish>,
    pins: Pins,
    pins_changed: bool,
    saved: saved::Saved,
    /// The event or device a person was looking at last, for what a saved search is filled with.
    pub subject: Option<Subject>,
    /// The pane whose key or answer is being handled: it owns the reads that are asked meanwhile.
    pub owner: &'static str,

    /// Until when writes that reach others may be made: a person said so. Labels need no arming.
    pub armed_until: Option<Moment>,
    /// Calls that ended, newest last.
    pub activity: Activity,
    /// How each product's link does.
    pub links: HashMap<Product, Link>,
    /// Writes as the outbox told of them.
    pub writes: Writes,
    /// What is hidden until the analyst has voted, and what was on the screen.
    pub blind: Blind,
    /// What this session's labelling came to.
    pub sitting: Sitting,
    /// What was pinned.
    pub evidence: Basket,

    /// Arcanna's jobs.
    pub job_list: Remote<Vec<Job>>,
    /// Whether Arcanna is up and takes the key.
    pub health: Remote<HealthReport>,
    /// What the Arcanna key may do, where the server tells.
    pub scopes: Remote<Granted>,
    /// Decision sets asked for on their own (the job list holds them too).
    pub decision_sets: HashMap<JobId, Remote<Vec<String>>>,
    /// How each job's model does against what people decided.
    pub metrics: HashMap<JobId, Remote<Metrics>>,
    /// How many events wait for a label, by what was counted.
    pub counts: HashMap<CountOpen, Remote<u64>>,
    /// The events of each job, in a frozen order.
    pub queues: HashMap<JobId, TriageQueue>,
    /// Decisions by event.
    pub decisions: HashMap<EventKey, Remote<Decision>>,
    /// Whole events.
    pub exports: HashMap<EventKey, Remote<Export>>,

    /// Device lists by what was looked for.
    pub device_lists: HashMap<String, Remote<DevicePage>>,
    /// Further pages of a device list, while they are read; what they hold is added to the list.
    pub more_devices: HashMap<String, Remote<DevicePage>>,
    /// Devices by id.
    pub devices: HashMap<i64, Remote<Option<Device>>>,
    /// Tags of a device.
    pub device_tags: HashMap<i64, Remote<Vec<Tag>>>,
    /// All tags there are.
    pub all_tags: Remote<Vec<Tag>>,
    /// Connections of a device over four weeks, by what was asked.
    pub connections: HashMap<ConnectionInfo, Remote<DeviceInfo>>,
    /// Devices that behave alike.
    pub similar: HashMap<i64, Remote<Vec<Device>>>,
    /// Devices that carry a tag.
    pub tagged: HashMap<String, Remote<Holders>>,
    /// External endpoints.
    pub endpoints: HashMap<Endpoint, Remote<EndpointReport>>,
    /// Analyses of advanced search, one per slice.
    pub analyses: HashMap<Analyze, Remote<Analysed>>,
    /// Model breaches.
    pub breaches: Box<BreachBook>,
    /// The watched list: the whole, and by source.
    pub watch_lists: HashMap<Option<String>, Remote<Vec<Watched>>>,
}

impl Store {
    /// Asks an operation for its place in the store. An operation that cannot be sent lands its refusal at once.
    pub fn ask<O: Lands>(&mut self, operation: O, policy: Policy, now: Moment) {
        let call = match operation.call() {
            Ok(call) => call,
            Err(bad) => {
                operation.remote(self).failed(bad.into(), now.wall);
                return;
            }
        };
        let Some(ticket) = self.admit(operation.slot(&call), policy, &call, now) else {
            return;
        };
        operation.remote(self).pending = true;
        let operation = Arc::new(operation);
        self.launch(
            ticket,
            policy,
            call,
            Arc::clone(&operation) as Arc<dyn crate::api::Decode>,
            Box::new(operation),
        );
    }

    /// Books work for a slot. `None` when it joins what is under way.
    fn admit(&mut self, slot: Slot, policy: Policy, call: &Call, now: Moment) -> Option<Ticket> {
        match self.jobs.admit(slot, policy, call, self.owner, now.wall) {
            Admission::Joined(_) => None,
            Admission::Start { ticket, cancel } => {
                self.wishes.extend(cancel.map(Wish::Cancel));
                Some(ticket)
            }
        }
    }

    fn launch(
        &mut self,
        ticket: Ticket,
        policy: Policy,
        call: Call,
        decode: Arc<dyn crate::api::Decode>,
        landing: Box<dyn Landing>,
    ) {
        self.landings.insert(ticket, landing);
        self.wishes.push(Wish::Run(Action { ticket, policy, call, decode }));
    }

    /// Cancels the reads a pane asked for, because it was left.
    pub fn leave(&mut self, owner: &str) {
        let tickets = self.jobs.reads_of(owner);
        self.wishes.extend(tickets.into_iter().map(Wish::Cancel));
    }

    /// Cancels the read of a slot, if there is one under way.
    pub fn cancel(&mut self, slot: &Slot) {
        self.wishes.extend(self.jobs.busy(slot).map(Wish::Cancel));
    }

    /// Cancels everything that may be cancelled.
    pub fn cancel_reads(&mut self) -> usize {
        let tickets: Vec<Ticket> = self
            .jobs
            .live()
            .filter(|(_, live)| live.policy != Policy::Serial)
            .map(|(ticket, _)| ticket)
            .collect();
        let count = tickets.len();
        self.wishes.extend(tickets.into_iter().map(Wish::Cancel));
        count
    }

    /// Whether writes that reach others may be made now; the reason and the way when not.
    ///
    /// # Errors
    /// Words for the person.
    pub fn armed(&self, now: Moment) -> Result<(), &'static str> {
        let armed = self.armed_until.is_some_and(|until| now.instant < until.instant);
        if armed {
            Ok(())
        } else {
            Err("not armed: this reaches others. :arm 15m lets such writes through for 15 minutes")
        }
    }

    /// Leaves a request for the outbox.
    pub fn outbox(&mut self, request: Request) {
        self.wishes.push(Wish::Outbox(request));
    }

    /// Leaves a change of the evidence basket to be kept.
    pub fn keep(&mut self, change: Change) {
        self.wishes.push(Wish::Keep(change));
    }

    /// What the loop is to carry out since the last time.
    pub fn take_wishes(&mut self) -> Vec<Wish> {
        std::mem::take(&mut self.wishes)
    }

    /// The labels of a job in the server's order, from the job list or a decision set read on its own (the newer wins).
    pub fn labels(&self, job: &JobId) -> Option<&[String]> {
        let own = self
            .decision_sets
            .get(job)
            .and_then(|set| set.value().map(|labels| (set.fetched, labels.as_slice())));
        let listed = self.job_list.value().and_then(|jobs| {
            let job = jobs.iter().find(|one| one.id == *job)?;
            Some((self.job_list.fetched, job.labels.as_deref()?))
        });
        match (own, listed) {
            (Some(own), Some(listed)) => Some(if own.0 >= listed.0 { own.1 } else { listed.1 }),
            (own, listed) => own.or(listed).map(|(_, labels)| labels),
        }
    }

    /// The job of that id, if the list holds it.
    pub fn job(&self, id: &JobId) -> Option<&Job> {
        self.job_list.value()?.iter().find(|job| job.id == *id)
    }
}

impl Store {
    /// The newest known decision of an event: read on its own, else as it was listed.
    pub fn decision(&self, event: &EventKey) -> Option<&Decision> {
        let own = self.decisions.get(event).and_then(Remote::value);
        own.or_else(|| {
            Some(&self.queues.get(&event.job)?.found(&event.event)?.arcanna.as_ref()?.decision)
        })
    }
}

/// Names an event: its id is unique only within its job.
pub fn key(job: &JobId, event: &EventId) -> EventKey {
    EventKey { job: job.clone(), event: event.clone() }
}
