//! How the link to a product does: since when it fails, how far the clocks are apart.

use jiff::Timestamp;

use crate::api::error::Class;
use crate::api::{ApiError, Cause};
use crate::job::Arrived;

/// What the last answers of a product said about its link.
#[derive(Debug, Clone, Default)]
pub struct Link {
    /// Since when it cannot be reached, if it cannot.
    pub down_since: Option<Timestamp>,
    /// When it last answered anything.
    pub heard: Option<Timestamp>,
    /// Our clock minus the server's, in seconds.
    pub skew_s: Option<i64>,
    /// The last failure that concerns the link or the credentials, until the next good answer.
    pub trouble: Option<ApiError>,
}

impl Link {
    /// Books how a call ended.
    pub fn note(&mut self, result: &Result<Arrived, ApiError>, at: Timestamp) {
        match result {
            Ok(arrived) => {
                *self = Self {
                    down_since: None,
                    heard: Some(at),
                    skew_s: arrived.skew_s.or(self.skew_s),
                    trouble: None,
                };
            }
            Err(error)
                if matches!(
                    *error.cause,
                    Cause::Cancelled | Cause::Crashed(_) | Cause::BadInput(_)
                ) => {}
            Err(error) => {
                self.skew_s = error.skew_s.or(self.skew_s);
                match error.class() {
                    Class::Network | Class::TimedOut if is_down(&error.cause) => {
                        self.down_since.get_or_insert(at);
                        self.trouble = Some(error.clone());
                    }
                    // Something answered, but not what was asked for.
                    Class::Network
                    | Class::TimedOut
                    | Class::Credentials
                    | Class::Configuration => {
                        self.down_since = None;
                        self.trouble = Some(error.clone());
                    }
                    Class::Refused | Class::Usage => {
                        self.down_since = None;
                        self.heard = Some(at);
                    }
                }
            }
        }
    }
}

/// Whether nothing usable came over the line at all: only that is called offline.
fn is_down(cause: &Cause) -> bool {
    matches!(
        cause,
        Cause::Unresolved(_)
            | Cause::Unreachable(_)
            | Cause::Tls(_)
            | Cause::Unpinned(_)
            | Cause::ConnectTimeout(_)
            | Cause::AnswerTimeout(_)
            | Cause::Broken(_)
    )
}
