//! Events: sending one, asking for its decision, and exporting it whole.

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::call::no_control;
use super::super::value::{Body, Fields, Node, Shape, Time};
use super::super::{Answer, BadInput, Call, Cause, Method, Operation, Path};
use super::{
    ArcannaBlock, Decision, EventId, EventState, InBody, JobId, call, event_path, is_error,
    json_body, missing, object, refusal,
};

/// Hands an event to a job: `POST /api/v1/events/` or `/api/v1/events/{id}` [XN].
///
/// Never repeated on its own, not even with an id: whether an existing id is overwritten is not documented.
#[derive(Debug, Clone)]
pub struct SendEvent {
    /// The job that shall decide; in the body, as an integer when it is one.
    pub job: JobId,
    /// The event's id, where the sender chooses it; in the path.
    pub id: Option<EventId>,
    /// A title. Deprecated by the product, still taken.
    pub title: Option<String>,
    /// Severity; see [`severity`] for text.
    pub severity: Option<i64>,
    /// The event itself, sent exactly as written: big integers and key order kept.
    pub raw_body: Box<RawValue>,
}

/// Reads a severity as people write it: blank is none, `3.9` is 3 [XN].
///
/// # Errors
/// Text that is no number.
pub fn severity(text: &str) -> Result<Option<i64>, BadInput> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Some(number.trunc() as i64)),
        _ => Err(BadInput::new("severity", text, "it is no number")),
    }
}

/// An event the product has taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentEvent {
    /// Its id: given by the product, or the one sent.
    pub event_id: EventId,
    /// Its job, where the answer names it.
    pub job_id: Option<JobId>,
    /// `pending_inference` as a rule.
    pub state: EventState,
    /// When it was taken in.
    pub ingested: Option<Time>,
}

#[derive(Serialize)]
struct SendBody<'a> {
    job_id: InBody<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    raw_body: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<i64>,
}

impl Operation for SendEvent {
    type Output = SentEvent;

    fn call(&self) -> Result<Call, BadInput> {
        let path = match &self.id {
            None => Path::fixed("/api/v1/events/"),
            Some(id) => Path::fixed("/api/v1/events").segment("event id", id.as_str())?,
        };
        if self.job.as_str().trim().is_empty() {
            return Err(BadInput::new("job id", self.job.as_str(), "it is empty"));
        }
        no_control("job id", self.job.as_str())?;
        let body = SendBody {
            job_id: InBody(&self.job),
            title: self.title.as_deref(),
            raw_body: &self.raw_body,
            severity: self.severity,
        };
        Ok(call("send event", Method::Post, path).json(json_body("event", &body)?))
    }

    fn decode(&self, answer: &Answer) -> Result<SentEvent, Cause> {
        let body = Body::read(answer)?;
        let fields = object(body.node())?;
        if let Some(words) = refusal(&fields) {
            return Err(Cause::Refused(words));
        }
        let event_id = fields.get("event_id").and_then(EventId::read);
        Ok(SentEvent {
            event_id: event_id
                .or_else(|| self.id.clone())
                .ok_or_else(|| missing("event_id"))?,
            job_id: fields.get("job_id").and_then(JobId::read),
            state: fields
                .word("status")
                .map_or(EventState::Pending, |status| EventState::of(&status)),
            ingested: fields.time("ingest_timestamp"),
        })
    }
}

/// Asks what Arcanna decided: `GET /api/v1/events/{job}/{event}` [XN].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventStatus {
    /// Which job.
    pub job: JobId,
    /// Which event.
    pub event: EventId,
}

impl Operation for EventStatus {
    type Output = Decision;

    fn call(&self) -> Result<Call, BadInput> {
        let path = event_path(&self.job, &self.event)?;
        Ok(call("event status", Method::Get, path))
    }

    /// An `ERROR` status is a value, and final. A body without a status that carries an error is refused at once:
    /// polling it would never end [XN trap].
    fn decode(&self, answer: &Answer) -> Result<Decision, Cause> {
        let body = Body::read(answer)?;
        let fields = object(body.node())?;
        if fields.word("status").is_none() {
            if let Some(words) = refusal(&fields) {
                return Err(Cause::Refused(words));
            }
            if fields
                .first(&["event_id", "result", "result_label"])
                .is_none()
            {
                return Err(missing("status"));
            }
        }
        Ok(Decision::read(&fields))
    }
}

/// Asks for everything Arcanna holds about an event: `GET /api/v1/events/{job}/{event}/export` [XN].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportEvent {
    /// Which job.
    pub job: JobId,
    /// Which event.
    pub event: EventId,
}

/// An exported event.
#[derive(Debug, Clone)]
pub struct Export {
    /// Its id, where the answer names it.
    pub event_id: Option<EventId>,
    /// When it was taken in.
    pub ingested: Option<Time>,
    /// The status word.
    pub status: Option<String>,
    /// The event with its `arcanna` and `metadata` blocks, exactly as sent. `None`: the job holds no such event.
    pub event: Option<Box<RawValue>>,
}

impl Export {
    /// The `arcanna` block: the decision and how it came about.
    pub fn arcanna(&self) -> Option<ArcannaBlock> {
        let whole = Node::of(self.event.as_deref()?).fields()?;
        whole
            .object("arcanna")
            .map(|block| ArcannaBlock::read(&block))
    }

    /// The event's own words for what it is: title, rule name, description.
    pub fn title(&self) -> Option<String> {
        title_in(&Node::of(self.event.as_deref()?).fields()?)
    }
}

impl Operation for ExportEvent {
    type Output = Export;

    fn call(&self) -> Result<Call, BadInput> {
        let path = event_path(&self.job, &self.event)?.then("export");
        Ok(call("export event", Method::Get, path))
    }

    /// Current products wrap the event in `arcanna_event`; 1.45 answered with the bare event [XR45].
    fn decode(&self, answer: &Answer) -> Result<Export, Cause> {
        let body = Body::read(answer)?;
        let fields = object(body.node())?;
        if fields.get("arcanna_event").is_none() && is_bare_event(&fields) {
            return Ok(Export {
                event_id: fields.first(&["event_id", "id"]).and_then(EventId::read),
                ingested: fields
                    .first(&["ingest_timestamp", "timestamp_inference"])
                    .and_then(Node::time),
                status: None,
                event: Some(body.node().keep()),
            });
        }
        let status = fields.word("status");
        if let Some(words) = refusal(&fields) {
            return Err(Cause::Refused(words));
        }
        if status.as_deref().is_some_and(is_error) {
            return Err(Cause::Refused(status.unwrap_or_default()));
        }
        Ok(Export {
            event_id: fields.get("event_id").and_then(EventId::read),
            ingested: fields.time("ingest_timestamp"),
            status,
            event: fields
                .get("arcanna_event")
                .filter(|node| node.shape() == Shape::Object)
                .map(Node::keep),
        })
    }
}

/// Whether the whole body is the event: it has none of the wrapper's keys but an event's blocks or, at least, no error.
fn is_bare_event(fields: &Fields<'_>) -> bool {
    if fields.has("arcanna_event") {
        return false;
    }
    let wrapped = fields.has("status") && fields.has("event_id");
    let blocks = ["arcanna", "metadata", "@timestamp"]
        .into_iter()
        .any(|key| fields.has(key));
    blocks || (!wrapped && !fields.is_empty() && refusal(fields).is_none())
}

/// A title in an event's own keys: `title`, `rule.name` (nested or dotted), the description in `metadata`.
pub(super) fn title_in(event: &Fields<'_>) -> Option<String> {
    let inner = |outer: &str, key: &str| event.object(outer)?.text(key);
    event
        .text("title")
        .or_else(|| inner("rule", "name"))
        .or_else(|| event.text("rule.name"))
        .or_else(|| inner("metadata", "description"))
        .or_else(|| event.text("metadata.description"))
}
