//! Feedback: a person's label for an event. The one write that may be repeated, as a second vote replaces the first.

use serde_json::json;

use super::super::call::no_control;
use super::super::{Answer, BadInput, Call, Cause, Kind, Method, Operation, Path};
use super::{EventId, JobId, Said, call, event_path, said};

/// Labels an event: `PUT /api/v1/events/{job}/{event}/feedback` `[XN, G, FS2, INP]`.
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
    /// Whose vote it is. Sent as `cortex_user`, whatever the vendor `[XN]`.
    pub username: String,
}

impl Operation for Feedback {
    type Output = Said;

    fn call(&self) -> Result<Call, BadInput> {
        said("label", &self.label)?;
        said("username", &self.username)?;
        let path = event_path(&self.job, &self.event)?.then("feedback");
        let body = json!({ "cortex_user": self.username, "feedback": self.label });
        Ok(call("feedback", Method::Put, path).json(body.to_string()).kind(Kind::Repeatable))
    }

    /// The documented word is `updated`; other words that are no error are accepted and kept.
    fn decode(&self, answer: &Answer) -> Result<Said, Cause> {
        Said::read(answer)
    }
}

/// Labels an event as the owner of the management key:
/// `PUT /api/v2/events/{job}/{event}/feedback?feedback_label=…`, no body `[MCP]`.
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

#[cfg(test)]
mod tests {
    use super::super::super::value::testing::*;
    use super::*;

    fn feedback() -> Feedback {
        Feedback {
            job: 1208.into(),
            event: "615471".into(),
            label: "Escalate".into(),
            username: "admin".into(),
        }
    }

    fn feedback_v2(storage: Option<&str>) -> FeedbackV2 {
        FeedbackV2 {
            job: 1208.into(),
            event: "a b".into(),
            label: "A&B +1".into(),
            storage: storage.map(str::to_owned),
        }
    }

    #[test]
    fn calls_are_exact() {
        assert_eq!(
            wire(&feedback()),
            r#"Repeatable PUT /api/v1/events/1208/615471/feedback json {"cortex_user":"admin","feedback":"Escalate"}"#
        );
        // other clients lose all from the & on
        assert_eq!(
            wire(&feedback_v2(None)),
            "Repeatable PUT /api/v2/events/1208/a%20b/feedback?feedback_label=A%26B%20%2B1"
        );
        assert_eq!(
            wire(&feedback_v2(Some("s 1"))),
            "Repeatable PUT /api/v2/events/1208/a%20b/feedback?feedback_label=A%26B%20%2B1&storage_name=s%201"
        );
    }

    #[test]
    fn a_vote_without_label_voter_or_event_is_refused() {
        let label = Feedback { label: " ".into(), ..feedback() };
        assert!(refused(&label).starts_with("label"));
        let username = Feedback { username: String::new(), ..feedback() };
        assert!(refused(&username).starts_with("username"));
        let event = Feedback { event: "..".into(), ..feedback() };
        assert!(refused(&event).starts_with("event id"));
        assert!(refused(&feedback_v2(Some("a\nb"))).starts_with("storage name"));
    }

    #[test]
    fn the_word_is_kept_and_a_refusal_is_one() {
        for (body, word) in [
            (r#"{"status": "updated"}"#, Some("updated")),
            (r#"{"status": "created", "reason": ""}"#, Some("created")),
            (r#"{"request": {"status": "OK"}}"#, Some("OK")),
            (r#""updated""#, Some("updated")),
            ("{}", None),
            ("", None),
        ] {
            assert_eq!(decode(&feedback(), body).unwrap().status.as_deref(), word, "{body}");
            assert!(decode(&feedback_v2(None), body).is_ok());
        }
        for (body, words) in [
            (r#"{"status": "updated", "error_message": "unknown label"}"#, "unknown label"),
            (r#"{"status": "ERROR"}"#, "status ERROR"),
            (r#"{"details": "Event not found"}"#, "Event not found"),
            (
                r#"{"status": "NOK", "reason": "locked", "reason_details": {"by": "x"}}"#,
                r#"locked: {"by":"x"}"#,
            ),
        ] {
            assert_eq!(cause(&feedback(), body), Cause::Refused(words.into()));
            assert_eq!(cause(&feedback_v2(None), body), Cause::Refused(words.into()));
        }
    }

    #[test]
    fn no_answer_breaks_the_reader() {
        survives(&feedback());
        survives(&feedback_v2(None));
    }
}
