//! What other people voted on an event, where the `arcanna` block tells.
//!
//! The contract names no list of votes, only their outcome (`consensus`); it is UNKNOWN whether a server adds one. What stands
//! under `feedback` is read in every form that can mean votes; anything else is no vote, and nothing is made up.

use super::super::value::{Fields, Node, Shape};

/// One person's vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vote {
    /// Who, where it is told.
    pub by: Option<String>,
    /// The label.
    pub label: String,
}

/// Votes that one count may stand for; a larger one is no count of analysts.
const MOST: u64 = 1_000;

/// The votes of a block; `None` when it tells of none.
pub(super) fn read(block: &Fields<'_>) -> Option<Vec<Vote>> {
    let node = block.get("feedback")?;
    let votes: Vec<Vote> = node.one_or_many().into_iter().flat_map(entry).collect();
    // An empty list says that nobody voted; another shape without a vote in it says nothing.
    (!votes.is_empty() || node.shape() == Shape::Array).then_some(votes)
}

fn entry(node: Node<'_>) -> Vec<Vote> {
    let Some(fields) = node.fields() else {
        return node.text().map(|label| Vote { by: None, label }).into_iter().collect();
    };
    match label(&fields) {
        Some(label) => {
            let by = fields.first(&["cortex_user", "username", "user", "analyst"]);
            vec![Vote { by: by.and_then(Node::word), label }]
        }
        None => fields.iter().flat_map(|(key, value)| named(key, value)).collect(),
    }
}

fn label(fields: &Fields<'_>) -> Option<String> {
    fields.first(&["label", "feedback", "feedback_label"]).and_then(Node::text)
}

/// `"m.ion": "Drop"`, `"m.ion": {"label": "Drop"}` or `"Drop": 2`.
fn named(key: &str, value: Node<'_>) -> Vec<Vote> {
    let own = value.text().or_else(|| label(&value.fields()?));
    if let Some(label) = own {
        return vec![Vote { by: Some(key.to_owned()), label }];
    }
    let count = if value.shape() == Shape::Number { value.count() } else { None };
    let count = count.filter(|count| *count <= MOST).unwrap_or(0);
    (0..count).map(|_| Vote { by: None, label: key.to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    fn votes(feedback: &str) -> Option<Vec<String>> {
        let raw = RawValue::from_string(format!("{{\"feedback\":{feedback}}}")).unwrap();
        let votes = read(&Node::of(&raw).fields().unwrap())?;
        let told = votes
            .iter()
            .map(|vote| format!("{}={}", vote.by.as_deref().unwrap_or("?"), vote.label));
        Some(told.collect())
    }

    #[test]
    fn every_form_of_votes_is_read_and_nothing_is_made_up() {
        let of = |list: &[&str]| Some(list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            votes(
                r#"[{"user":"m.ion","label":"Drop"},{"cortex_user":"a","feedback":"Low"},"High"]"#
            ),
            of(&["m.ion=Drop", "a=Low", "?=High"])
        );
        assert_eq!(votes(r#"{"m.ion":"Drop","a":{"label":"Low"}}"#), of(&["m.ion=Drop", "a=Low"]));
        assert_eq!(votes(r#"{"Drop":2,"Escalate":0}"#), of(&["?=Drop", "?=Drop"]));
        assert_eq!(votes(r#""Drop""#), of(&["?=Drop"]));
        assert_eq!(votes(r#"{"label":"Drop","username":7}"#), of(&["7=Drop"]));
        assert_eq!(votes("[]"), of(&[]), "nobody voted");
        for nothing in ["null", "true", "7", "{}", r#"{"Drop":99999999}"#, r#"{"a":[]}"#, r#""  ""#]
        {
            assert_eq!(votes(nothing), None, "{nothing}");
        }
        assert_eq!(votes("[null, 3, {}]"), of(&[]));
    }
}
