//! A request as plain data, and the two places where a caller's text could do harm: path segments and ids.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::Product;

/// HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, strum::Display)]
#[strum(serialize_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Creates or triggers.
    Post,
    /// Replaces: may be repeated.
    Put,
    /// Removes.
    Delete,
}

/// What repeating the call would do. Decides who may retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// Changes nothing: may be repeated and cancelled freely.
    Read,
    /// Changes something, and saying it twice is the same as saying it once (Arcanna feedback: the same user's vote).
    Repeatable,
    /// Changes something each time it is said: never repeated on its own (training, an event without an id).
    Once,
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Body {
    /// No body at all.
    #[default]
    Empty,
    /// JSON text, sent (and signed) byte for byte as it stands here.
    Json(String),
    /// Form fields in the order they are sent; encoded as `application/x-www-form-urlencoded`.
    Form(Vec<(String, String)>),
}

/// A request without credentials: comparable, printable, safe to log (path and body hold no secret).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Who is asked.
    pub product: Product,
    /// What is asked, in a person's words: `event status`, `similar devices`.
    pub name: Cow<'static, str>,
    /// HTTP method.
    pub method: Method,
    /// Path, percent-encoded, starting with `/`.
    pub path: Path,
    /// Query pairs, decoded, in the order they are sent.
    pub query: Vec<(String, String)>,
    /// Body.
    pub body: Body,
    /// What repeating it would do.
    pub kind: Kind,
}

impl Call {
    /// A call without query and body.
    pub fn new(product: Product, name: &'static str, method: Method, path: Path) -> Self {
        let kind = if method == Method::Get { Kind::Read } else { Kind::Once };
        Self {
            product,
            name: Cow::Borrowed(name),
            method,
            path,
            query: Vec::new(),
            body: Body::Empty,
            kind,
        }
    }

    /// Adds a query pair.
    #[must_use]
    pub fn query(mut self, key: &str, value: impl Into<String>) -> Self {
        self.query.push((key.to_owned(), value.into()));
        self
    }

    /// Adds a query pair when there is a value.
    #[must_use]
    pub fn query_opt(self, key: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.query(key, value),
            None => self,
        }
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(mut self, text: String) -> Self {
        self.body = Body::Json(text);
        self
    }

    /// Sets a form body.
    #[must_use]
    pub fn form(mut self, fields: Vec<(String, String)>) -> Self {
        self.body = Body::Form(fields);
        self
    }

    /// Says what repeating the call would do, where that differs from the method's default (GET reads, others once).
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Path and query as they go over the wire: `/tags/entities?did=2&tag=Active%20Threat`.
    pub fn target(&self) -> String {
        let mut target = self.path.to_string();
        for (index, (key, value)) in self.query.iter().enumerate() {
            target.push(if index == 0 { '?' } else { '&' });
            target.push_str(&encode(key));
            target.push('=');
            target.push_str(&encode(value));
        }
        target
    }
}

impl fmt::Display for Call {
    /// `GET /api/v1/jobs/`: method and target, as a person would look it up in a server's log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.target())
    }
}

/// Everything but RFC 3986's unreserved characters and `@`, which Darktrace's field names start with.
const REST: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');

/// Percent-encodes one path segment or query part (a blank becomes `%20`).
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, REST).to_string()
}

/// A path made of a fixed beginning and encoded segments; no caller's text can leave its segment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Path(String);

impl Path {
    /// A fixed path, already in wire form.
    pub fn fixed(path: &'static str) -> Self {
        debug_assert!(path.starts_with('/'), "a path starts with a slash");
        Self(path.to_owned())
    }

    /// Appends `/fixed`, already in wire form.
    #[must_use]
    pub fn then(mut self, fixed: &'static str) -> Self {
        self.0.push('/');
        self.0.push_str(fixed);
        self
    }

    /// Appends one encoded segment. `what` names the value in the refusal.
    ///
    /// # Errors
    /// Refuses an empty segment (another route), `.` and `..` (collapsed by URL parsers even when encoded), and
    /// control characters.
    pub fn segment(mut self, what: &'static str, value: &str) -> Result<Self, BadInput> {
        if value.is_empty() {
            return Err(BadInput::new(what, value, "it is empty"));
        }
        if value == "." || value == ".." {
            return Err(BadInput::new(what, value, "it would turn the address into another one"));
        }
        no_control(what, value)?;
        self.0.push('/');
        self.0.push_str(&encode(value));
        Ok(self)
    }

    /// The path as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Refuses control characters: in a signed request a line feed could forge a line, and no id holds one.
///
/// # Errors
/// Names the value when it holds one.
pub fn no_control(what: &'static str, value: &str) -> Result<(), BadInput> {
    match value.chars().find(|c| c.is_control()) {
        Some(c) => Err(BadInput::new(
            what,
            value,
            format!("it holds the control character U+{:04X}", c as u32),
        )),
        None => Ok(()),
    }
}

/// A value that cannot be sent, with the reason: nothing has left this machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {value:?} cannot be sent: {why}")]
pub struct BadInput {
    /// Which argument: `event id`, `tag`.
    pub what: &'static str,
    /// The value as given.
    pub value: String,
    /// Why it is refused.
    pub why: String,
}

impl BadInput {
    /// Names argument, value and reason.
    pub fn new(what: &'static str, value: &str, why: impl Into<String>) -> Self {
        Self { what, value: value.to_owned(), why: why.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_encoded_and_traps_refused() {
        let path = Path::fixed("/api/v1/events").segment("event id", "a/b c?d#e").unwrap();
        assert_eq!(path.as_str(), "/api/v1/events/a%2Fb%20c%3Fd%23e");
        assert_eq!(Path::fixed("/x").segment("id", "%2e%2e").unwrap().as_str(), "/x/%252e%252e");
        for bad in ["", ".", "..", "a\nb", "a\u{7f}"] {
            assert!(Path::fixed("/x").segment("id", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_target_holds_every_query_value_encoded() {
        let call = Call::new(
            Product::Darktrace,
            "tagged devices",
            Method::Get,
            Path::fixed("/tags/entities"),
        )
        .query("fulldevicedetails", "true")
        .query("tag", "Active Threat&x=ü");
        assert_eq!(
            call.target(),
            "/tags/entities?fulldevicedetails=true&tag=Active%20Threat%26x%3D%C3%BC"
        );
        assert_eq!(call.to_string(), format!("GET {}", call.target()));
    }
}
