//! When to look again at events that wait for their decision. Looks at 1, 2, 5, then every 10 s; nothing ticks once none waits.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::api::arcanna::EventId;
use crate::outbox::Moment;

/// Pauses between looks, in seconds; the last repeats. The server takes events in batches of up to 2 s [HELM], so an
/// earlier look is wasted.
const PAUSES: [u64; 4] = [1, 2, 5, 10];

/// How long an event is watched before a person is asked to look again, in seconds.
const LIMIT: u64 = 600;

#[derive(Debug, Clone, Copy)]
struct Watch {
    looks: usize,
    next: Moment,
    since: Moment,
    /// When it was last asked about.
    asked: Timestamp,
}

/// The events that are watched.
#[derive(Debug, Default)]
pub(super) struct Polls {
    watched: HashMap<EventId, Watch>,
    given_up: HashMap<EventId, Timestamp>,
}

/// What the screen says of a watched event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// Not watched.
    No,
    /// When it was last looked at, and when it will be next.
    Next(Timestamp, Timestamp),
    /// No longer looked at since.
    GivenUp(Timestamp),
}

impl Polls {
    pub(super) fn forget(&mut self, event: &EventId) {
        self.watched.remove(event);
        self.given_up.remove(event);
    }

    /// An answer said that the event still waits: sets the next look, unless it is set already.
    pub(super) fn pending(&mut self, event: &EventId, now: Moment) {
        if self.given_up.contains_key(event) {
            return;
        }
        let start = now.plus(Duration::from_secs(PAUSES[0]));
        let watch = self.watched.entry(event.clone()).or_insert(Watch {
            looks: 0,
            next: start,
            since: now,
            asked: now.wall,
        });
        if now.instant.duration_since(watch.since.instant) > Duration::from_secs(LIMIT) {
            self.watched.remove(event);
            self.given_up.insert(event.clone(), now.wall);
        }
    }

    /// Events to look at now; each gets its next time.
    pub(super) fn due(&mut self, now: Moment) -> Vec<EventId> {
        let mut due = Vec::new();
        for (event, watch) in &mut self.watched {
            if watch.next.instant <= now.instant {
                watch.looks += 1;
                watch.asked = now.wall;
                let pause = PAUSES[watch.looks.min(PAUSES.len() - 1)];
                watch.next = watch.next.plus(Duration::from_secs(pause));
                if watch.next.instant <= now.instant {
                    watch.next = now.plus(Duration::from_secs(pause));
                }
                due.push(event.clone());
            }
        }
        due
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.watched.values().map(|watch| watch.next.instant).min()
    }

    pub(super) fn told(&self, event: &EventId) -> Told {
        match (self.watched.get(event), self.given_up.get(event)) {
            (Some(watch), _) => Told::Next(watch.asked, watch.next.wall),
            (None, Some(at)) => Told::GivenUp(*at),
            (None, None) => Told::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_spaced_and_end() {
        let mut polls = Polls::default();
        let event = EventId::new("1");
        let begin = Moment::now();
        polls.pending(&event, begin);
        let mut at = Vec::new();
        let mut now = begin;
        while let Some(next) = polls.next() {
            let wait = next - now.instant;
            now = now.plus(wait);
            assert_eq!(polls.due(now), std::slice::from_ref(&event));
            at.push((now.instant - begin.instant).as_secs());
            polls.pending(&event, now);
        }
        assert_eq!(at[..5], [1, 3, 8, 18, 28]);
        assert!(*at.last().unwrap() <= LIMIT + 10, "looking ends: {at:?}");
        assert!(matches!(polls.told(&event), Told::GivenUp(_)));
        polls.forget(&event);
        assert_eq!(polls.told(&event), Told::No);
    }
}
