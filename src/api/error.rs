//! What can go wrong with a call, and the one function that turns it into a sentence, a cause and a next step.
//! Knows nothing of how a call is sent: `classify` reads plain data, `explain` writes plain text.

pub(super) mod classify;
mod explain;
mod read;
mod words;

use std::fmt;
use std::time::Duration;

use super::{Answer, BadInput, Call, Kind, Product};

pub(super) use read::read_json;
pub(super) use words::cut;

/// A call that brought no usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// Who was asked. `None` when the request was refused here, before it had an address.
    pub product: Option<Product>,
    /// What was asked, in a person's words (`event status`), and where (`GET /api/v1/…`).
    pub name: String,
    /// Method and target of the request; empty when none was made.
    pub target: String,
    /// HTTP status, when an answer came.
    pub status: Option<u16>,
    /// What went wrong. Boxed: errors travel in results.
    pub cause: Box<Cause>,
    /// Our clock minus the server's, in seconds, when the answer told.
    pub skew_s: Option<i64>,
    /// What repeating the request would do: a read changes nothing, whatever its method.
    pub kind: Kind,
}

/// The reasons, each with what is needed to explain it. Foreign words are kept as they came: clean them before showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// No address or credentials are configured for the product.
    NotConfigured,
    /// The endpoint's own settings cannot be used (bad URL, unreadable CA file, key that is no header value).
    Misconfigured(String),
    /// An argument was refused before anything was sent.
    BadInput(BadInput),
    /// The host name has no address.
    Unresolved(String),
    /// No connection could be made (refused, unreachable, proxy failed).
    Unreachable(String),
    /// The server's certificate was not accepted.
    Tls(String),
    /// The server has a valid certificate, but not a pinned one; the sum of its public key.
    Unpinned(String),
    /// No connection within the limit: nothing was sent.
    ConnectTimeout(Duration),
    /// No complete answer within the limit: the request may have been acted on.
    AnswerTimeout(Duration),
    /// The connection broke after the request was sent.
    Broken(String),
    /// The answer is larger than the cap, in bytes.
    TooLarge(u64),
    /// A redirect, never followed: following it could carry the key to another host.
    Redirect(Redirect),
    /// The key, token or signature was not accepted.
    Credentials(String),
    /// Darktrace refused the date of the request.
    Clock,
    /// The credentials are fine, the permission is missing.
    Forbidden(String),
    /// No such thing (event, job, tag, device), or no such address.
    NotFound(String),
    /// Arguments the server does not accept (422, 400 `INPUT ERROR`): one line per problem, `place: message`.
    Invalid(Vec<String>),
    /// Too many requests; wait this long if the server said so.
    Limited(Option<Duration>),
    /// A 5xx status; for a write the change may have been applied all the same.
    Server(String, Option<Duration>),
    /// Another status that is no success.
    Status(String),
    /// A 2xx that is not JSON: what it looks like (`a login page`, `an HTML page`, `empty`, `text`).
    NotJson(NotJson),
    /// JSON that stops in the middle.
    Truncated,
    /// JSON of another shape than documented: place and problem.
    Unexpected {
        /// Path of the field, `[3].job_id`; `.` for the whole.
        at: String,
        /// What was wrong there.
        why: String,
    },
    /// A 2xx whose body says no, in the server's words.
    Refused(String),
    /// Cancelled here: by a person, or because its pane was left.
    Cancelled,
    /// Our own code failed; the message of the panic.
    Crashed(String),
}

/// Where an unfollowed redirect pointed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redirect {
    /// Darktrace's `/login`: the signature is fine, the endpoint is not open to API tokens.
    Login,
    /// Darktrace's `/403`: the signature is fine, the user lacks the permission.
    Denied,
    /// The same address with or without a trailing slash, or another path of the same origin.
    SameOrigin(String),
    /// Another origin (host or port differ, or http became https): only the origin is kept.
    OtherOrigin(String),
    /// From https to plain http, where the key would have travelled in the clear: only the origin is kept.
    Downgrade(String),
    /// No usable `Location`.
    Nowhere,
}

/// What a 2xx body that is not JSON looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotJson {
    /// Nothing at all.
    Empty,
    /// A page that asks to log in: a redirect was followed by something in between, or the permission is missing.
    LoginPage,
    /// Some other HTML: a proxy, a captive portal.
    Html,
    /// Other text or bytes.
    Text,
}

/// How an error is told: what happened, why, and what to do next. Foreign words in it are not yet cleaned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// One sentence: what happened.
    pub what: String,
    /// Why, where it is known; may be empty.
    pub why: String,
    /// What to do next.
    pub next: String,
}

/// The class a failure belongs to: decides exit codes and which pane cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The product said no.
    Refused,
    /// The person's input.
    Usage,
    /// Settings.
    Configuration,
    /// Key, token, signature, clock or permission.
    Credentials,
    /// No connection, or it broke, or what answered is not the product.
    Network,
    /// A time limit ran out.
    TimedOut,
}

impl ApiError {
    /// An error of a call that brought no answer.
    pub fn of(call: &Call, cause: Cause) -> Self {
        Self {
            product: Some(call.product),
            name: call.name.to_string(),
            target: call.to_string(),
            status: None,
            cause: Box::new(cause),
            skew_s: None,
            kind: call.kind,
        }
    }

    /// An error found in a 2xx answer.
    pub fn answered(call: &Call, answer: &Answer, cause: Cause) -> Self {
        Self { status: Some(answer.status), skew_s: answer.skew_s, ..Self::of(call, cause) }
    }
}

impl From<BadInput> for ApiError {
    fn from(bad: BadInput) -> Self {
        Self {
            product: None,
            name: String::new(),
            target: String::new(),
            status: None,
            cause: Box::new(Cause::BadInput(bad)),
            skew_s: None,
            kind: Kind::Read,
        }
    }
}

impl ApiError {
    /// The class of the failure.
    pub fn class(&self) -> Class {
        match &*self.cause {
            Cause::NotConfigured | Cause::Misconfigured(_) => Class::Configuration,
            Cause::BadInput(_) => Class::Usage,
            Cause::Credentials(_)
            | Cause::Clock
            | Cause::Forbidden(_)
            | Cause::Redirect(Redirect::Login | Redirect::Denied)
            | Cause::NotJson(NotJson::LoginPage) => Class::Credentials,
            Cause::Unresolved(_)
            | Cause::Unreachable(_)
            | Cause::Tls(_)
            | Cause::Unpinned(_)
            | Cause::Broken(_)
            | Cause::Truncated
            | Cause::TooLarge(_)
            | Cause::NotJson(_)
            | Cause::Redirect(Redirect::OtherOrigin(_) | Redirect::Downgrade(_)) => Class::Network,
            Cause::ConnectTimeout(_) | Cause::AnswerTimeout(_) => Class::TimedOut,
            Cause::Redirect(Redirect::SameOrigin(_) | Redirect::Nowhere)
            | Cause::NotFound(_)
            | Cause::Invalid(_)
            | Cause::Limited(_)
            | Cause::Server(..)
            | Cause::Status(_)
            | Cause::Unexpected { .. }
            | Cause::Refused(_)
            | Cause::Cancelled
            | Cause::Crashed(_) => Class::Refused,
        }
    }

    /// Whether asking again soon could help. Says nothing about whether it is safe: only a read, or a write known not to
    /// have been acted on, may be repeated (see [`ApiError::outcome_unknown`]).
    pub fn repeatable(&self) -> bool {
        match &*self.cause {
            Cause::Unresolved(_)
            | Cause::Unreachable(_)
            | Cause::ConnectTimeout(_)
            | Cause::AnswerTimeout(_)
            | Cause::Broken(_)
            | Cause::Truncated
            | Cause::Limited(_) => true,
            // 501 and 505 do not get better.
            Cause::Server(..) => !matches!(self.status, Some(501 | 505)),
            _ => false,
        }
    }

    /// For a write: whether the product may have acted on it although no good answer came. Never repeat such a write
    /// blindly; `DELETE` behind some Darktrace gateways answers 502 each time it has worked `[LAB]`.
    pub fn outcome_unknown(&self) -> bool {
        match &*self.cause {
            Cause::AnswerTimeout(_)
            | Cause::Broken(_)
            | Cause::TooLarge(_)
            | Cause::Server(..)
            | Cause::Truncated
            | Cause::Unexpected { .. }
            | Cause::Cancelled
            | Cause::Crashed(_)
            | Cause::NotJson(NotJson::Empty | NotJson::Html | NotJson::Text) => true,
            Cause::NotConfigured
            | Cause::Misconfigured(_)
            | Cause::BadInput(_)
            | Cause::Unresolved(_)
            | Cause::Unreachable(_)
            | Cause::Tls(_)
            | Cause::Unpinned(_)
            | Cause::ConnectTimeout(_)
            | Cause::Redirect(_)
            | Cause::Credentials(_)
            | Cause::Clock
            | Cause::Forbidden(_)
            | Cause::NotFound(_)
            | Cause::Invalid(_)
            | Cause::Limited(_)
            | Cause::Status(_)
            | Cause::NotJson(NotJson::LoginPage)
            | Cause::Refused(_) => false,
        }
    }

    /// How long the server asked to wait before the next request, at most a day.
    pub fn retry_after(&self) -> Option<Duration> {
        match &*self.cause {
            Cause::Limited(wait) | Cause::Server(_, wait) => *wait,
            _ => None,
        }
    }

    /// What happened, why, and what to do next, in plain words. Foreign words in it are not yet cleaned for a terminal.
    pub fn explain(&self) -> Explained {
        explain::explain(self)
    }
}

impl fmt::Display for ApiError {
    /// What happened, in one sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.explain().what)
    }
}

impl std::error::Error for ApiError {}
