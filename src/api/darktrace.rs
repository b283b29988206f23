//! Darktrace's operations, and what their answers share: refusals, and the reply to a write.
//!
//! Paths, keys and values are those of the project's contract notes for Darktrace; tags in brackets name the source.
//! Query keys stand in byte order, as that is what gets signed and sent. Nothing here knows the tokens or the
//! address: [`super::http`] adds and signs.

pub mod breach_log;
pub mod breaches;
pub mod connections;
pub mod device_breaches;
pub mod device_search;
pub mod devices;
pub mod endpoints;
pub mod search;
pub mod sign;
pub mod status;
pub mod tags;
pub mod watchlist;

use serde::Serialize;

use super::call::no_control;
use super::value::{Body, Fields, Node, Shape, says_no};
use super::{Answer, BadInput, Call, Cause, Method, Path, Product};

/// What the product said to a write that it did not refuse. SUCCESS is no proof: read again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// The word it used (`SUCCESS`), else the whole answer in one line; empty when it said nothing.
    pub said: String,
    /// The tag's id, where the answer names it.
    pub tid: Option<i64>,
    /// The id of the tag's assignment, where the answer names it.
    pub teid: Option<i64>,
}

impl Reply {
    /// Accepts any form that does not say no: an object with a word or ids, Unified View's array `[XM]`, nothing at all.
    fn read(answer: &Answer) -> Result<Self, Cause> {
        let Some(body) = Body::read_if_any(answer)? else {
            return Ok(Self::default());
        };
        let node = body.node();
        for part in node.one_or_many() {
            if let Some(cause) = part.fields().and_then(|fields| refusal(&fields)) {
                return Err(cause);
            }
        }
        let first = node.one_or_many().into_iter().find_map(Node::fields);
        let fields = first.unwrap_or_default();
        Ok(Self {
            said: fields.word("response").unwrap_or_else(|| node.line()),
            tid: fields.int("tid"),
            teid: fields.int("teid"),
        })
    }
}

fn call(name: &'static str, method: Method, path: Path) -> Call {
    Call::new(Product::Darktrace, name, method, path)
}

/// Booleans are lower-case on the wire; `True` was a bug of others `[SDKc]`.
fn flag(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// Refuses a text that says nothing or holds control characters, which could forge a line of the signed text.
fn said(what: &'static str, text: &str) -> Result<(), BadInput> {
    if text.trim().is_empty() {
        return Err(BadInput::new(what, text, "it is empty"));
    }
    no_control(what, text)
}

/// Refuses to change what is no single device: 0 stands for everything external, negative numbers for groups.
fn one_device(did: i64) -> Result<(), BadInput> {
    if did > 0 {
        return Ok(());
    }
    Err(BadInput::new("device id", &did.to_string(), "it stands for a group, not for one device"))
}

/// A request body as JSON text in ASCII.
fn json_body(what: &'static str, body: &impl Serialize) -> Result<String, BadInput> {
    sign::ascii_json(body).map_err(|error| BadInput::new(what, "", error.to_string()))
}

/// The answer as an object that does not say no.
fn object(node: Node<'_>) -> Result<Fields<'_>, Cause> {
    let fields = node.fields().ok_or_else(|| unexpected(".", "an object", node))?;
    match refusal(&fields) {
        Some(cause) => Err(cause),
        None => Ok(fields),
    }
}

/// The answer as an array. An object in its place is an error body, and its words are the refusal.
fn array(node: Node<'_>) -> Result<Vec<Node<'_>>, Cause> {
    if let Some(items) = node.items() {
        return Ok(items);
    }
    match node.fields().and_then(|fields| refusal(&fields)) {
        Some(cause) => Err(cause),
        None => Err(unexpected(".", "an array", node)),
    }
}

/// Reads each object of an array; an item of another shape is an error that names its place.
fn rows<T>(
    items: Vec<Node<'_>>,
    at: &str,
    read: impl Fn(&Fields<'_>) -> T,
) -> Result<Vec<T>, Cause> {
    let row = |(index, node): (usize, Node<'_>)| {
        let fields =
            node.fields().ok_or_else(|| unexpected(format!("{at}[{index}]"), "an object", node))?;
        Ok(read(&fields))
    };
    items.into_iter().enumerate().map(row).collect()
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

/// The cause in a 2xx body that says no; `None` when it does not (contract §2).
///
/// The key of an error is not fixed (`response`, `tags`, `error`, …), so its words are looked for: capitals that end
/// in `ERROR`. Only small objects are searched, as a large one is data in which such words mean nothing.
fn refusal(fields: &Fields<'_>) -> Option<Cause> {
    for key in ["error", "errors", "error_message", "detail"] {
        let words = fields.get(key).filter(|node| says_something(*node));
        if let Some(words) = words {
            return Some(named(key, &words.line()));
        }
    }
    if fields.len() > 3 {
        return None;
    }
    fields
        .iter()
        // what people name, they may name like an error
        .filter(|(key, _)| !matches!(*key, "name" | "hostname" | "label" | "message"))
        .filter_map(|(key, node)| Some((key, node.text()?)))
        .find(|(_, text)| is_error_word(text))
        .map(|(key, text)| named(key, &text))
        .or_else(|| says_no(fields).map(Cause::Refused))
}

fn says_something(node: Node<'_>) -> bool {
    match node.shape() {
        Shape::Null => false,
        Shape::Text => node.text().is_some(),
        Shape::Boolean => node.flag() == Some(true),
        Shape::Number => node.num() != Some(0.0),
        Shape::Array => node.items().is_some_and(|items| !items.is_empty()),
        Shape::Object => node.fields().is_some_and(|fields| !fields.is_empty()),
    }
}

/// `API SIGNATURE ERROR`, `DATANOTFOUND ERROR`, `INPUT ERROR`, `FAILURE`.
fn is_error_word(text: &str) -> bool {
    let text = text.trim();
    let capitals = text.chars().all(|c| c.is_ascii_uppercase() || matches!(c, ' ' | '_' | '-'));
    capitals && (text.ends_with("ERROR") || text.starts_with("FAIL"))
}

fn named(key: &str, words: &str) -> Cause {
    let loud = words.to_ascii_uppercase();
    if loud.contains("SIGNATURE ERROR") {
        Cause::Credentials(words.to_owned())
    } else if loud.contains("DATE ERROR") {
        Cause::Clock
    } else if loud.contains("DATANOTFOUND") {
        Cause::NotFound(format!("{key}: {words}"))
    } else {
        Cause::Refused(words.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(body: &str) -> Result<Reply, Cause> {
        Reply::read(&Answer::from_json(body))
    }

    #[test]
    fn a_write_may_be_answered_in_any_form() {
        let said = |body: &str| reply(body).unwrap().said;
        assert_eq!(said(r#"{"response":"SUCCESS"}"#), "SUCCESS");
        assert_eq!(said(r#"{"aianalyst":"SUCCESS"}"#), r#"{"aianalyst":"SUCCESS"}"#);
        assert_eq!(said(""), "");
        assert_eq!(said("\n"), "");
        assert_eq!(said("\"done\""), "done");
        assert_eq!(said("[]"), "[]");
        assert_eq!(reply(r#"{"tid": 57}"#).unwrap().tid, Some(57));
        let entity = reply(r#"[{"teid": 9, "tid": 57, "entityValue": "2"}]"#).unwrap();
        assert_eq!((entity.tid, entity.teid), (Some(57), Some(9)));
        let unified = r#"[{"replicate":true,"data":[{"did":1000000000001,"pid":601008,"time":1732571994,"score":73}]}]"#;
        assert_eq!(said(unified), unified);
    }

    #[test]
    fn a_refusal_is_found_under_any_key() {
        for (body, wanted) in [
            (
                r#"{"response":"API SIGNATURE ERROR"}"#,
                Cause::Credentials("API SIGNATURE ERROR".into()),
            ),
            (r#"{"other":"API DATE ERROR"}"#, Cause::Clock),
            (
                r#"{"tags":"DATANOTFOUND ERROR"}"#,
                Cause::NotFound("tags: DATANOTFOUND ERROR".into()),
            ),
            (r#"{"response":"INPUT ERROR"}"#, Cause::Refused("INPUT ERROR".into())),
            (r#"{"error":"Forbidden"}"#, Cause::Refused("Forbidden".into())),
            (r#"{"error":{"code":7}}"#, Cause::Refused(r#"{"code":7}"#.into())),
            (r#"{"response":"FAILURE"}"#, Cause::Refused("FAILURE".into())),
            (r#"[{"response":"INPUT ERROR"}]"#, Cause::Refused("INPUT ERROR".into())),
        ] {
            assert_eq!(reply(body), Err(wanted), "{body}");
        }
    }

    #[test]
    fn what_people_named_like_an_error_is_none() {
        for body in [
            r#"{"tid":5,"name":"DISK ERROR"}"#,
            r#"[{"message":"DISK ERROR","username":"u"}]"#,
            r#"{"error":"","response":"SUCCESS"}"#,
            r#"{"error":null}"#,
            r#"{"error":false}"#,
            r#"{"detail":[],"errors":{}}"#,
            r#"{"a":1,"b":2,"c":3,"d":"DISK ERROR"}"#,
            r#"{"response":"No error"}"#,
        ] {
            assert!(reply(body).is_ok(), "{body}");
        }
    }
}
