//! Which AI answers are hidden until the analyst has voted, and what of an event has been on the screen.
//!
//! Hidden are all answers while a person wants it so, else one in so many, chosen by a hash nobody can predict. Events of
//! one bucket share their decision and their vote, so they are hidden, shown and done with together.
//! Nothing is forgotten within a session: an answer that was seen once does not become blind by being hidden afterwards.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{EventKey, LabelState, Store, key};

/// How many answers are hidden without being asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sampling {
    /// One in so many; 0 hides none.
    pub every: u32,
    /// This session's own number: the same event is chosen or not for as long as it lasts.
    pub seed: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Blind {
    /// How many are hidden without being asked for.
    pub sampling: Sampling,
    /// All are hidden: a person wants it so.
    pub forced: bool,
    /// Events whose answer was on the screen.
    answers: HashSet<u64>,
    /// Events whose other votes a person asked for.
    asked: HashSet<u64>,
    /// Events whose other votes, or their outcome, were on the screen.
    votes: HashSet<u64>,
}

fn digest(parts: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

/// An event by itself.
fn alone(event: &EventKey) -> u64 {
    digest(("event", &event.job, &event.event))
}

impl Store {
    /// An event by what it is decided and voted together with.
    fn unit(&self, event: &EventKey) -> u64 {
        let queue = self.queues.get(&event.job);
        match queue.and_then(|queue| queue.bucket_of(&event.event)) {
            Some(bucket) => digest(("bucket", &event.job, bucket)),
            None => alone(event),
        }
    }

    /// An event may have been remembered before its bucket was known.
    fn among(&self, set: &HashSet<u64>, event: &EventKey) -> bool {
        !set.is_empty() && (set.contains(&self.unit(event)) || set.contains(&alone(event)))
    }

    /// Whether a label from here covers the event: its own, or one for its bucket.
    pub fn voted(&self, event: &EventKey) -> bool {
        let kept = |event: &EventKey| matches!(self.writes.label(event), LabelState::Kept(..));
        if !self.writes.any_label() {
            return false;
        }
        kept(event)
            || self.queues.get(&event.job).is_some_and(|queue| {
                queue.bucket(&event.event).iter().any(|other| kept(&key(&event.job, other)))
            })
    }

    /// Whether some answers may be hidden at all.
    pub fn may_hide(&self) -> bool {
        self.blind.forced || self.blind.sampling.every > 0
    }

    /// Whether the AI's answer on an event is hidden now.
    pub fn is_hidden(&self, event: &EventKey) -> bool {
        let Sampling { every, seed } = self.blind.sampling;
        let chosen =
            || every > 0 && digest((seed, self.unit(event))).is_multiple_of(u64::from(every));
        (self.blind.forced || chosen()) && !self.voted(event)
    }

    /// Whether a label given now would be blind: the answer is hidden and was never on the screen.
    pub fn is_blind(&self, event: &EventKey) -> bool {
        self.is_hidden(event) && !self.among(&self.blind.answers, event)
    }

    /// The AI's answer on an event was on the screen, if there is one.
    pub fn answer_drawn(&mut self, event: &EventKey) {
        let answered = self.decision(event).is_some_and(|decision| decision.label.is_some());
        if answered && !self.is_hidden(event) {
            let unit = self.unit(event);
            self.blind.answers.extend([unit, alone(event)]);
        }
    }

    /// An answer of Arcanna was asked for by its command and is on the screen as it came: of the listed events it names, no
    /// label is blind any more.
    pub(super) fn told_by_name(&mut self, target: &str, body: &[u8]) {
        if !self.may_hide() {
            return;
        }
        let body = String::from_utf8_lossy(body);
        let named = |id: &str| !id.is_empty() && (target.contains(id) || body.contains(id));
        let mut events = Vec::new();
        for (job, queue) in &self.queues {
            let lines = queue.lines().iter().filter(|line| named(line.event.as_str().trim()));
            events.extend(lines.map(|line| key(job, &line.event)));
        }
        for event in events {
            let unit = self.unit(&event);
            self.blind.answers.extend([unit, alone(&event)]);
        }
    }

    /// Whether other people's votes on an event may be shown: the own vote is in, or a person asked for them.
    pub fn votes_open(&self, event: &EventKey) -> bool {
        self.voted(event) || self.among(&self.blind.asked, event)
    }

    /// A person asks for other people's votes on an event.
    pub fn reveal_votes(&mut self, event: &EventKey) {
        let unit = self.unit(event);
        self.blind.asked.insert(unit);
    }

    /// Other people's votes on an event, or their outcome, were on the screen.
    pub fn votes_drawn(&mut self, event: &EventKey) {
        let unit = self.unit(event);
        self.blind.votes.extend([unit, alone(event)]);
    }

    /// Whether they were before.
    pub fn votes_seen(&self, event: &EventKey) -> bool {
        self.among(&self.blind.votes, event)
    }

    /// Whether neither this session nor the server has a label for the event or its bucket, and nobody else was asked to
    /// look.
    pub fn wants_label(&self, event: &EventKey) -> bool {
        let staged = |event: &EventKey| !matches!(self.writes.label(event), LabelState::None);
        let queue = self.queues.get(&event.job);
        // One label is one vote for the whole bucket: its other events are done with it.
        let voted = self.writes.any_label()
            && queue.is_some_and(|queue| {
                queue.bucket(&event.event).iter().any(|other| staged(&key(&event.job, other)))
            });
        let second = queue.is_some_and(|queue| queue.is_second(&event.event));
        // `new` is the state before any feedback; other words are an open set of states after it.
        let fresh = self.decision(event).is_none_or(|decision| {
            decision.bucket_state.as_deref().is_none_or(|state| state.eq_ignore_ascii_case("new"))
        });
        !staged(event) && !voted && !second && fresh
    }

    /// How many events of a job want a label, and how many of those are of less confidence than this, where the whole list
    /// is loaded.
    pub fn open_loaded(&self, job: &crate::api::arcanna::JobId, low: f64) -> Option<(u64, u64)> {
        let queue = self.queues.get(job)?;
        queue.page.value()?;
        let lines = queue.lines();
        if queue.total.is_none_or(|total| total > lines.len() as u64) {
            return None;
        }
        let open: Vec<EventKey> = lines
            .iter()
            .map(|line| key(job, &line.event))
            .filter(|event| self.wants_label(event))
            .collect();
        let unsure = open.iter().filter(|event| {
            let sure = self.decision(event).and_then(|decision| decision.confidence?.percent());
            sure.is_some_and(|percent| percent < low)
        });
        Some((open.len() as u64, unsure.count() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::arcanna::JobId;
    use crate::api::arcanna::query::QueryEvents;
    use crate::api::{Answer, Operation};

    fn store(count: usize) -> Store {
        let events: Vec<String> = (0..count)
            .map(|id| {
                format!(
                    r#"{{"event_id":"{id}","arcanna":{{"result_label":"Drop","confidence_score":{},"bucket_state":"new","bucket_id":"b{}"}}}}"#,
                    40 + id % 50,
                    id / 2
                )
            })
            .collect();
        let json = format!(r#"{{"events":[{}],"total_count":{count}}}"#, events.join(","));
        let job = JobId::from(1202);
        let page = QueryEvents::newest(job.clone(), 50).decode(&Answer::from_json(&json)).unwrap();
        let mut store = Store::default();
        let queue = store.queues.entry(job).or_default();
        queue.page.arrived(page, jiff::Timestamp::UNIX_EPOCH);
        queue.take_in();
        store
    }

    fn hidden(store: &Store, count: usize) -> Vec<bool> {
        let job = JobId::from(1202);
        (0..count).map(|id| store.is_hidden(&key(&job, &id.to_string().into()))).collect()
    }

    #[test]
    fn about_one_in_eight_is_hidden_by_bucket_and_another_session_hides_others() {
        let mut store = store(1_600);
        assert!(hidden(&store, 1_600).iter().all(|one| !one), "off by default");
        store.blind.sampling = Sampling { every: 8, seed: 7 };
        let first = hidden(&store, 1_600);
        let count = first.iter().filter(|one| **one).count();
        assert!((120..=280).contains(&count), "{count} of 1600");
        assert!(first.chunks(2).all(|pair| pair[0] == pair[1]), "a bucket is hidden as one");
        assert_eq!(first, hidden(&store, 1_600), "the same for the whole session");
        store.blind.sampling.seed = 8;
        assert_ne!(first, hidden(&store, 1_600), "another session hides others");
        store.blind.forced = true;
        assert!(hidden(&store, 1_600).iter().all(|one| *one));
    }

    #[test]
    fn what_was_on_the_screen_is_not_blind_any_more() {
        let mut store = store(4);
        let event = |id: &str| key(&JobId::from(1202), &id.into());
        store.answer_drawn(&event("0"));
        store.blind.forced = true;
        assert!(store.is_hidden(&event("0")) && !store.is_blind(&event("0")));
        assert!(!store.is_blind(&event("1")), "of the same bucket: the same answer");
        assert!(store.is_blind(&event("2")));
        store.answer_drawn(&event("2"));
        assert!(store.is_blind(&event("2")), "what is hidden is not drawn");
        store.told_by_name("POST /api/v2/events/query", br#"{"events":[{"event_id":"2"}]}"#);
        assert!(!store.is_blind(&event("2")), "looked up by a command");
        assert!(!store.votes_open(&event("3")));
        store.reveal_votes(&event("2"));
        assert!(store.votes_open(&event("3")), "one vote is for the bucket");
        assert!(!store.votes_seen(&event("3")), "asked for is not yet on the screen");
        store.votes_drawn(&event("3"));
        assert!(store.votes_seen(&event("2")));
    }

    #[test]
    fn open_events_are_counted_where_all_are_loaded() {
        let mut store = store(30);
        let job = JobId::from(1202);
        assert_eq!(store.open_loaded(&job, 60.0), Some((30, 20)));
        store.queues.get_mut(&job).unwrap().total = Some(31);
        assert_eq!(store.open_loaded(&job, 60.0), None, "one is not loaded");
        assert_eq!(store.open_loaded(&JobId::from(7), 60.0), None);
    }
}
