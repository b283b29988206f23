//! Arcanna's operations, and what their answers share: ids, states, and the bodies that say no.
//!
//! Paths, keys and values are those of the project's contract notes for Arcanna; tags in brackets name the source.
//! Nothing here knows the API key or the address: [`super::http`] adds them.

pub mod count;
pub mod event;
pub mod events;
pub mod export;
pub mod feedback;
pub mod health;
pub mod jobs;
pub mod metrics;
pub mod query;
pub mod votes;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::call::no_control;
use super::value::{Body, Fields, Node, Shape, says_no};
use super::{Answer, BadInput, Call, Cause, Method, Path, Product};

pub use event::{ArcannaBlock, Confidence, Decision, EventState, LogMessage, Scale};
pub use votes::Vote;

/// Names one job. A number or a text on the wire; here always the text, never calculated with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct JobId(String);

/// Names an event of a job: `12023636421762`, or whatever text its sender chose. Not unique across jobs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct EventId(String);

/// What both ids can do.
macro_rules! id {
    ($name:ident) => {
        impl $name {
            /// The id as given, blanks included.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The id as the product wrote it: what goes back into a path.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Reads a string or a number.
            pub(crate) fn read(node: Node<'_>) -> Option<Self> {
                match node.shape() {
                    Shape::Text | Shape::Number => node.word().map(Self),
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            /// The id without the blanks some servers put around it `[G]`.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.0.trim())
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                Self(number.to_string())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(IdVisitor).map(Self)
            }
        }
    };
}

id!(JobId);
id!(EventId);

/// Reads an id from a string or a whole number, in any format.
struct IdVisitor;

impl serde::de::Visitor<'_> for IdVisitor {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id: text or a whole number")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

impl JobId {
    /// The id as a whole number, when it is written as one: the ingest body demands an integer `[XN]`.
    fn number(&self) -> Option<u64> {
        let text = self.0.trim();
        text.parse().ok().filter(|number: &u64| number.to_string() == text)
    }
}

/// The id in a JSON body: a number when it is written as one, else the text.
struct InBody<'a>(&'a JobId);

impl Serialize for InBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.number() {
            Some(number) => serializer.serialize_u64(number),
            None => serializer.serialize_str(self.0.as_str()),
        }
    }
}

/// What the product said to a write that it accepted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// The status word: `OK`, `updated`; others are unknown and kept. `None` when the answer had none.
    pub status: Option<String>,
}

impl Said {
    /// Reads the answer to a write: an object, or the bare word.
    fn read(answer: &Answer) -> Result<Self, Cause> {
        let Some(body) = Body::read_if_any(answer)? else {
            return Ok(Self::default());
        };
        if let Some(word) = body.node().text() {
            return if is_error(&word) {
                Err(Cause::Refused(word))
            } else {
                Ok(Self { status: Some(word) })
            };
        }
        let fields = object(body.node())?;
        if let Some(words) = refusal(&fields) {
            return Err(Cause::Refused(words));
        }
        let status = fields.word("status").or_else(|| {
            let request = fields.object("request")?;
            request.word("status")
        });
        Ok(Self { status })
    }
}

fn call(name: &'static str, method: Method, path: Path) -> Call {
    Call::new(Product::Arcanna, name, method, path)
}

/// `/api/v1/jobs/{job}`
fn job_path(job: &JobId) -> Result<Path, BadInput> {
    Path::fixed("/api/v1/jobs").segment("job id", job.0.trim())
}

/// `/api/v1/events/{job}/{event}`
fn event_path(job: &JobId, event: &EventId) -> Result<Path, BadInput> {
    Path::fixed("/api/v1/events")
        .segment("job id", job.0.trim())?
        .segment("event id", event.as_str())
}

/// Refuses a text that says nothing or holds control characters.
fn said(what: &'static str, text: &str) -> Result<(), BadInput> {
    if text.trim().is_empty() {
        return Err(BadInput::new(what, text, "it is empty"));
    }
    no_control(what, text)
}

/// A request body as JSON text.
fn json_body(what: &'static str, body: &impl Serialize) -> Result<String, BadInput> {
    serde_json::to_string(body).map_err(|error| BadInput::new(what, "", error.to_string()))
}

/// The answer as an object.
fn object(node: Node<'_>) -> Result<Fields<'_>, Cause> {
    node.fields().ok_or_else(|| unexpected(".", "an object", node))
}

/// The answer as an array. An object in its place is an error body: its words are the refusal.
fn array(node: Node<'_>) -> Result<Vec<Node<'_>>, Cause> {
    if let Some(items) = node.items() {
        return Ok(items);
    }
    match node.fields().and_then(|fields| refusal(&fields)) {
        Some(words) => Err(Cause::Refused(words)),
        None => Err(unexpected(".", "an array", node)),
    }
}

fn unexpected(at: impl Into<String>, wanted: &str, node: Node<'_>) -> Cause {
    Cause::Unexpected {
        at: at.into(),
        why: format!("{wanted} was expected, it is of type {}", node.shape()),
    }
}

fn missing(at: impl Into<String>) -> Cause {
    Cause::Unexpected { at: at.into(), why: "it is missing".into() }
}

/// Whether a status text is one that says no. Unknown words are not.
fn is_error(status: &str) -> bool {
    let status = status.trim().to_ascii_uppercase();
    status.starts_with("ERROR")
        || status.starts_with("FAIL")
        || matches!(status.as_str(), "FALSE" | "NOK")
}

/// The words of a body that says no although its status is 2xx (contract §1.2); `None` when it does not.
///
/// Looked at: `error_message`, `detail` or `details` without a `status`, `error` or `errors`, a status that is an error,
/// a v2 status other than `OK` that comes with a `reason`, and what says so in other words ([`says_no`]), at the top or
/// below `request`.
fn refusal(fields: &Fields<'_>) -> Option<String> {
    // one level down and no further: the answer may be hostile
    own_refusal(fields).or_else(|| own_refusal(&fields.object("request")?))
}

fn own_refusal(fields: &Fields<'_>) -> Option<String> {
    if let Some(words) = fields.get("error_message").and_then(words_of) {
        return Some(words);
    }
    let status = fields.word("status");
    if status.is_none() || status.as_deref().is_some_and(is_error) {
        let error = fields.first(&["error", "errors"]).and_then(words_of);
        let detail = fields.first(&["detail", "details"]).and_then(words_of);
        let both: Vec<String> = error.into_iter().chain(detail).collect();
        if !both.is_empty() {
            return Some(both.join(": "));
        }
    }
    let reason = || {
        let parts = ["reason", "reason_details"]
            .into_iter()
            .filter_map(|key| fields.get(key).and_then(words_of));
        let parts: Vec<String> = parts.collect();
        (!parts.is_empty()).then(|| parts.join(": "))
    };
    match status {
        Some(status) if is_error(&status) => {
            Some(reason().unwrap_or_else(|| format!("status {status}")))
        }
        Some(status) if !status.trim().eq_ignore_ascii_case("ok") => reason(),
        Some(_) => None,
        None => says_no(fields),
    }
}

/// Error words of any form: a text, a list of `{loc, msg}`, or other JSON in one line. Empty forms are none.
fn words_of(node: Node<'_>) -> Option<String> {
    match node.shape() {
        Shape::Text => node.text(),
        Shape::Array => {
            let lines: Vec<String> = node.items()?.into_iter().map(problem).collect();
            (!lines.is_empty()).then(|| lines.join("; "))
        }
        Shape::Object => (!node.fields()?.is_empty()).then(|| problem(node)),
        Shape::Null => None,
        Shape::Boolean | Shape::Number => Some(node.line()),
    }
}

/// One problem of a validation error: `body.raw_body: field required`.
fn problem(node: Node<'_>) -> String {
    let fields = node.fields().unwrap_or_default();
    let Some(message) = fields.first(&["msg", "message"]).and_then(Node::word) else {
        return node.line();
    };
    let place = fields.words("loc").unwrap_or_default().join(".");
    if place.is_empty() { message } else { format!("{place}: {message}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_text_whatever_the_wire_holds() {
        let read = |json: &str| serde_json::from_str::<EventId>(json).unwrap();
        assert_eq!(read("12023636421762"), read("\"12023636421762\""));
        assert_eq!(read("18446744073709551615").as_str(), "18446744073709551615");
        assert_eq!(read("-1").as_str(), "-1");
        assert!(serde_json::from_str::<JobId>("1.5").is_err());
        assert!(serde_json::from_str::<JobId>("null").is_err());
        let id = JobId::from(1201);
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"1201\"");
        assert_eq!(format!("[{id:>6}]"), "[  1201]");
    }
}
