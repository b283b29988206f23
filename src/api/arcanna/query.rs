//! Searching events: the structured query of the management API (contract §3.4). Newer servers may lack it (404, 405).

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::value::{Body, Fields, Node, Shape, Time};
use super::super::{Answer, BadInput, Call, Cause, Kind, Method, Operation, Path};
use super::events::title_in;
use super::{
    ArcannaBlock, EventId, InBody, JobId, array, call, json_body, missing, object, refusal,
    unexpected,
};

/// Asks for a page of events: `POST /api/v2/events/query` [MCP], which changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryEvents {
    /// Which job; an id that is no number is sent as a title. `None` asks all jobs, and `size` then counts per job.
    pub job: Option<JobId>,
    /// Only these events; empty for all.
    pub event_ids: Vec<EventId>,
    /// Rows per page.
    pub size: u32,
    /// Which page, from 0.
    pub page: u32,
    /// Only events later than this, by `date_field`.
    pub since: Option<Timestamp>,
    /// Only events earlier than this, by `date_field`.
    pub until: Option<Timestamp>,
    /// `@timestamp` (the alert's time) or `timestamp_inference` (when it was taken in).
    pub date_field: String,
    /// Which field orders the rows.
    pub sort_by: String,
    /// Newest, or greatest, first.
    pub descending: bool,
    /// Conditions that all hold.
    pub filters: Vec<Filter>,
    /// Leave the raw events out.
    pub decision_points_only: bool,
    /// Only count.
    pub count_only: bool,
}

impl QueryEvents {
    /// The newest events of a job, a page of `size`.
    pub fn newest(job: JobId, size: u32) -> Self {
        Self {
            job: Some(job),
            event_ids: Vec::new(),
            size,
            page: 0,
            since: None,
            until: None,
            date_field: "@timestamp".into(),
            sort_by: "@timestamp".into(),
            descending: true,
            filters: Vec::new(),
            decision_points_only: false,
            count_only: false,
        }
    }
}

/// One condition: `arcanna.result_label is Escalate`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Filter {
    /// Which field.
    pub field: String,
    /// How it is compared.
    pub operator: Operator,
    /// With what; an array for the two "one of", nothing for the two "exists".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// How a filter compares [DOC metrics-api].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Operator {
    /// Equal.
    #[serde(rename = "is")]
    Is,
    /// Not equal.
    #[serde(rename = "is not")]
    IsNot,
    /// Equal to one of several.
    #[serde(rename = "is one of")]
    OneOf,
    /// Equal to none of several.
    #[serde(rename = "is not one of")]
    NotOneOf,
    /// Begins with.
    #[serde(rename = "starts with")]
    StartsWith,
    /// Does not begin with.
    #[serde(rename = "not starts with")]
    NotStartsWith,
    /// Holds.
    #[serde(rename = "contains")]
    Contains,
    /// Does not hold.
    #[serde(rename = "not contains")]
    NotContains,
    /// Is there.
    #[serde(rename = "exists")]
    Exists,
    /// Is not there.
    #[serde(rename = "not exists")]
    NotExists,
    /// Less.
    #[serde(rename = "lt")]
    Less,
    /// Less or equal.
    #[serde(rename = "lte")]
    AtMost,
    /// Greater.
    #[serde(rename = "gt")]
    Greater,
    /// Greater or equal.
    #[serde(rename = "gte")]
    AtLeast,
}

/// A page of events.
#[derive(Debug, Clone)]
pub struct EventPage {
    /// The rows, in the server's order.
    pub events: Vec<FoundEvent>,
    /// How many there are on all pages; older servers do not say.
    pub total: Option<u64>,
}

/// One row of an event list.
#[derive(Debug, Clone)]
pub struct FoundEvent {
    /// Its id.
    pub event_id: EventId,
    /// Its job.
    pub job_id: Option<JobId>,
    /// Its job's name.
    pub job_title: Option<String>,
    /// What it is about, as far as its own keys or decision points say.
    pub title: Option<String>,
    /// When it happened, or else when it was taken in.
    pub time: Option<Time>,
    /// What the decision looks at, in the server's order: text as it is, other values as compact JSON.
    pub decision_points: Vec<(String, String)>,
    /// The decision and how it came about.
    pub arcanna: Option<ArcannaBlock>,
    /// The event as it was sent in, exactly.
    pub raw_event: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct QueryBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    job_ids: Option<[InBody<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_titles: Option<[&'a str; 1]>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    event_ids: &'a [EventId],
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<String>,
    date_field: &'a str,
    size: u32,
    page: u32,
    sort_by_column: &'a str,
    sort_order: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    filters: &'a [Filter],
    #[serde(skip_serializing_if = "is_false")]
    decision_points_only: bool,
    #[serde(skip_serializing_if = "is_false")]
    count_results_only: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Operation for QueryEvents {
    type Output = EventPage;

    fn call(&self) -> Result<Call, BadInput> {
        let (ids, titles) = match &self.job {
            Some(job) if job.number().is_some() => (Some([InBody(job)]), None),
            Some(job) => (None, Some([job.as_str()])),
            None => (None, None),
        };
        let moment = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let body = QueryBody {
            job_ids: ids,
            job_titles: titles,
            event_ids: &self.event_ids,
            start_date: self.since.map(moment),
            end_date: self.until.map(moment),
            date_field: &self.date_field,
            size: self.size,
            page: self.page,
            sort_by_column: &self.sort_by,
            sort_order: if self.descending { "desc" } else { "asc" },
            filters: &self.filters,
            decision_points_only: self.decision_points_only,
            count_results_only: self.count_only,
        };
        Ok(call(
            "query events",
            Method::Post,
            Path::fixed("/api/v2/events/query"),
        )
        .json(json_body("query", &body)?)
        .kind(Kind::Read))
    }

    /// `{events, total_count}`, or before 2025-05 a bare array of events [MCP].
    fn decode(&self, answer: &Answer) -> Result<EventPage, Cause> {
        let body = Body::read(answer)?;
        let whole = body.node();
        if whole.shape() == Shape::Array {
            return Ok(EventPage {
                events: rows(whole, "")?,
                total: None,
            });
        }
        let fields = object(whole)?;
        if let Some(words) = refusal(&fields) {
            return Err(Cause::Refused(words));
        }
        let total = fields.count("total_count");
        let events = match fields.get("events") {
            Some(events) => rows(events, "events")?,
            None if total.is_some() => Vec::new(),
            None => return Err(missing("events")),
        };
        Ok(EventPage { events, total })
    }
}

fn rows(node: Node<'_>, at: &str) -> Result<Vec<FoundEvent>, Cause> {
    if node.shape() != Shape::Array {
        return Err(unexpected(at, "an array", node));
    }
    let items = array(node)?.into_iter().enumerate();
    items
        .map(|(index, node)| row(node, &format!("{at}[{index}]")))
        .collect()
}

fn row(node: Node<'_>, at: &str) -> Result<FoundEvent, Cause> {
    let fields = node
        .fields()
        .ok_or_else(|| unexpected(at, "an object", node))?;
    let event_id = fields
        .get("event_id")
        .and_then(EventId::read)
        .ok_or_else(|| missing(format!("{at}.event_id")))?;
    let raw = fields
        .get("raw_event")
        .filter(|node| node.shape() == Shape::Object);
    let event = raw.and_then(Node::fields).unwrap_or_default();
    let decision_points: Vec<(String, String)> = fields
        .object("decision_points")
        .unwrap_or_default()
        .iter()
        .map(|(name, value)| (name.to_owned(), value.line()))
        .collect();
    Ok(FoundEvent {
        event_id,
        job_id: fields.get("job_id").and_then(JobId::read),
        job_title: fields.word("job_title"),
        title: title_in(&fields)
            .or_else(|| title_in(&event))
            .or_else(|| title_among(&decision_points)),
        time: time_in(&fields).or_else(|| time_in(&event)),
        decision_points,
        arcanna: fields
            .object("arcanna")
            .or_else(|| event.object("arcanna"))
            .map(|block| ArcannaBlock::read(&block)),
        raw_event: raw.map(Node::keep),
    })
}

fn time_in(fields: &Fields<'_>) -> Option<Time> {
    fields
        .first(&["@timestamp", "timestamp_inference"])
        .and_then(Node::time)
}

/// A decision point that names the event: `title`, `rule.name`, `alert.name`, …
fn title_among(points: &[(String, String)]) -> Option<String> {
    ["title", "rule.name", "signature", "name"]
        .into_iter()
        .find_map(|wanted| {
            let found = points.iter().find(|(name, value)| {
                let tail = name.strip_suffix(wanted);
                tail.is_some_and(|head| head.is_empty() || head.ends_with('.'))
                    && !value.trim().is_empty()
            });
            found.map(|(_, value)| value.clone())
        })
}
