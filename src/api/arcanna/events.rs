//! Events: sending one and asking for its decision. Exporting one whole is in [`super::export`].

use serde::Serialize;
use serde_json::value::RawValue;

use super::super::call::no_control;
use super::super::value::{Body, Time};
use super::super::{Answer, BadInput, Call, Cause, Method, Operation, Path};
use super::{
    Decision, EventId, EventState, InBody, JobId, call, event_path, json_body, missing, object,
    refusal,
};

pub use super::export::{Export, ExportEvent};

/// Hands an event to a job: `POST /api/v1/events/` or `/api/v1/events/{id}` `[XN]`.
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

/// Reads a severity as people write it: blank is none, `3.9` is 3 `[XN]`.
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
            event_id: event_id.or_else(|| self.id.clone()).ok_or_else(|| missing("event_id"))?,
            job_id: fields.get("job_id").and_then(JobId::read),
            state: fields
                .word("status")
                .map_or(EventState::Pending, |status| EventState::of(&status)),
            ingested: fields.time("ingest_timestamp"),
        })
    }
}

/// Asks what Arcanna decided: `GET /api/v1/events/{job}/{event}` `[XN]`.
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
    /// polling it would never end `[XN trap]`.
    fn decode(&self, answer: &Answer) -> Result<Decision, Cause> {
        let body = Body::read(answer)?;
        let fields = object(body.node())?;
        if fields.word("status").is_none() {
            if let Some(words) = refusal(&fields) {
                return Err(Cause::Refused(words));
            }
            if fields.first(&["event_id", "result", "result_label"]).is_none() {
                return Err(missing("status"));
            }
        }
        Ok(Decision::read(&fields))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::value::testing::*;
    use super::*;
    use crate::api::arcanna::{Confidence, Scale};

    fn send(id: Option<&str>) -> SendEvent {
        SendEvent {
            job: 1202.into(),
            id: id.map(EventId::from),
            title: None,
            severity: None,
            raw_body: raw(r#"{"a":1}"#),
        }
    }

    fn status() -> EventStatus {
        EventStatus { job: 1208.into(), event: "615471".into() }
    }

    #[test]
    fn calls_are_exact() {
        assert_eq!(
            wire(&send(None)),
            r#"Once POST /api/v1/events/ json {"job_id":1202,"raw_body":{"a":1}}"#
        );
        let full = SendEvent {
            job: "my job".into(),
            title: Some("T \"ü\"".into()),
            severity: Some(0),
            ..send(Some("a/b c?d#e"))
        };
        assert_eq!(
            wire(&full),
            r#"Once POST /api/v1/events/a%2Fb%20c%3Fd%23e json {"job_id":"my job","title":"T \"ü\"","raw_body":{"a":1},"severity":0}"#
        );
        assert_eq!(wire(&status()), "Read GET /api/v1/events/1208/615471");
    }

    #[test]
    fn the_event_is_sent_exactly_as_written() {
        let text = r#"{ "z" : 576330410117303576330410117303, "a":1.10,"ü":"\u00fc" ,"a":2 }"#;
        let operation = SendEvent { raw_body: raw(text), ..send(None) };
        let wire = wire(&operation);
        assert!(wire.ends_with(&format!(r#""raw_body":{text}}}"#)), "{wire}");
    }

    #[test]
    fn job_ids_are_numbers_in_the_body_only_when_written_as_such() {
        for (id, wanted) in [
            ("1202", "1202"),
            (" 1202", "1202"),
            ("01202", r#""01202""#),
            ("+1", r#""+1""#),
            ("-1", r#""-1""#),
            ("12e3", r#""12e3""#),
        ] {
            let operation = SendEvent { job: id.into(), ..send(None) };
            let wire = wire(&operation);
            assert!(wire.contains(&format!(r#""job_id":{wanted},"#)), "{wire}");
        }
    }

    #[test]
    fn what_no_path_can_carry_is_refused() {
        for bad in ["", ".", "..", "a\u{0}"] {
            assert!(refused(&send(Some(bad))).starts_with("event id"), "{bad:?}");
            let event = EventId::from(bad);
            let job = JobId::from("1");
            assert!(refused(&EventStatus { job, event }).starts_with("event id"));
        }
        let nowhere = SendEvent { job: " ".into(), ..send(None) };
        assert!(refused(&nowhere).starts_with("job id"));
    }

    #[test]
    fn severity_is_read_as_people_write_it() {
        for (text, wanted) in [
            ("", None),
            (" ", None),
            ("0", Some(0)),
            ("3", Some(3)),
            ("3.9", Some(3)),
            ("-2.5", Some(-2)),
            (" 7 ", Some(7)),
        ] {
            assert_eq!(severity(text).unwrap(), wanted, "{text:?}");
        }
        for bad in ["high", "NaN", "inf", "3,5"] {
            assert!(severity(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_sent_event_has_an_id() {
        let sent = decode(
            &send(None),
            r#"{"error_message": "", "event_id": "12023636421762",
                "ingest_timestamp": "2021-09-02T09:46:22.363642Z", "job_id": 1202, "status": "pending_inference"}"#,
        )
        .unwrap();
        assert_eq!(sent.event_id.as_str(), "12023636421762");
        assert_eq!(sent.job_id, Some(1202.into()));
        assert_eq!(sent.state, EventState::Pending);
        assert_eq!(sent.ingested.unwrap().to_string(), "2021-09-02T09:46:22.363642Z");
        let old = decode(
            &send(None),
            r#"{"event_id": 12023636421762, "status": "Pending inference", "error_message": null}"#,
        )
        .unwrap();
        assert_eq!(old.event_id.as_str(), "12023636421762");
        assert_eq!((old.state, old.job_id), (EventState::Pending, None));
        // the id that was sent, when the answer does not repeat it
        let named = decode(&send(Some("INC-7")), "{}").unwrap();
        assert_eq!(named.event_id.as_str(), "INC-7");

        assert_eq!(place(&send(None), r#"{"status": "OK"}"#), "event_id");
        assert_eq!(place(&send(None), "[]"), ".");
        for (body, words) in [
            (r#"{"event_id": "1", "status": "OK", "error_message": "no such job"}"#, "no such job"),
            (r#"{"event_id": "1", "status": "ERROR", "error_message": ""}"#, "status ERROR"),
            (
                r#"{"detail": [{"loc": ["body", "raw_body"], "msg": "field required", "type": "value_error.missing"}]}"#,
                "body.raw_body: field required",
            ),
        ] {
            assert_eq!(cause(&send(None), body), Cause::Refused(words.into()));
        }
    }

    #[test]
    fn the_seeds_decision_is_read() {
        let decision = decode(
            &status(),
            r#"{"confidence_score": 98.3, "error_message": null, "event_id": "615471",
                "ingest_timestamp": "2025-07-14T20:34:06.946556Z", "result": "class_0", "result_label": "Escalate",
                "outlier": false, "status": "OK", "bucket_state": "in_knowledge_base"}"#,
        )
        .unwrap();
        assert_eq!(
            decision,
            Decision {
                event_id: Some("615471".into()),
                state: EventState::Ok,
                result: Some("class_0".into()),
                label: Some("Escalate".into()),
                confidence: Some(Confidence { raw: 98.3, scale: Scale::Percent }),
                outlier: Some(false),
                bucket_state: Some("in_knowledge_base".into()),
                error_message: None,
                ingested: Some(Time::parse("2025-07-14T20:34:06.946556Z")),
                duplicated: None,
            }
        );
    }

    #[test]
    fn a_decision_is_read_from_every_version() {
        let of = |json: &str| decode(&status(), json).unwrap();
        let old = of(
            r#"{"event_id": 20198, "status": "OK", "result": "escalate_alert", "confidence_level": 0.99994,
                "is_duplicated": false, "ingest_timestamp": "2021-09-02T09:46:22.363642"}"#,
        );
        assert_eq!(old.label.as_deref(), Some("escalate_alert"));
        assert_eq!(old.confidence.unwrap().percent(), Some(99.994));
        assert_eq!(old.duplicated, Some(false));
        assert_eq!(old.event_id.unwrap().as_str(), "20198");

        let fraction = of(r#"{"status": "OK", "confidence_score": 0.99994}"#);
        let confidence = fraction.confidence.unwrap();
        assert_eq!((confidence.raw, confidence.percent()), (0.99994, None));
        let zero = of(r#"{"status": "OK", "confidence_score": 0}"#);
        assert_eq!(zero.confidence.unwrap().percent(), Some(0.0));

        let untrained = of(r#"{"status": "OK", "result": null, "result_label": " "}"#);
        assert_eq!((untrained.state, untrained.label), (EventState::Ok, None));

        for (json, wanted) in [
            (r#"{"status": "OK", "bucket_state": ["new"]}"#, Some("new")),
            (r#"{"status": "OK", "bucket_state": "None"}"#, None),
            (
                r#"{"status": "OK", "bucket_state": null, "knowledge_base_state": "In model"}"#,
                Some("In model"),
            ),
            (r#"{"status": "OK", "bucket_state": []}"#, None),
        ] {
            assert_eq!(of(json).bucket_state.as_deref(), wanted, "{json}");
        }
        // a leading blank stays in the id and leaves the screen
        let id = of(r#"{"status": "OK", "event_id": " 32072928741742"}"#).event_id;
        let id = id.unwrap();
        assert_eq!(id.as_str(), " 32072928741742");
        assert_eq!(id.to_string(), "32072928741742");
    }

    #[test]
    fn states_are_read_whatever_their_spelling() {
        let ask = status();
        let of = |status: &str| {
            let json = serde_json::json!({ "event_id": "1", "status": status });
            decode(&ask, &json.to_string()).unwrap().state
        };
        for pending in ["pending_inference", "Pending inference", "PENDING_INFERENCE"] {
            assert_eq!(of(pending), EventState::Pending, "{pending}");
            assert!(!of(pending).is_final());
        }
        assert_eq!(of("ok"), EventState::Ok);
        assert_eq!(of("ERROR"), EventState::Error);
        assert_eq!(of("Quarantined"), EventState::Other("Quarantined".into()));
        assert!(of("Quarantined").is_final() && of("ERROR").is_final());
        assert_eq!(of("Quarantined").to_string(), "Quarantined");
    }

    #[test]
    fn a_permanent_error_is_never_pending() {
        // an error status is a value, with its words
        let failed = decode(
            &status(),
            r#"{"event_id": "1", "status": "ERROR", "error_message": "features incompatible"}"#,
        )
        .unwrap();
        assert_eq!(failed.state, EventState::Error);
        assert_eq!(failed.error_message.as_deref(), Some("features incompatible"));
        // a missing status with an id counts as pending, as it does for others
        let waiting = decode(&status(), r#"{"event_id": "1"}"#).unwrap();
        assert_eq!(waiting.state, EventState::Pending);
        // without a status, an error ends it
        for (body, words) in [
            (r#"{"detail": "Event not found"}"#, "Event not found"),
            (r#"{"event_id": "1", "detail": [{"loc": ["path"], "msg": "bad"}]}"#, "path: bad"),
            (r#"{"error_message": "no such event"}"#, "no such event"),
        ] {
            assert_eq!(cause(&status(), body), Cause::Refused(words.into()));
        }
        assert_eq!(place(&status(), "{}"), "status");
        assert_eq!(place(&status(), "[]"), ".");
        assert_eq!(place(&status(), "\"OK\""), ".");
    }

    #[test]
    fn no_answer_breaks_the_reader() {
        survives(&send(None));
        survives(&status());
    }
}
