//! Searching events: the structured query of the management API (contract §3.4). Newer servers may lack it (404, 405).

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::value::{Body, Fields, Node, Shape, Time};
use super::super::{Answer, BadInput, Call, Cause, Kind, Method, Operation, Path};
use super::export::title_in;
use super::{
    ArcannaBlock, EventId, InBody, JobId, array, call, json_body, missing, object, refusal,
    unexpected,
};

/// Asks for a page of events: `POST /api/v2/events/query` `[MCP]`, which changes nothing.
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

/// How a filter compares `[DOC metrics-api]`.
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
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
        Ok(call("query events", Method::Post, Path::fixed("/api/v2/events/query"))
            .json(json_body("query", &body)?)
            .kind(Kind::Read))
    }

    /// `{events, total_count}`, or before 2025-05 a bare array of events `[MCP]`.
    fn decode(&self, answer: &Answer) -> Result<EventPage, Cause> {
        let body = Body::read(answer)?;
        let whole = body.node();
        if whole.shape() == Shape::Array {
            return Ok(EventPage { events: rows(whole, "")?, total: None });
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
    items.map(|(index, node)| row(node, &format!("{at}[{index}]"))).collect()
}

fn row(node: Node<'_>, at: &str) -> Result<FoundEvent, Cause> {
    let fields = node.fields().ok_or_else(|| unexpected(at, "an object", node))?;
    let event_id = fields
        .get("event_id")
        .and_then(EventId::read)
        .ok_or_else(|| missing(format!("{at}.event_id")))?;
    let raw = fields.get("raw_event").filter(|node| node.shape() == Shape::Object);
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
    fields.first(&["@timestamp", "timestamp_inference"]).and_then(Node::time)
}

/// A decision point that names the event: `title`, `rule.name`, `alert.name`, …
fn title_among(points: &[(String, String)]) -> Option<String> {
    ["title", "rule.name", "signature", "name"].into_iter().find_map(|wanted| {
        let found = points.iter().find(|(name, value)| {
            let tail = name.strip_suffix(wanted);
            tail.is_some_and(|head| head.is_empty() || head.ends_with('.'))
                && !value.trim().is_empty()
        });
        found.map(|(_, value)| value.clone())
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::value::testing::*;
    use super::*;
    use crate::api::arcanna::EventState;

    fn newest() -> QueryEvents {
        QueryEvents::newest(1201.into(), 50)
    }

    #[test]
    fn calls_are_exact() {
        assert_eq!(
            wire(&newest()),
            r#"Read POST /api/v2/events/query json {"job_ids":[1201],"date_field":"@timestamp","size":50,"page":0,"sort_by_column":"@timestamp","sort_order":"desc"}"#
        );
        let full = QueryEvents {
            job: Some("marian-demo".into()),
            event_ids: vec!["1".into(), "b".into()],
            page: 2,
            since: Some("2025-07-14T20:34:06.9Z".parse().unwrap()),
            until: Some("2025-07-15T00:00:00Z".parse().unwrap()),
            date_field: "timestamp_inference".into(),
            sort_by: "arcanna.outlier_score".into(),
            descending: false,
            filters: vec![
                Filter {
                    field: "arcanna.result_label".into(),
                    operator: Operator::NotOneOf,
                    value: Some(serde_json::json!(["Drop", 1, true])),
                },
                Filter {
                    field: "arcanna.consensus".into(),
                    operator: Operator::NotExists,
                    value: None,
                },
            ],
            decision_points_only: true,
            count_only: true,
            ..newest()
        };
        assert_eq!(
            wire(&full),
            concat!(
                r#"Read POST /api/v2/events/query json {"job_titles":["marian-demo"],"event_ids":["1","b"],"#,
                r#""start_date":"2025-07-14T20:34:06","end_date":"2025-07-15T00:00:00","#,
                r#""date_field":"timestamp_inference","size":50,"page":2,"sort_by_column":"arcanna.outlier_score","#,
                r#""sort_order":"asc","filters":[{"field":"arcanna.result_label","operator":"is not one of","#,
                r#""value":["Drop",1,true]},{"field":"arcanna.consensus","operator":"not exists"}],"#,
                r#""decision_points_only":true,"count_results_only":true}"#
            )
        );
        let all = QueryEvents { job: None, ..newest() };
        assert!(wire(&all).contains(r#"json {"date_field""#));
    }

    #[test]
    fn every_operator_has_its_wire_word() {
        use Operator::{
            AtLeast, AtMost, Contains, Exists, Greater, Is, IsNot, Less, NotContains, NotExists,
            NotOneOf, NotStartsWith, OneOf, StartsWith,
        };
        let all = [
            Is,
            IsNot,
            OneOf,
            NotOneOf,
            StartsWith,
            NotStartsWith,
            Contains,
            NotContains,
            Exists,
            NotExists,
            Less,
            AtMost,
            Greater,
            AtLeast,
        ];
        let words = serde_json::to_string(&all).unwrap();
        assert_eq!(
            words,
            r#"["is","is not","is one of","is not one of","starts with","not starts with","contains","not contains","exists","not exists","lt","lte","gt","gte"]"#
        );
    }

    const ROW: &str = r#"{"event_id":12013636421762,"job_id":"1201","job_title":"dev1","x":1,
        "decision_points":{"rule.name":"r","source.port":9200,"tags":["a","b"],"none":null},
        "arcanna":{"result":"class_2","result_label":"Low","outlier_flag":false,"inference_status":"finished"},
        "raw_event":{"title":"Login failed","big":576330410117303576330410117303,"@timestamp":"2021-06-15T07:56:49.647Z"}}"#;

    #[test]
    fn a_page_is_read_with_and_without_its_wrapper() {
        let wrapped = format!(r#"{{"events":[{ROW}],"total_count":400}}"#);
        let bare = format!("[{ROW}]");
        for (body, total) in [(wrapped, Some(400)), (bare, None)] {
            let page = decode(&newest(), &body).unwrap();
            assert_eq!(page.total, total);
            let [event] = &page.events[..] else { panic!("{page:?}") };
            assert_eq!(event.event_id.as_str(), "12013636421762");
            assert_eq!(event.job_id, Some(1201.into()));
            assert_eq!(event.job_title.as_deref(), Some("dev1"));
            assert_eq!(event.title.as_deref(), Some("Login failed"));
            let points: Vec<(&str, &str)> =
                event.decision_points.iter().map(|(name, value)| (&**name, &**value)).collect();
            assert_eq!(
                points,
                [
                    ("rule.name", "r"),
                    ("source.port", "9200"),
                    ("tags", r#"["a","b"]"#),
                    ("none", "null")
                ]
            );
            let block = event.arcanna.as_ref().unwrap();
            assert_eq!(block.decision.label.as_deref(), Some("Low"));
            assert_eq!(block.decision.state, EventState::Ok);
            assert_eq!(event.time.as_ref().unwrap().to_string(), "2021-06-15T07:56:49.647Z");
            let raw = event.raw_event.as_ref().unwrap().get();
            assert!(raw.contains("576330410117303576330410117303"), "{raw}");
        }
    }

    #[test]
    fn a_row_needs_nothing_but_an_id() {
        let page = decode(
            &newest(),
            r#"[{"event_id": "1", "arcanna": null, "raw_event": null, "decision_points": null},
                {"event_id": "2", "arcanna": [], "raw_event": "text", "decision_points": [1], "job_id": {}},
                {"event_id": "3", "decision_points": {"alert.rule.name": "by point"}},
                {"event_id": "4", "raw_event": {"rule.name": "dotted", "timestamp_inference": "2021-06-15 07:56:49"}},
                {"event_id": "5", "raw_event": {"metadata": {"description": "described"}, "arcanna": {"result": "x"}}}]"#,
        )
        .unwrap();
        let titles: Vec<Option<&str>> = page.events.iter().map(|e| e.title.as_deref()).collect();
        assert_eq!(titles, [None, None, Some("by point"), Some("dotted"), Some("described")]);
        assert!(page.events[0].arcanna.is_none() && page.events[0].raw_event.is_none());
        assert!(page.events[1].raw_event.is_none() && page.events[1].job_id.is_none());
        assert!(page.events[3].time.is_some());
        let inner = page.events[4].arcanna.as_ref().unwrap();
        assert_eq!(inner.decision.label.as_deref(), Some("x"));
    }

    #[test]
    fn counts_refusals_and_other_shapes() {
        let counted = decode(&newest(), r#"{"total_count": "17"}"#).unwrap();
        assert_eq!((counted.events.len(), counted.total), (0, Some(17)));
        assert!(decode(&newest(), "[]").unwrap().events.is_empty());
        assert_eq!(
            cause(
                &newest(),
                r#"{"status": "ERROR", "reason": "bad filter", "reason_details": "field x"}"#
            ),
            Cause::Refused("bad filter: field x".into())
        );
        assert_eq!(place(&newest(), "{}"), "events");
        assert_eq!(place(&newest(), r#"{"events": {}}"#), "events");
        assert_eq!(
            place(&newest(), r#"{"events": [{"event_id": "1"}, {}]}"#),
            "events[1].event_id"
        );
        assert_eq!(place(&newest(), "[[]]"), "[0]");
        assert_eq!(place(&newest(), "7"), ".");
    }

    #[test]
    fn no_answer_breaks_the_reader() {
        survives(&newest());
    }
}
