//! Exporting an event whole: as it was sent in, with everything Arcanna added.

use serde_json::value::RawValue;

use super::super::value::{Body, Fields, Node, Shape, Time};
use super::super::{Answer, BadInput, Call, Cause, Method, Operation};
use super::{ArcannaBlock, EventId, JobId, call, event_path, is_error, object, refusal};

/// Asks for everything Arcanna holds about an event: `GET /api/v1/events/{job}/{event}/export` `[XN]`.
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
        whole.object("arcanna").map(|block| ArcannaBlock::read(&block))
    }

    /// The event's own words for what it is: title, rule name, description.
    pub fn title(&self) -> Option<String> {
        title_in(&Node::of(self.event.as_deref()?).fields()?)
    }
}

impl Export {
    /// The values at these names, `source.ip` being a key of that name or `ip` within `source`; what is missing is left out.
    /// An export does not say which values are decision points: the job does.
    pub fn points(&self, names: &[String]) -> Vec<(String, String)> {
        let whole = self.event.as_deref().and_then(|event| Node::of(event).fields());
        let Some(whole) = whole else {
            return Vec::new();
        };
        names.iter().filter_map(|name| Some((name.clone(), at(&whole, name, 0)?))).collect()
    }
}

/// The value at a dotted name; names are the server's, so they are not followed without end.
fn at(fields: &Fields<'_>, name: &str, depth: usize) -> Option<String> {
    if let Some(node) = fields.get(name) {
        return Some(node.line());
    }
    if depth > 16 {
        return None;
    }
    name.match_indices('.').find_map(|(dot, _)| {
        let inner = fields.object(&name[..dot])?;
        at(&inner, &name[dot + 1..], depth + 1)
    })
}

impl Operation for ExportEvent {
    type Output = Export;

    fn call(&self) -> Result<Call, BadInput> {
        let path = event_path(&self.job, &self.event)?.then("export");
        Ok(call("export event", Method::Get, path))
    }

    /// Current products wrap the event in `arcanna_event`; 1.45 answered with the bare event `[XR45]`.
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
    let blocks = ["arcanna", "metadata", "@timestamp"].into_iter().any(|key| fields.has(key));
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

#[cfg(test)]
mod tests {
    use super::super::super::value::testing::*;
    use super::*;
    use crate::api::arcanna::{EventState, LogMessage};

    fn export() -> ExportEvent {
        ExportEvent { job: 1201.into(), event: "615471".into() }
    }

    #[test]
    fn the_call_is_exact() {
        assert_eq!(wire(&export()), "Read GET /api/v1/events/1201/615471/export");
        let event = ExportEvent { event: "".into(), ..export() };
        assert!(refused(&event).starts_with("event id"));
    }

    const FULL: &str = r#"{"rule":{"name":"SURICATA HTTP"},"flow_id":576330410117303576330410117303,"id":"615471",
        "metadata":{"severity":3,"description":"d"},"@timestamp":"2021-06-15T07:56:49.647Z",
        "arcanna":{"result":"class_1","result_label":"Drop","inference_status":"finished",
          "inference_result":"no_decision","bucket_state":null,"bucket_id":"b1","original_id":"o1","consensus":"Drop",
          "log_messages":[{"component":"Input","component_subcategory":"s","level":"warn","content":"features differ",
            "timestamp":"2021-06-15T07:56:49.647000"},"bare",7],
          "timers":{"total_pipeline_in_s":1.5},"model":{"path":"m.hdf5","timestamp":1623743809000},
          "key_hash":"k","confidence_score":49.71,"confidence_percentage":49.7,"outlier_flag":true}}"#;

    #[test]
    fn an_export_keeps_the_event_exactly_and_explains_it() {
        let body = format!(
            r#"{{"event_id":"615471","ingest_timestamp":"2025-07-14T20:34:06.946556Z","status":"OK","arcanna_event":{FULL}}}"#
        );
        let export = decode(&export(), &body).unwrap();
        assert_eq!(export.event_id, Some("615471".into()));
        assert_eq!(export.status.as_deref(), Some("OK"));
        assert_eq!(export.event.as_ref().unwrap().get(), FULL);
        assert_eq!(export.title().as_deref(), Some("SURICATA HTTP"));
        let block = export.arcanna().unwrap();
        assert_eq!(block.decision.label.as_deref(), Some("Drop"));
        assert_eq!(block.decision.state, EventState::Ok);
        assert_eq!(block.decision.outlier, Some(true));
        assert_eq!(block.decision.confidence.unwrap().percent(), Some(49.7));
        assert_eq!(block.inference_result.as_deref(), Some("no_decision"));
        assert_eq!(block.bucket_id.as_deref(), Some("b1"));
        assert_eq!(block.model_path.as_deref(), Some("m.hdf5"));
        assert_eq!(block.model_time.unwrap().to_string(), "2021-06-15T07:56:49Z");
        assert_eq!(block.consensus.as_deref(), Some("Drop"));
        assert_eq!(block.pipeline_s, Some(1.5));
        assert_eq!(
            block.log_messages[0],
            LogMessage {
                component: Some("Input".into()),
                subcategory: Some("s".into()),
                level: Some("warn".into()),
                content: "features differ".into(),
                time: Some(Time::parse("2021-06-15T07:56:49.647Z")),
            }
        );
        let contents: Vec<&str> = block.log_messages.iter().map(|m| &*m.content).collect();
        assert_eq!(contents, ["features differ", "bare", "7"]);
    }

    #[test]
    fn an_export_is_read_from_every_form() {
        // 1.45: the bare event
        let bare = decode(&export(), FULL).unwrap();
        assert_eq!(bare.event.unwrap().get(), FULL);
        assert_eq!(bare.event_id, Some("615471".into()));
        let bare = decode(&export(), r#"{"result": "Escalate", "metadata": {}}"#).unwrap();
        assert!(bare.event.is_some() && bare.status.is_none());
        // no such event
        for none in [
            r#"{"event_id": "1", "status": "OK", "arcanna_event": null}"#,
            r#"{"event_id": "1", "status": "OK"}"#,
        ] {
            assert!(decode(&export(), none).unwrap().event.is_none(), "{none}");
        }
        for (body, words) in [
            (r#"{"detail": "Event not found"}"#, "Event not found"),
            (r#"{"event_id": "1", "status": "ERROR", "arcanna_event": null}"#, "status ERROR"),
            (r#"{"event_id": "1", "status": "OK", "error_message": "gone"}"#, "gone"),
        ] {
            assert_eq!(cause(&export(), body), Cause::Refused(words.into()));
        }
        assert_eq!(place(&export(), "[]"), ".");
    }

    #[test]
    fn no_answer_breaks_the_reader() {
        survives(&export());
    }
}
