//! Events for the pane's tests: an answer of the event query as the product writes it.

use crate::api::arcanna::JobId;
use crate::api::arcanna::query::{FoundEvent, QueryEvents};
use crate::api::{Answer, Operation};
use crate::outbox::Moment;
use crate::store::Store;

/// The moment the events are looked at.
pub(super) const NOW: &str = "2026-11-22T14:03:00Z";

const PAGE: &str = r#"{"total_count":4,"events":[
 {"event_id":12023636421771,"@timestamp":"2026-11-22T13:59:31Z",
  "decision_points":{"rule.name":"SURICATA HTTP unable to match response","rule.category":"Generic Protocol Command Decode","event.severity":3,"source.ip":"10.128.0.6","destination.ip":"8.8.8.8","destination.port":9200},
  "arcanna":{"result":"class_1","result_label":"Escalate","confidence_score":47.2,"outlier_flag":false,"bucket_state":"new","bucket_id":"b1","consensus":"undecided","inference_status":"finished"},
  "raw_event":{"rule":{"name":"SURICATA HTTP unable to match response"},"event":{"severity":3,"category":["network","intrusion_detection"]},"source":{"ip":"10.128.0.6"},"big":576330410117303576330410117303}},
 {"event_id":12023636421760,"@timestamp":"2026-11-22T13:39:02Z",
  "decision_points":{"rule.name":"SMB admin share from workstation","rule.category":"Lateral Movement","event.severity":3,"source.ip":"10.128.4.19","destination.ip":"1.1.1.1","destination.port":445},
  "arcanna":{"result":"class_0","result_label":"Drop","confidence_score":91,"outlier_flag":false,"bucket_state":"in_knowledge_base","bucket_id":"b2","consensus":"Drop","inference_status":"finished"}},
 {"event_id":12023636421755,"@timestamp":"2026-11-22T09:00:05Z",
  "decision_points":{"rule.name":"Periodic beaconing to rare host","rule.category":"Command and Control","event.severity":4,"source.ip":"10.20.1.21","destination.ip":"203.0.113.9","destination.port":443},
  "arcanna":{"result":"class_1","result_label":"Escalate","confidence_score":88,"outlier_flag":true,"bucket_state":"new","bucket_id":"b1","inference_status":"finished"}},
 {"event_id":"12023636421700","@timestamp":"2026-11-20T12:58:00Z",
  "decision_points":{"title":"Odd \u001b]52;c;eA==\u0007 \u202elanguage 調査 e\u0301","host.address":"2001:db8::1"}}
]}"#;

/// The events of [`PAGE`], in the server's order.
pub(super) fn events() -> Vec<FoundEvent> {
    page().events
}

fn page() -> crate::api::arcanna::query::EventPage {
    QueryEvents::newest(job(), 50).decode(&Answer::from_json(PAGE)).unwrap()
}

/// The job they are of.
pub(super) fn job() -> JobId {
    JobId::from(1202)
}

/// The moment [`NOW`].
pub(super) fn now() -> Moment {
    Moment { wall: NOW.parse().unwrap(), instant: std::time::Instant::now() }
}

/// A store that holds them.
pub(super) fn store() -> Store {
    let mut store = Store::default();
    let queue = store.queues.entry(job()).or_default();
    queue.page.arrived(page(), NOW.parse().unwrap());
    queue.take_in();
    store
        .decision_sets
        .entry(job())
        .or_default()
        .arrived(vec!["Drop".into(), "Escalate".into()], NOW.parse().unwrap());
    store.pin_new();
    store
}
