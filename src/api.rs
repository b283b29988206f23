//! The API layer: what can be asked of the two products, and what an answer means.
//!
//! ```text
//! Operation ── call() ──▶ Call ── Transport::send ──▶ Answer ── decode() ──▶ Output
//!                          plain data, no credentials      │
//!                                                          └─▶ ApiError { cause } ── explain() ─▶ sentence, why, next step
//! ```
//!
//! A [`Call`] is plain data: comparable, printable, loggable; credentials are added by the transport ([`http`]) alone.
//! This room imports nothing else of ours; `reqwest` is known only to [`http`].
//! Wire facts carry their source as in the project's contract notes (`[XN]`, `[OAS]`, …).

pub mod arcanna;
pub mod call;
pub mod darktrace;
pub mod error;
pub mod http;
pub mod value;

use std::any::Any;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use call::{BadInput, Body, Call, Kind, Method, Path};
pub use error::{ApiError, Cause, Explained};

/// Which of the two products a call goes to.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, strum::Display,
)]
#[serde(rename_all = "lowercase")]
pub enum Product {
    /// Arcanna.ai: jobs, events, decisions, feedback.
    Arcanna,
    /// Darktrace: devices, tags, endpoints, connections, watched list.
    Darktrace,
}

impl Product {
    /// Both products, in the order they are shown.
    pub const ALL: [Self; 2] = [Self::Arcanna, Self::Darktrace];
}

/// One operation of a product: what is asked and how its answer is read.
///
/// Implementors are plain structs of arguments. A new operation is one struct with this trait, beside its kin.
pub trait Operation: Debug + Send + Sync + 'static {
    /// What a good answer becomes.
    type Output: Send + 'static;

    /// The exact request.
    ///
    /// # Errors
    /// Arguments that no request could carry safely (an empty id, `..`, control characters).
    fn call(&self) -> Result<Call, BadInput>;

    /// Reads an answer whose status was 2xx. A 2xx alone is no success: a body that says no becomes a [`Cause`].
    ///
    /// # Errors
    /// [`Cause::Refused`] when the body says no, [`Cause::Unexpected`] when it has another shape than documented.
    fn decode(&self, answer: &Answer) -> Result<Self::Output, Cause>;
}

/// An [`Operation`] whose output type is not known to whoever carries it: the queue decodes without knowing for whom.
pub trait Decode: Debug + Send + Sync {
    /// Reads a 2xx answer into a boxed output.
    ///
    /// # Errors
    /// As [`Operation::decode`].
    fn decode(&self, answer: &Answer) -> Result<Box<dyn Any + Send>, Cause>;
}

impl<O: Operation> Decode for O {
    fn decode(&self, answer: &Answer) -> Result<Box<dyn Any + Send>, Cause> {
        Operation::decode(self, answer).map(|output| Box::new(output) as Box<dyn Any + Send>)
    }
}

/// A 2xx answer as it arrived. Every other outcome is an [`ApiError`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// HTTP status, 200–299.
    pub status: u16,
    /// The `Content-Type` header, as sent.
    pub content_type: Option<String>,
    /// The body, decompressed, at most [`http::BODY_CAP`] bytes.
    pub body: Vec<u8>,
    /// Our clock minus the server's, in seconds, read from its `Date` header (whole seconds, so ±1).
    pub skew_s: Option<i64>,
    /// From the start of the call to the last byte of the body.
    pub took: Duration,
}

impl Answer {
    /// A 200 answer with a JSON body: what tests and fixtures start from.
    pub fn from_json(body: &str) -> Self {
        Self {
            status: 200,
            content_type: Some("application/json".into()),
            body: body.as_bytes().to_vec(),
            ..Self::default()
        }
    }

    /// The body read as JSON of the shape `T`.
    ///
    /// # Errors
    /// [`Cause::NotJson`] for HTML, empty or other text; [`Cause::Truncated`] when the JSON stops early;
    /// [`Cause::Unexpected`] with the path of the first field that does not fit.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Cause> {
        error::read_json(self.content_type.as_deref(), &self.body)
    }
}

/// A future that can be kept in a box and sent between threads.
pub type Sending = Pin<Box<dyn Future<Output = Result<Answer, ApiError>> + Send>>;

/// Carries a [`Call`] to its product and brings back a 2xx [`Answer`], or the reason why there is none.
pub trait Transport: Send + Sync + 'static {
    /// Sends the call once: no retry, no redirect followed. Dropping the future abandons the call.
    fn send(&self, call: &Call) -> Sending;
}

/// Asks one operation and reads its answer: for callers outside the queue (`exec`, `doctor`).
///
/// # Errors
/// Whatever went wrong, with the call's name and place.
pub async fn perform<O: Operation>(
    transport: &dyn Transport,
    operation: &O,
) -> Result<O::Output, ApiError> {
    let call = operation.call().map_err(ApiError::from)?;
    let answer = transport.send(&call).await?;
    operation.decode(&answer).map_err(|cause| ApiError::answered(&call, &answer, cause))
}
