//! What the Arcanna key may do, in words.

use crate::api::arcanna::health::Granted;
use crate::api::arcanna::metrics::JobMetrics;

/// What analysts do here, and the scope it takes `[MCP]`.
const DEEDS: [(&str, &str); 6] = [
    ("read events", "read:event_query"),
    ("export events", "read:event_export"),
    ("give feedback", "write:event_feedback"),
    ("send events", "write:events"),
    ("train", TRAIN),
    ("read metrics", JobMetrics::SCOPE),
];

/// The scope that starts, stops and trains jobs `[MCP]`.
pub(super) const TRAIN: &str = "execute:job_operations";

/// `read events, give feedback`, and `send events, train`: what the scopes allow and what they do not.
pub(super) fn told(granted: &Granted) -> (String, String) {
    let of = |wanted: bool| {
        let deeds: Vec<&str> = DEEDS
            .iter()
            .filter(|(_, scope)| granted.allows(scope) == wanted)
            .map(|(deed, _)| *deed)
            .collect();
        deeds.join(", ")
    };
    (of(true), of(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_told_in_words() {
        let granted = Granted {
            scopes: ["read:event_query", "write:event_feedback:job:1202", "x:y"]
                .map(String::from)
                .into(),
        };
        assert_eq!(
            told(&granted),
            (
                "read events, give feedback".to_owned(),
                "export events, send events, train, read metrics".to_owned()
            )
        );
        assert_eq!(told(&Granted::default()).0, "");
    }
}
