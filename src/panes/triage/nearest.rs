//! The labelled events most like one: how they were decided, and in which decision points they differ.
//!
//! Found among the events of the loaded list, in this process: labels given from here and those the server's knowledge base
//! holds. Nothing is asked of a server.

use jiff::Timestamp;

use super::known::Known;
use crate::api::arcanna::EventId;
use crate::api::value::Time;
use crate::store::{EventKey, LabelState, Store, is_undecided, key};

/// A labelled event like the one asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Near {
    pub event: EventId,
    label: String,
    /// Labelled from here; otherwise the server's knowledge base has it.
    pub yours: bool,
    pub at: Option<Timestamp>,
    /// Names of the decision points that differ.
    pub differs: Vec<String>,
    /// Decision points that are equal.
    pub equal: usize,
    /// Its label would tell what is hidden of the event asked about: it is not to be shown.
    pub hidden: bool,
}

impl Near {
    /// Its label as it may be shown.
    pub(super) fn label(&self) -> &str {
        if self.hidden { super::known::HIDDEN } else { &self.label }
    }
}

/// The most alike first, of equals the newest; at most `count`.
pub(super) fn nearest(store: &Store, event: &EventKey, count: usize) -> Vec<Near> {
    let known = Known::of(store, event);
    let own = known.points();
    let votes_open = store.votes_open(event);
    let Some(queue) = store.queues.get(&event.job).filter(|_| !own.is_empty()) else {
        return Vec::new();
    };
    let mut near: Vec<Near> = queue
        .lines()
        .iter()
        .filter(|line| line.event != event.event)
        .filter_map(|line| {
            let other = key(&event.job, &line.event);
            let (label, whose, labelled) = label(store, &other)?;
            let yours = whose == Whose::Yours;
            let found = queue.found(&line.event)?;
            let value = |name: &String| {
                let mut points = found.decision_points.iter();
                points.find(|(other, _)| other == name).map(|(_, value)| value)
            };
            let (mut equal, mut differs) = (0, Vec::new());
            for (name, mine) in own.iter() {
                if value(name) == Some(mine) {
                    equal += 1;
                } else {
                    differs.push(name.clone());
                }
            }
            // Equal points, or the same bucket, are decided alike; and a bucket's votes are the event's own.
            let bucket = queue.bucket(&event.event).contains(&line.event);
            let alike = bucket || differs.is_empty() || whose == Whose::Ai;
            let hidden = !yours && (known.hidden && alike || !votes_open && bucket);
            let at = labelled.or_else(|| found.time.as_ref().and_then(Time::at));
            (equal > 0).then(|| Near {
                event: line.event.clone(),
                label,
                yours,
                at,
                differs,
                equal,
                hidden,
            })
        })
        .collect();
    near.sort_by(|a, b| b.equal.cmp(&a.equal).then_with(|| b.at.cmp(&a.at)));
    near.truncate(count);
    near
}

/// Whose word a label is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Yours,
    People,
    /// What the people taught is only known from what the AI says.
    Ai,
}

/// How an event was decided by people: from here, or as its bucket's consensus says.
fn label(store: &Store, event: &EventKey) -> Option<(String, Whose, Option<Timestamp>)> {
    if let LabelState::Kept(row, label) = store.writes.label(event) {
        return Some((label.to_owned(), Whose::Yours, Some(row.staged)));
    }
    let block = store.queues.get(&event.job)?.found(&event.event)?.arcanna.as_ref()?;
    let state = block.decision.bucket_state.as_deref()?;
    if state.eq_ignore_ascii_case("new") || is_undecided(block) {
        return None;
    }
    // The consensus is the people's word; where the server does not tell it, the decision they taught is.
    match &block.consensus {
        Some(consensus) => Some((consensus.clone(), Whose::People, None)),
        None => Some((block.decision.label.clone()?, Whose::Ai, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    #[test]
    fn the_most_alike_labelled_event_is_found_with_its_differences() {
        let store = testing::store();
        let event = key(&testing::job(), &EventId::from("12023636421771"));
        let near = nearest(&store, &event, 3);
        assert_eq!(near.len(), 1, "only one event is labelled: {near:?}");
        assert_eq!(near[0].event.as_str(), "12023636421760");
        assert_eq!((near[0].label.as_str(), near[0].yours, near[0].equal), ("Drop", false, 1));
        assert_eq!(
            near[0].differs,
            ["rule.name", "rule.category", "source.ip", "destination.ip", "destination.port"]
        );
        let odd = key(&testing::job(), &EventId::from("12023636421700"));
        assert!(nearest(&store, &odd, 3).is_empty(), "nothing in common is not near");
    }
}
