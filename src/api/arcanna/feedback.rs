//! Feedback: a person's label for an event. The one write that may be repeated, as a second vote replaces the first.

use serde_json::json;

use super::super::call::no_control;
use super::super::{Answer, BadInput, Call, Cause, Kind, Method, Operation, Path};
use super::{EventId, JobId, Said, call, event_path, said};

/// Labels an event: `PUT /api/v1/events/{job}/{event}/feedback` [XN, G, FS2, INP].
///
/// The server's answer to an unknown label is not documented: check it against the decision set before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// Which job.
    pub job: JobId,
    /// Which event. On jobs with buckets, its siblings get the label too.
    pub event: EventId,
    /// One of the job's decision set, exactly as written there.
    pub label: String,
    /// Whose vote it is. Sent as `cortex_user`, whatever the vendor [XN].
    pub username: String,
}

impl Operation for Feedback {
    type Output = Said;

    fn call(&self) -> Result<Call, BadInput> {
        said("label", &self.label)?;
        said("username", &self.username)?;
        let path = event_path(&self.job, &self.event)?.then("feedback");
        let body = json!({ "cortex_user": self.username, "feedback": self.label });
        Ok(call("feedback", Method::Put, path)
            .json(body.to_string())
            .kind(Kind::Repeatable))
    }

    /// The documented word is `updated`; other words that are no error are accepted and kept.
    fn decode(&self, answer: &Answer) -> Result<Said, Cause> {
        Said::read(answer)
    }
}

/// Labels an event as the owner of the management key:
/// `PUT /api/v2/events/{job}/{event}/feedback?feedback_label=…`, no body [MCP].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedbackV2 {
    /// Which job.
    pub job: JobId,
    /// Which event.
    pub event: EventId,
    /// One of the job's decision set.
    pub label: String,
    /// Which input's event, for jobs with several; without it the newest event with this id.
    pub storage: Option<String>,
}

impl Operation for FeedbackV2 {
    type Output = Said;

    fn call(&self) -> Result<Call, BadInput> {
        said("label", &self.label)?;
        if let Some(storage) = &self.storage {
            no_control("storage name", storage)?;
        }
        let path = Path::fixed("/api/v2/events")
            .segment("job id", self.job.as_str().trim())?
            .segment("event id", self.event.as_str())?
            .then("feedback");
        Ok(call("feedback", Method::Put, path)
            .query("feedback_label", &self.label)
            .query_opt("storage_name", self.storage.as_deref())
            .kind(Kind::Repeatable))
    }

    fn decode(&self, answer: &Answer) -> Result<Said, Cause> {
        Said::read(answer)
    }
}
