//! What a write does, in the products' words, and how its answer is read.

use std::any::Any;

use serde::{Deserialize, Serialize};

use crate::api::arcanna::events::SendEvent;
use crate::api::arcanna::feedback::Feedback;
use crate::api::arcanna::jobs::Train;
use crate::api::arcanna::{EventId, JobId};
use crate::api::darktrace::breaches::{Acknowledge, AddComment};
use crate::api::darktrace::tags::{TagDevice, UntagDevice};
use crate::api::darktrace::watchlist::{WatchAdd, WatchRemove, WatchReply};
use crate::api::{Answer, BadInput, Call, Cause, Decode, Operation};

/// A write a person can ask for.
#[derive(Debug, Clone)]
pub enum Act {
    /// Feedback for one event.
    Label {
        /// The operation as it is sent.
        feedback: Feedback,
        /// The digit that was pressed.
        digit: char,
    },
    /// A tag on a device.
    Tag(TagDevice),
    /// A tag off a device.
    Untag(UntagDevice),
    /// Entries on the watched list.
    Watch(WatchAdd),
    /// An entry off the watched list.
    Unwatch(WatchRemove),
    /// A breach acknowledged, or that taken back.
    Acknowledge(Acknowledge),
    /// A comment on a breach. It has no id of ours: it is never sent twice.
    Comment(AddComment),
    /// A job's training.
    Train(Train),
    /// An event for a job.
    Send(SendEvent),
    /// A command of the catalogue, typed in full: its name and the request.
    Named {
        /// `darktrace-post-tag-to-device`.
        name: String,
        /// The request it made.
        call: Call,
    },
}

/// What was on the screen when a label key was pressed: the record of what the person could know.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// The AI's label at that moment, if there was one; with `blind` the person could not see it.
    pub label: Option<String>,
    /// Its confidence, as the server wrote it; with `blind` the person could not see it.
    pub confidence: Option<f64>,
    /// Whether it was shown as an outlier.
    pub outlier: Option<bool>,
    /// The AI's answer was hidden, and had not been on the screen before in this session.
    pub blind: bool,
    /// Other people's votes on it, or their outcome, had been on the screen.
    pub others_revealed: bool,
    /// Labels in a row, this one included, whose events were on the screen for less than a second each; told once it is a
    /// fast run.
    pub fast_run: Option<u32>,
    /// How long the event had been on the screen, in milliseconds.
    pub dwell_ms: Option<u64>,
}

impl Act {
    /// The exact request.
    ///
    /// # Errors
    /// As the operation's own [`Operation::call`].
    pub fn call(&self) -> Result<Call, BadInput> {
        match self {
            Self::Label { feedback, .. } => feedback.call(),
            Self::Tag(tag) => tag.call(),
            Self::Untag(untag) => untag.call(),
            Self::Watch(watch) => watch.call(),
            Self::Unwatch(unwatch) => unwatch.call(),
            Self::Acknowledge(acknowledge) => acknowledge.call(),
            Self::Comment(comment) => comment.call(),
            Self::Train(train) => train.call(),
            Self::Send(send) => send.call(),
            Self::Named { call, .. } => Ok(call.clone()),
        }
    }

    /// Writes with the same subject keep their order: one event, one device, one list, one breach, one job.
    pub fn subject(&self) -> String {
        match self {
            Self::Label { feedback, .. } => format!("event {}/{}", feedback.job, feedback.event),
            Self::Tag(TagDevice { did, .. }) | Self::Untag(UntagDevice { did, .. }) => {
                format!("device {did}")
            }
            Self::Watch(_) | Self::Unwatch(_) => "watched list".to_owned(),
            Self::Acknowledge(Acknowledge { pbid, .. })
            | Self::Comment(AddComment { pbid, .. }) => {
                format!("breach {pbid}")
            }
            Self::Train(train) => format!("job {}", train.job),
            Self::Send(send) => format!("events of job {}", send.job),
            Self::Named { name, call } => format!("{name} {}", call.product),
        }
    }

    /// One line for a list: `label 1202/615471 Drop`.
    pub fn summary(&self) -> String {
        match self {
            Self::Label { feedback, .. } => {
                format!("label {}/{} {}", feedback.job, feedback.event, feedback.label)
            }
            Self::Tag(tag) => format!("tag device {} {}", tag.did, tag.tag),
            Self::Untag(untag) => format!("untag device {} {}", untag.did, untag.tag),
            Self::Watch(watch) => format!("watch {}", watch.entries.join(" ")),
            Self::Unwatch(unwatch) => format!("unwatch {}", unwatch.entry),
            Self::Acknowledge(Acknowledge { pbid, on: true }) => {
                format!("acknowledge breach {pbid}")
            }
            Self::Acknowledge(Acknowledge { pbid, on: false }) => {
                format!("take back acknowledgement of breach {pbid}")
            }
            Self::Comment(comment) => {
                format!("comment on breach {}: {}", comment.pbid, comment.message)
            }
            Self::Train(train) => format!("train job {}", train.job),
            Self::Send(send) => match &send.title {
                Some(title) => format!("send event to job {}: {title}", send.job),
                None => format!("send event to job {}", send.job),
            },
            Self::Named { name, .. } => name.clone(),
        }
    }

    /// The event this labels, if it is a label.
    pub fn labels(&self) -> Option<(&JobId, &EventId, &str)> {
        match self {
            Self::Label { feedback, .. } => Some((&feedback.job, &feedback.event, &feedback.label)),
            _ => None,
        }
    }
}

/// What a write's answer becomes: the words that confirm it, and the answer itself for whoever asked by name.
#[derive(Debug, Clone)]
pub struct Confirmed {
    /// The server's words (`updated`), never empty.
    pub words: String,
    /// The id of the event that was sent, for [`Act::Send`].
    pub event: Option<EventId>,
    /// The whole answer.
    pub answer: Answer,
}

impl Decode for Act {
    fn decode(&self, answer: &Answer) -> Result<Box<dyn Any + Send>, Cause> {
        let mut event = None;
        let words = match self {
            Self::Label { feedback, .. } => Operation::decode(feedback, answer)?.status,
            Self::Train(train) => Operation::decode(train, answer)?.status,
            Self::Acknowledge(acknowledge) => Some(Operation::decode(acknowledge, answer)?.said),
            Self::Comment(comment) => Some(Operation::decode(comment, answer)?.said),
            Self::Tag(tag) => Some(Operation::decode(tag, answer)?.said),
            Self::Untag(untag) => Some(Operation::decode(untag, answer)?.said),
            Self::Watch(watch) => Some(told(&Operation::decode(watch, answer)?)),
            Self::Unwatch(unwatch) => Some(told(&Operation::decode(unwatch, answer)?)),
            Self::Send(send) => {
                let sent = Operation::decode(send, answer)?;
                event = Some(sent.event_id.clone());
                Some(format!("{} as {}", sent.state, sent.event_id))
            }
            // The catalogue reads the body itself: it knows the command's own words for yes and no.
            Self::Named { .. } => None,
        };
        let words = words.filter(|words| !words.is_empty());
        let words = words.unwrap_or_else(|| format!("answered {}", answer.status));
        Ok(Box::new(Confirmed { words, event, answer: answer.clone() }))
    }
}

/// The server's word with its counts: `SUCCESS, 1 added, 0 updated`.
fn told(reply: &WatchReply) -> String {
    let mut words = reply.response.clone();
    for (count, what) in [(reply.added, "added"), (reply.updated, "updated")] {
        if let Some(count) = count {
            words = format!("{words}, {count} {what}");
        }
    }
    words.trim_start_matches(", ").to_owned()
}
