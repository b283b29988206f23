//! A value that lives on a server: what we have of it, how old it is, whether more is on its way, and what last went wrong.

use jiff::Timestamp;

use crate::api::ApiError;

/// A fetched value with its history. A failure never removes the old value.
#[derive(Debug, Clone)]
pub struct Remote<T> {
    value: Option<T>,
    /// When the value arrived.
    pub fetched: Option<Timestamp>,
    /// Whether an answer is awaited.
    pub pending: bool,
    /// What went wrong since the value arrived, and when.
    pub error: Option<(ApiError, Timestamp)>,
}

impl<T> Default for Remote<T> {
    fn default() -> Self {
        Self { value: None, fetched: None, pending: false, error: None }
    }
}

impl<T> Remote<T> {
    /// The value, however old.
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// The value, to amend it by what a person just did.
    pub fn value_mut(&mut self) -> Option<&mut T> {
        self.value.as_mut()
    }

    /// Keeps a new value.
    pub fn arrived(&mut self, value: T, at: Timestamp) {
        *self = Self { value: Some(value), fetched: Some(at), pending: false, error: None };
    }

    /// Keeps a failure beside the old value.
    pub fn failed(&mut self, error: ApiError, at: Timestamp) {
        self.pending = false;
        self.error = Some((error, at));
    }

    /// Whether it was never asked, or was asked and abandoned.
    pub fn is_untouched(&self) -> bool {
        self.value.is_none() && !self.pending && self.error.is_none()
    }
}
