//! Arcanna's commands of the manual, but for the one that polls ([`super::poll`]).
//!
//! Contexts hold the server's own JSON; tables name the columns of the manual's examples.

use std::time::Duration;

use serde_json::value::RawValue;

use super::args::{Arg, Args, Kind, Need, nearest};
use super::run::{Asked, Failure, Outcome, Plan, Reply, Step, once, out_of_turn};
use super::table::{Cell, Table};
use super::{Entry, Json, UsageError};
use crate::api::arcanna::events::{Export, ExportEvent, SendEvent, SentEvent};
use crate::api::arcanna::feedback::Feedback;
use crate::api::arcanna::jobs::{DecisionSet, Job, Jobs, Train};
use crate::api::arcanna::{EventId, JobId, Said};
use crate::api::{Answer, ApiError, Product};

/// The job of a command that reads.
pub(super) const JOB_TO_READ: Arg = Arg {
    name: "job_id",
    aliases: &[],
    need: Need::OrDefaultJob,
    kind: Kind::Whole(0),
    help: "the job's id",
};

/// The job of a command that changes something.
const JOB_TO_CHANGE: Arg = Arg { need: Need::Required, ..JOB_TO_READ };

/// An event of a job.
pub(super) const EVENT: Arg = Arg {
    name: "event_id",
    aliases: &[],
    need: Need::Required,
    kind: Kind::Text,
    help: "the event's id",
};

const USERNAME: Arg = Arg {
    name: "username",
    aliases: &[],
    need: Need::OrAnalyst,
    kind: Kind::Text,
    help: "who does it, for Arcanna's audit",
};

/// `arcanna-get-jobs`
pub(super) static GET_JOBS: Entry = Entry {
    name: "arcanna-get-jobs",
    title: "List the jobs of the API key",
    product: Product::Arcanna,
    write: false,
    args: &[],
    plan: |_| Ok(once(Jobs, jobs)),
};

/// `arcanna-send-event`
pub(super) static SEND_EVENT: Entry = Entry {
    name: "arcanna-send-event",
    title: "Send a raw event to a job",
    product: Product::Arcanna,
    write: true,
    args: &[
        JOB_TO_CHANGE,
        Arg {
            name: "event_json",
            aliases: &[],
            need: Need::Required,
            kind: Kind::Object,
            help: "the event as a JSON object; @FILE reads a file, - standard input",
        },
        Arg {
            name: "title",
            aliases: &[],
            need: Need::Required,
            kind: Kind::Text,
            help: "the event's title",
        },
        Arg {
            name: "severity",
            aliases: &[],
            need: Need::Optional,
            kind: Kind::Number,
            help: "the event's severity",
        },
        Arg {
            name: "id_value",
            aliases: &[],
            need: Need::Optional,
            kind: Kind::Text,
            help: "an id for the event; Arcanna makes one otherwise",
        },
    ],
    plan: |args| {
        let operation = SendEvent {
            job: JobId::new(args.text("job_id")),
            id: args.get("id_value").map(EventId::from),
            title: args.get("title").map(str::to_owned),
            severity: args.whole("severity"),
            raw_body: RawValue::from_string(args.text("event_json"))
                .map_err(|error| format!("`event_json` is no JSON: {error}"))?,
        };
        Ok(once(operation, sent))
    },
};

/// `arcanna-trigger-train`
pub(super) static TRIGGER_TRAIN: Entry = Entry {
    name: "arcanna-trigger-train",
    title: "Train a job on the feedback given",
    product: Product::Arcanna,
    write: true,
    args: &[JOB_TO_CHANGE, USERNAME],
    plan: |args| {
        let operation =
            Train { job: JobId::new(args.text("job_id")), username: args.text("username") };
        Ok(once(operation, trained))
    },
};

/// `arcanna-get-decision-set`
pub(super) static GET_DECISION_SET: Entry = Entry {
    name: "arcanna-get-decision-set",
    title: "List the labels a job decides between",
    product: Product::Arcanna,
    write: false,
    args: &[JOB_TO_READ],
    plan: |args| {
        let operation = DecisionSet { job: JobId::new(args.text("job_id")) };
        Ok(once(operation, decision_set))
    },
};

/// `arcanna-export-event`
pub(super) static EXPORT_EVENT: Entry = Entry {
    name: "arcanna-export-event",
    title: "Export an event with everything Arcanna holds about it",
    product: Product::Arcanna,
    write: false,
    args: &[JOB_TO_READ, EVENT],
    plan: |args| {
        let operation = ExportEvent {
            job: JobId::new(args.text("job_id")),
            event: EventId::new(args.text("event_id")),
        };
        Ok(once(operation, exported))
    },
};

/// `arcanna-send-event-feedback`
pub(super) static SEND_EVENT_FEEDBACK: Entry = Entry {
    name: "arcanna-send-event-feedback",
    title: "Label an event; the label is checked against the job's decision set first",
    product: Product::Arcanna,
    write: true,
    args: &[
        JOB_TO_CHANGE,
        EVENT,
        Arg {
            name: "feedback",
            aliases: &[],
            need: Need::Required,
            kind: Kind::Text,
            help: "a label of the job's decision set, exactly as written there",
        },
        USERNAME,
        Arg {
            name: "closing_notes",
            aliases: &[],
            need: Need::Deprecated("Arcanna no longer takes notes with feedback"),
            kind: Kind::Text,
            help: "formerly for audit",
        },
        Arg {
            name: "label",
            aliases: &[],
            need: Need::Deprecated("`feedback` names the label"),
            kind: Kind::Text,
            help: "replaced by `feedback`",
        },
        Arg {
            name: "indicators",
            aliases: &[],
            need: Need::Deprecated("Arcanna no longer takes indicators with feedback"),
            kind: Kind::Text,
            help: "formerly for metadata",
        },
    ],
    plan: |args| Ok(Box::new(Labelling::new(args))),
};

/// `{"Arcanna":{key: value}}`
pub(super) fn context(key: &str, value: Json) -> Json {
    Json::object([("Arcanna", Json::object([(key, value)]))])
}

fn jobs(_: &Jobs, reply: Reply<Vec<Job>>) -> Outcome {
    let rows = reply.json.items().to_vec();
    let mut heads = vec!["job_id", "title", "status", "last_processed_timestamp"];
    // only old products tell, and some of them only `""`
    if rows.iter().any(|job| job.get("data_type").is_some_and(|kind| !kind.is_blank())) {
        heads.insert(1, "data_type");
    }
    let cells =
        rows.iter().map(|job| heads.iter().map(|head| Cell::of(job.get(head))).collect()).collect();
    let mut notes = Vec::new();
    if rows.is_empty() {
        notes.push("the API key is attached to no job".to_owned());
    }
    Outcome {
        table: Table::rows("Arcanna Jobs", &heads, cells),
        context: context("Jobs", reply.json),
        rows,
        notes,
        ..Outcome::empty(GET_JOBS.name, reply.raw)
    }
}

/// The pairs of an object that say something, in this order.
fn filled<'a>(object: &Json, names: &[&'a str]) -> Vec<(&'a str, Cell)> {
    names
        .iter()
        .filter_map(|&name| {
            let value = object.get(name).filter(|value| !value.is_blank())?;
            Some((name, Cell::of(Some(value))))
        })
        .collect()
}

fn sent(operation: &SendEvent, reply: Reply<SentEvent>) -> Outcome {
    let mut details = reply.json;
    // the manual's context names both; servers leave out what the caller knows
    if details.get("event_id").is_none() {
        details.push("event_id", Json::text(reply.output.event_id.as_str()));
    }
    if details.get("job_id").is_none() {
        let id = operation.job.as_str();
        let id = id.parse::<i64>().map_or_else(|_| Json::text(id), Json::from);
        details.push("job_id", id);
    }
    let names = ["event_id", "ingest_timestamp", "status", "job_id", "error_message"];
    Outcome {
        table: Table::pairs("Arcanna Send Event", filled(&details, &names)),
        rows: vec![details.clone()],
        context: context("SendEventDetails", details),
        ..Outcome::empty(SEND_EVENT.name, reply.raw)
    }
}

/// How much of an answer in unknown words a note repeats, in characters.
const WORDS_SHOWN: usize = 200;

/// The answer to a write as an object; one without a body says nothing about itself.
fn said(json: Json, notes: &mut Vec<String>) -> Json {
    match json {
        Json::Null => {
            notes.push("the answer had no body: accepted, with no word about it".to_owned());
            Json::Object(Vec::new())
        }
        json => {
            // the bare word is an answer too
            let bare = json.as_text().is_some_and(|word| !word.trim().is_empty());
            let status = json.get("status").or_else(|| json.at(&["request", "status"]));
            if !bare && status.is_none_or(Json::is_blank) {
                let words: String = json.compact().chars().take(WORDS_SHOWN).collect();
                notes.push(format!(
                    "accepted, but the answer does not say so in words this program knows: {words}"
                ));
            }
            json
        }
    }
}

fn trained(_: &Train, reply: Reply<Said>) -> Outcome {
    let mut notes = Vec::new();
    let answer = said(reply.json, &mut notes);
    Outcome {
        table: Table::pairs(
            "Arcanna.ai training outcome",
            filled(&answer, &["status", "error_message"]),
        ),
        rows: vec![answer.clone()],
        context: context("Train", answer),
        notes,
        ..Outcome::empty(TRIGGER_TRAIN.name, reply.raw)
    }
}

fn decision_set(_: &DecisionSet, reply: Reply<Vec<String>>) -> Outcome {
    // some servers wrap the list in objects, as the context does
    let mut labels = &reply.json;
    while let Some(inner) = labels.get("decision_set").or_else(|| labels.get("labels")) {
        labels = inner;
    }
    let labels = labels.clone();
    let cells = labels.items().iter().map(|label| vec![Cell::of(Some(label))]).collect();
    let rows = labels
        .items()
        .iter()
        .map(|label| Json::object([("decision_set", label.clone())]))
        .collect();
    let mut notes = Vec::new();
    if labels.items().is_empty() {
        notes.push("the job has no labels".to_owned());
    }
    Outcome {
        table: Table::rows("Arcanna Get Decision Set", &["decision_set"], cells).bold(),
        rows,
        context: context(
            "GetDecisionSet",
            Json::object([("decision_set", Json::object([("decision_set", labels)]))]),
        ),
        notes,
        ..Outcome::empty(GET_DECISION_SET.name, reply.raw)
    }
}

fn exported(operation: &ExportEvent, reply: Reply<Export>) -> Outcome {
    let mut refusal = None;
    let mut notes = Vec::new();
    let mut whole = reply.json;
    if reply.output.event.is_none() {
        refusal = Some(format!("job {} holds no event {}", operation.job, operation.event));
    } else {
        if whole.get("arcanna_event").is_none() {
            // product 1.45 answers with the bare event; the manual's context has it wrapped [XR45]
            let mut wrapped = Json::object([("arcanna_event", whole)]);
            if let Some(id) = &reply.output.event_id {
                wrapped.push("event_id", Json::text(id.as_str()));
            }
            whole = wrapped;
        }
        notes.push("the whole event is in --format json, jsonl and raw".to_owned());
    }
    let heads = ["arcanna_event", "status", "ingest_timestamp", "event_id"];
    let cells = heads
        .iter()
        .map(|&head| match whole.get(head) {
            Some(Json::Object(_)) if head == "arcanna_event" => Cell::new("..."),
            value => Cell::of(value),
        })
        .collect();
    Outcome {
        table: Table::rows("Arcanna Raw Event", &heads, vec![cells]).bold(),
        rows: vec![whole.clone()],
        context: context("RawEvent", whole),
        notes,
        refusal,
        ..Outcome::empty(EXPORT_EVENT.name, reply.raw)
    }
}

/// Labels an event: asks for the decision set, checks the label, then sends it.
#[derive(Debug)]
struct Labelling {
    labels: Asked<DecisionSet>,
    feedback: Asked<Feedback>,
    checked: bool,
}

impl Labelling {
    fn new(args: &Args) -> Self {
        let job = JobId::new(args.text("job_id"));
        Self {
            labels: Asked::new(DecisionSet { job: job.clone() }),
            feedback: Asked::new(Feedback {
                job,
                event: EventId::new(args.text("event_id")),
                label: args.text("feedback"),
                username: args.text("username"),
            }),
            checked: false,
        }
    }

    fn check(&mut self, valid: &[String]) -> Step {
        self.checked = true;
        let label = &self.feedback.operation.label;
        if valid.iter().any(|known| known == label) {
            return self.feedback.ask();
        }
        let known: Vec<&str> = valid.iter().map(String::as_str).collect();
        let meant = nearest(label, &known);
        let mut sorted = known;
        sorted.sort_by_key(|known| Some(*known) != meant.as_deref()); // stable: the nearest first
        let what = if sorted.is_empty() {
            format!(
                "job {} has no labels, so `{label}` cannot be one; nothing was sent",
                self.labels.operation.job
            )
        } else {
            format!(
                "`{label}` is no label of job {}; nothing was sent. Its labels: {}",
                self.labels.operation.job,
                sorted.join(", ")
            )
        };
        Step::Failed(Failure::Usage(UsageError { what, nearest: meant, usage: None }))
    }
}

impl Plan for Labelling {
    fn start(&mut self) -> Step {
        // the write's own arguments are looked at before anything is asked
        match self.feedback.ask() {
            Step::Ask(_) => self.labels.ask(),
            refused => refused,
        }
    }

    fn answered(&mut self, answer: Result<Answer, ApiError>, _elapsed: Duration) -> Step {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return error.into(),
        };
        if self.checked {
            match self.feedback.read(&answer) {
                Ok(reply) => Step::Done(labelled(reply)),
                Err(error) => error.into(),
            }
        } else {
            match self.labels.read(&answer) {
                Ok(reply) => self.check(&reply.output),
                Err(error) => error.into(),
            }
        }
    }

    fn waited(&mut self, _elapsed: Duration) -> Step {
        out_of_turn()
    }
}

fn labelled(reply: Reply<Said>) -> Outcome {
    let mut notes = Vec::new();
    let answer = said(reply.json, &mut notes);
    Outcome {
        table: Table::pairs("Arcanna Send Event Feedback", filled(&answer, &["status"])),
        rows: vec![answer.clone()],
        context: context("SendEventFeedback", answer),
        notes,
        ..Outcome::empty(SEND_EVENT_FEEDBACK.name, reply.raw)
    }
}
