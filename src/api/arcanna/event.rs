//! What Arcanna knows of an event: its decision, and the `arcanna` block of a full event.
//!
//! Read from three places with different keys (status, export, query); this module owns the differences, not the calls.

use std::fmt;

use super::super::value::{Fields, Node, Time};
use super::{EventId, Vote};

/// How far an event is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EventState {
    /// Waiting for inference; also when the server names no state.
    Pending,
    /// Processed; a label may be missing all the same, when the job was never trained.
    Ok,
    /// Failed for good.
    Error,
    /// A state this program does not know.
    Other(String),
}

impl EventState {
    /// Reads a status text: case does not count, a blank is an underscore (`Pending inference` before 1.63).
    pub fn of(text: &str) -> Self {
        let plain = text.trim().to_ascii_lowercase().replace([' ', '-'], "_");
        match plain.as_str() {
            "pending_inference" | "pending" => Self::Pending,
            "ok" | "finished" => Self::Ok,
            "error" => Self::Error,
            _ => Self::Other(text.trim().to_owned()),
        }
    }

    /// No later answer will differ without somebody acting: stop polling. Unknown states end it too `[XN]`.
    pub fn is_final(&self) -> bool {
        *self != Self::Pending
    }
}

impl fmt::Display for EventState {
    /// The wire word.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pending => "pending_inference",
            Self::Ok => "OK",
            Self::Error => "ERROR",
            Self::Other(text) => text,
        })
    }
}

/// What a confidence counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// 0 to 100.
    Percent,
    /// 0 to 1.
    Fraction,
    /// The number is at most 1 and could be either: 1.45.1 wrote fractions where today's products write percents.
    Unclear,
}

/// How sure the model is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confidence {
    /// The number as the server wrote it.
    pub raw: f64,
    /// What it counts in.
    pub scale: Scale,
}

impl Confidence {
    /// In percent, where the scale is known; else show [`Confidence::raw`] as it is.
    pub fn percent(self) -> Option<f64> {
        match self.scale {
            Scale::Percent => Some(self.raw),
            Scale::Fraction => Some(self.raw * 100.0),
            Scale::Unclear => None,
        }
    }

    /// `confidence_percentage`, else `confidence_score`, else the old `confidence_level`.
    fn read(fields: &Fields<'_>) -> Option<Self> {
        let of = |key, scale| fields.num(key).map(|raw| Self { raw, scale });
        of("confidence_percentage", Scale::Percent)
            .or_else(|| {
                let raw = fields.num("confidence_score")?;
                let scale = if raw > 1.0 || raw == 0.0 { Scale::Percent } else { Scale::Unclear };
                Some(Self { raw, scale })
            })
            .or_else(|| of("confidence_level", Scale::Fraction))
    }
}

/// What Arcanna decided about an event, or that it has not yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Which event, where the answer names it. The job is never named: remember which one was asked.
    pub event_id: Option<EventId>,
    /// How far it is.
    pub state: EventState,
    /// The class: `class_0`, `escalate_alert`. Never an index into the labels.
    pub result: Option<String>,
    /// The label as people say it: `result_label`, on older products the result.
    pub label: Option<String>,
    /// How sure the model is.
    pub confidence: Option<Confidence>,
    /// Unlike anything seen before.
    pub outlier: Option<bool>,
    /// State of the event's bucket, or of the event, in the knowledge base: `new`, `in_knowledge_base`; an open set.
    pub bucket_state: Option<String>,
    /// What went wrong, in the server's words.
    pub error_message: Option<String>,
    /// When it was taken in.
    pub ingested: Option<Time>,
    /// Old products: another event's double.
    pub duplicated: Option<bool>,
}

impl Decision {
    /// Reads the keys of a status answer or of an `arcanna` block. Never fails: what is missing is `None`.
    pub(super) fn read(fields: &Fields<'_>) -> Self {
        let result = fields.word("result");
        let label = fields.word("result_label").or_else(|| result.clone());
        let status =
            fields.first(&["status", "inference_status", "pipeline_status"]).and_then(Node::word);
        let state = match status {
            Some(status) => EventState::of(&status),
            None if label.is_some() => EventState::Ok,
            None => EventState::Pending,
        };
        Self {
            event_id: fields.get("event_id").and_then(EventId::read),
            state,
            result,
            label,
            confidence: Confidence::read(fields),
            outlier: fields.first(&["outlier", "outlier_flag"]).and_then(Node::flag),
            bucket_state: ["bucket_state", "knowledge_base_state"]
                .into_iter()
                .find_map(|key| knowledge(fields.get(key)?)),
            error_message: fields.get("error_message").and_then(super::words_of),
            ingested: fields.time("ingest_timestamp"),
            duplicated: fields.flag("is_duplicated"),
        }
    }
}

/// A knowledge-base state: a text, or wrapped in a list, or `None` spelt out `[XDASH]`.
fn knowledge(node: Node<'_>) -> Option<String> {
    node.one_or_many().into_iter().find_map(Node::word).filter(|state| state.trim() != "None")
}

/// The `arcanna` block of a full event: the decision and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct ArcannaBlock {
    /// The decision.
    pub decision: Decision,
    /// `finished`; other values are unknown.
    pub inference_status: Option<String>,
    /// `no_decision` can stand here while a result is still set `[G]`.
    pub inference_result: Option<String>,
    /// Which bucket: events with equal decision points share one, its decision and its feedback.
    pub bucket_id: Option<String>,
    /// The alert's id at its source.
    pub original_id: Option<String>,
    /// Equal for events with equal keys.
    pub key_hash: Option<String>,
    /// The model that decided.
    pub model_path: Option<String>,
    /// When that model was made.
    pub model_time: Option<Time>,
    /// What the feedback of all users amounts to; as it came, its form is not documented.
    pub consensus: Option<String>,
    /// The votes themselves, where the server tells them.
    pub votes: Option<Vec<Vote>>,
    /// The result before the last one.
    pub previous_result: Option<String>,
    /// What the pipeline reported: says why a decision is missing.
    pub log_messages: Vec<LogMessage>,
    /// Time in the whole pipeline, in seconds.
    pub pipeline_s: Option<f64>,
}

/// One line of the pipeline's report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogMessage {
    /// `Input`, `Inference`, `Output`.
    pub component: Option<String>,
    /// The part of the component.
    pub subcategory: Option<String>,
    /// `info`, `warn`, …
    pub level: Option<String>,
    /// The message.
    pub content: String,
    /// When.
    pub time: Option<Time>,
}

impl ArcannaBlock {
    pub(super) fn read(fields: &Fields<'_>) -> Self {
        let model = fields.object("model").unwrap_or_default();
        Self {
            decision: Decision::read(fields),
            inference_status: fields.word("inference_status"),
            inference_result: fields.word("inference_result"),
            bucket_id: fields.word("bucket_id"),
            original_id: fields.word("original_id"),
            key_hash: fields.word("key_hash"),
            model_path: model.word("path"),
            model_time: model.time("timestamp"),
            consensus: fields
                .get("consensus")
                .map(Node::line)
                .filter(|text| !text.trim().is_empty()),
            votes: super::votes::read(fields),
            previous_result: fields.word("previous_result"),
            log_messages: fields
                .get("log_messages")
                .map(|node| node.one_or_many().into_iter().map(message).collect())
                .unwrap_or_default(),
            pipeline_s: fields
                .object("timers")
                .and_then(|timers| timers.num("total_pipeline_in_s")),
        }
    }
}

/// A report line; of another shape than documented, its text is the content.
fn message(node: Node<'_>) -> LogMessage {
    let fields = node.fields().unwrap_or_default();
    LogMessage {
        component: fields.word("component"),
        subcategory: fields.word("component_subcategory"),
        level: fields.word("level"),
        content: fields.get("content").map_or_else(|| node.line(), Node::line),
        time: fields.time("timestamp"),
    }
}
