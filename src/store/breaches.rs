//! Model breaches as far as they were read: the lists, what is known of each, and what writes to them came to.
//!
//! Whether a breach is acknowledged is told in several places, some of them silent: the newest word counts, and none is made
//! up. A breach that falls out of a list stays known.

use std::collections::{HashMap, HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::{Remote, Store};
use crate::api::darktrace::breaches::{
    Acknowledge, AddComment, Breach, BreachById, BreachDetails, BreachLog, Breaches, Comment,
    Comments,
};
use crate::job::Policy;
use crate::outbox::{Act, Moment, Request, RowId, Settlement, State};

/// Connections asked for of a breach.
pub const CONNECTIONS: u32 = 100;

/// Logs of breaches that are kept: each holds its rows as they came.
const LOGS: usize = 64;

/// One list as the server gave it.
#[derive(Debug, Default)]
pub struct BreachList {
    /// How the reading does. The breaches themselves are in the book.
    pub page: Remote<Vec<Breach>>,
    /// The breaches, in the server's order.
    ids: Vec<i64>,
    members: HashSet<i64>,
    /// What was asked last, and when.
    asked: Option<(Breaches, Timestamp)>,
    /// What the breaches are the answer to, and when that was asked: a read may have failed since.
    answered: Option<(Breaches, Timestamp)>,
}

impl BreachList {
    /// The breaches, in the server's order.
    pub fn ids(&self) -> &[i64] {
        &self.ids
    }

    /// Whether the last answer held it.
    pub fn holds(&self, pbid: i64) -> bool {
        self.members.contains(&pbid)
    }

    /// What was asked last.
    pub fn asked(&self) -> Option<&Breaches> {
        self.asked.as_ref().map(|(asked, _)| asked)
    }
}

/// Everything read of model breaches.
#[derive(Debug, Default)]
pub struct BreachBook {
    /// Those nobody has acknowledged.
    pub open: BreachList,
    /// All, acknowledged or not.
    pub all: BreachList,
    known: HashMap<i64, Breach>,
    /// The newest word on whether each is acknowledged, and of when it is.
    words: HashMap<i64, (Timestamp, bool)>,
    /// When an acknowledgement from here, or a comment, was last answered; by breach.
    acknowledged: HashMap<i64, Timestamp>,
    commented: HashMap<i64, Timestamp>,
    /// Breaches read one by one.
    pub single: HashMap<i64, Remote<Option<Breach>>>,
    /// Comments by breach.
    pub comments: HashMap<i64, Remote<Vec<Comment>>>,
    /// The connections behind each.
    pub logs: HashMap<i64, Remote<BreachLog>>,
    /// Whose logs are kept, the oldest first.
    recent: VecDeque<i64>,
    /// Breaches of a device in few words; with acknowledged ones or without.
    pub of_device: HashMap<(i64, bool), Remote<Vec<Breach>>>,
}

/// What re-reading tells of an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// It was not read again yet.
    Unread,
    /// It was, and says this.
    Told(bool),
    /// It was, and does not say.
    Silent,
}

impl BreachBook {
    /// What is known of a breach.
    pub fn get(&self, pbid: i64) -> Option<&Breach> {
        self.known.get(&pbid)
    }

    /// The open ones, or all.
    pub fn list(&self, all: bool) -> &BreachList {
        if all { &self.all } else { &self.open }
    }

    pub(super) fn list_mut(&mut self, all: bool) -> &mut BreachList {
        if all { &mut self.all } else { &mut self.open }
    }

    /// Whether a breach is acknowledged, by the newest word on it; `None` when nothing tells.
    pub fn acknowledged(&self, pbid: i64) -> Option<bool> {
        self.words.get(&pbid).map(|(_, is)| *is)
    }

    /// When a write to a breach was last answered from here: from then on reading proves something.
    pub fn written(&self, act: &Act) -> Option<Timestamp> {
        let at = match act {
            Act::Acknowledge(act) => self.acknowledged.get(&act.pbid),
            Act::Comment(act) => self.commented.get(&act.pbid),
            _ => None,
        };
        at.copied()
    }

    /// What was read of an acknowledgement at or after a moment.
    pub fn proof(&self, pbid: i64, since: Timestamp) -> Proof {
        if let Some((_, is)) = self.words.get(&pbid).filter(|(at, _)| *at >= since) {
            return Proof::Told(*is);
        }
        let log = self.logs.get(&pbid).is_some_and(|log| read(log, since));
        let single = self.single.get(&pbid).is_some_and(|one| read(one, since));
        let listed = self.open.asked.is_none() || read(&self.open.page, since);
        if log && single && listed { Proof::Silent } else { Proof::Unread }
    }

    /// How many breaches a device had in the last day and in the last week, where that was read.
    pub fn counts(&self, did: i64, now: Timestamp) -> Option<(usize, usize)> {
        let list = self.of_device.get(&(did, true)).and_then(Remote::value)?;
        let within = |hours: i64| {
            let from = now - SignedDuration::from_hours(hours);
            list.iter().filter(|breach| alerted(breach).is_some_and(|at| at >= from)).count()
        };
        Some((within(24), within(7 * 24)))
    }

    /// The newest word wins; of two of the same moment the later one.
    fn hear(&mut self, pbid: i64, at: Timestamp, is: bool) {
        let newest = self.words.get(&pbid).is_none_or(|(before, _)| *before <= at);
        if newest {
            self.words.insert(pbid, (at, is));
        }
    }

    fn learn(&mut self, breach: Breach, at: Timestamp) {
        if let Some(is) = breach.acknowledged {
            self.hear(breach.pbid, at, is);
        }
        self.known.insert(breach.pbid, breach);
    }

    /// Takes in the list that has just been read.
    pub(super) fn take_in(&mut self, all: bool, now: Timestamp) {
        let list = self.list_mut(all);
        let page = list.page.value_mut().map(std::mem::take).unwrap_or_default();
        // What the answer says was so when it was asked, at the latest.
        let at = list.asked.as_ref().map_or(now, |(_, at)| *at);
        list.ids = page.iter().map(|breach| breach.pbid).collect();
        list.members = list.ids.iter().copied().collect();
        list.answered = list.asked.clone();
        for breach in page {
            let (pbid, silent) = (breach.pbid, breach.acknowledged.is_none());
            self.learn(breach, at);
            if !all && silent {
                self.hear(pbid, at, false);
            }
        }
        self.compare();
    }

    /// Acknowledged breaches leave the list of open ones [OAS]: one that belongs there by its time and score and is missing is
    /// acknowledged.
    fn compare(&mut self) {
        let Some((asked, at)) = self.open.answered.clone() else {
            return;
        };
        let missing: Vec<i64> = self
            .known
            .values()
            .filter(|breach| !self.open.holds(breach.pbid) && covers(&asked, breach))
            .map(|breach| breach.pbid)
            .collect();
        for pbid in missing {
            self.hear(pbid, at, true);
        }
    }
}

/// When a breach was made; else when its first activity was.
pub fn alerted(breach: &Breach) -> Option<Timestamp> {
    let time = breach.created.as_ref().or(breach.time.as_ref());
    time.and_then(|time| time.at())
}

/// Whether a value was read at or after a moment and none is on its way.
fn read<T>(remote: &Remote<T>, since: Timestamp) -> bool {
    !remote.pending && remote.fetched.is_some_and(|at| at >= since)
}

/// Whether a list asked for like this would hold the breach while it is open.
fn covers(asked: &Breaches, breach: &Breach) -> bool {
    let made = breach.created.as_ref().and_then(|at| at.at());
    let in_window =
        asked.window.is_none_or(|(from, to)| made.is_some_and(|made| from < made && made < to));
    let scored = asked.min_score.is_none_or(|least| breach.score.is_some_and(|is| is > least));
    in_window && scored && asked.did.is_none()
}

impl Store {
    /// Reads a list of breaches.
    pub fn list_breaches(&mut self, asked: Breaches, policy: Policy, now: Moment) {
        let list = self.breaches.list_mut(asked.include_acknowledged);
        if policy == Policy::Join && list.page.pending {
            return;
        }
        list.asked = Some((asked.clone(), now.wall));
        self.ask(asked, policy, now);
    }

    /// A breach's own row in its log, or the breach by itself, was read.
    pub(super) fn breach_read(&mut self, pbid: i64, now: Moment) {
        if let Some(Some(breach)) = self.breaches.single.get(&pbid).and_then(Remote::value).cloned()
        {
            self.breaches.learn(breach, now.wall);
        }
        self.settle_acknowledged(pbid);
    }

    /// The log of a breach was read.
    pub(super) fn breach_log_read(&mut self, pbid: i64, now: Moment) {
        let log = self.breaches.logs.get(&pbid).and_then(Remote::value);
        let told = log.and_then(|log| log.breach.as_ref()?.acknowledged);
        if let Some(is) = told {
            self.breaches.hear(pbid, now.wall, is);
        }
        let book = &mut self.breaches;
        book.recent.retain(|one| *one != pbid);
        book.recent.push_back(pbid);
        if book.recent.len() > LOGS
            && let Some(oldest) = book.recent.pop_front()
        {
            book.logs.remove(&oldest);
        }
        self.settle_acknowledged(pbid);
    }

    /// A write to a breach was answered, well or not at all: only reading it again tells what it did.
    pub(super) fn reread_breach(&mut self, act: &Act, now: Moment) {
        match act {
            Act::Acknowledge(Acknowledge { pbid, .. }) => {
                let pbid = *pbid;
                self.breaches.acknowledged.insert(pbid, now.wall);
                // A read that began before the write would prove nothing.
                self.ask(BreachDetails { pbid, count: CONNECTIONS }, Policy::Latest, now);
                self.ask(BreachById { pbid }, Policy::Latest, now);
                if let Some(asked) = self.breaches.open.asked().cloned() {
                    self.list_breaches(asked, Policy::Latest, now);
                }
            }
            Act::Comment(AddComment { pbid, .. }) => {
                self.breaches.commented.insert(*pbid, now.wall);
                self.ask(Comments { pbid: *pbid }, Policy::Latest, now);
            }
            _ => {}
        }
    }

    /// Acknowledgements whose outcome is unknown are settled by what was read since. A comment never is: one that looks like it
    /// may be another's.
    fn settle_acknowledged(&mut self, pbid: i64) {
        let of = |act: &Act| match act {
            Act::Acknowledge(act) if act.pbid == pbid => Some(act.on),
            _ => None,
        };
        let book = &self.breaches;
        let unknown: Vec<(RowId, bool, Timestamp)> = self
            .writes
            .newest()
            .filter(|row| matches!(row.state, State::Unknown(_)) && !row.elsewhere)
            .filter_map(|row| {
                let since = book.written(&row.draft.act).unwrap_or(row.changed);
                Some((row.id, of(&row.draft.act)?, since))
            })
            .collect();
        for (id, wanted, since) in unknown {
            let Proof::Told(is) = self.breaches.proof(pbid, since) else {
                continue;
            };
            let words = if is {
                "read back: the breach is acknowledged"
            } else {
                "read back: the breach is not acknowledged"
            };
            let settlement = if is == wanted {
                Settlement::Sent(words.to_owned())
            } else {
                Settlement::Parked(words.to_owned())
            };
            self.outbox(Request::Learn(id, settlement));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::super::Lands;
    use super::*;
    use crate::api::Answer;
    use crate::api::darktrace::device_breaches::DeviceBreaches;

    fn now() -> Moment {
        Moment { wall: "2026-11-20T14:05:00Z".parse().unwrap(), instant: Instant::now() }
    }

    fn land<O: Lands>(store: &mut Store, operation: &O, json: &str, now: Moment) {
        let value = operation.decode(&Answer::from_json(json)).unwrap();
        operation.remote(store).arrived(value, now.wall);
        operation.landed(store, now);
    }

    fn asked(all: bool) -> Breaches {
        let now = now().wall;
        Breaches {
            window: Some((now - SignedDuration::from_hours(24), now)),
            include_acknowledged: all,
            ..Breaches::default()
        }
    }

    fn one(pbid: i64, hours: i64, more: &str) -> String {
        let at = (now().wall - SignedDuration::from_hours(hours)).as_millisecond();
        format!(r#"{{"pbid":{pbid},"creationTime":{at},"score":0.7{more}}}"#)
    }

    fn list(store: &mut Store, all: bool, json: &str, now: Moment) {
        store.list_breaches(asked(all), Policy::Latest, now);
        land(store, &asked(all), json, now);
    }

    #[test]
    fn what_is_missing_among_the_open_is_acknowledged_and_nothing_else_is() {
        let mut store = Store::default();
        let now = now();
        let all =
            format!("[{},{},{},{}]", one(1, 1, ""), one(2, 1, ""), one(3, 30, ""), one(4, 1, ""));
        list(&mut store, true, &all, now);
        assert_eq!(store.breaches.acknowledged(2), None, "nothing tells yet");
        list(&mut store, false, &format!("[{}]", one(1, 1, "")), now);
        assert_eq!(store.breaches.acknowledged(1), Some(false));
        assert_eq!(store.breaches.acknowledged(2), Some(true));
        assert_eq!(
            store.breaches.acknowledged(3),
            None,
            "the open list does not reach so far back"
        );
        assert!(store.breaches.get(2).is_some(), "it stays known");
    }

    #[test]
    fn a_read_that_failed_makes_nothing_acknowledged() {
        let mut store = Store::default();
        let begin = now();
        list(&mut store, false, &format!("[{}]", one(1, 2, "")), begin);
        // A new breach comes; the open ones are asked for again, in vain.
        let later = begin.plus(Duration::from_secs(7_200));
        let window = Some((begin.wall - SignedDuration::from_hours(24), later.wall));
        let again = Breaches { window, ..asked(false) };
        store.list_breaches(again, Policy::Latest, later);
        store.breaches.open.page.pending = false;
        let all = Breaches { include_acknowledged: true, window, ..Breaches::default() };
        store.list_breaches(all.clone(), Policy::Latest, later);
        land(&mut store, &all, &format!("[{},{}]", one(1, 2, ""), one(2, -1, "")), later);
        assert_eq!(store.breaches.acknowledged(2), None, "the open list is older than it");
        assert_eq!(store.breaches.acknowledged(1), Some(false));
    }

    #[test]
    fn the_newest_word_counts() {
        let mut store = Store::default();
        let begin = now();
        list(&mut store, false, &format!("[{}]", one(1, 1, r#","acknowledged":false"#)), begin);
        let later = begin.plus(Duration::from_secs(60));
        let log = BreachDetails { pbid: 1, count: CONNECTIONS };
        land(&mut store, &log, r#"[{"action":"policybreach","acknowledged":true}]"#, later);
        assert_eq!(store.breaches.acknowledged(1), Some(true));
        // An answer to what was asked before must not take that back.
        land(&mut store, &asked(false), &format!("[{}]", one(1, 1, "")), later);
        assert_eq!(store.breaches.acknowledged(1), Some(true));
        assert_eq!(store.breaches.proof(1, later.wall), Proof::Told(true));
    }

    #[test]
    fn a_silent_answer_is_told_as_one() {
        let mut store = Store::default();
        let now = now();
        assert_eq!(store.breaches.proof(1, now.wall), Proof::Unread);
        land(&mut store, &BreachDetails { pbid: 1, count: CONNECTIONS }, "[]", now);
        assert_eq!(store.breaches.proof(1, now.wall), Proof::Unread);
        land(&mut store, &BreachById { pbid: 1 }, &one(1, 1, ""), now);
        assert_eq!(store.breaches.proof(1, now.wall), Proof::Silent);
    }

    #[test]
    fn logs_are_bounded() {
        let mut store = Store::default();
        for pbid in 0..100 {
            land(&mut store, &BreachDetails { pbid, count: CONNECTIONS }, "[]", now());
        }
        assert_eq!(store.breaches.logs.len(), LOGS);
        assert!(store.breaches.logs.contains_key(&99) && !store.breaches.logs.contains_key(&0));
    }

    #[test]
    fn a_newer_list_supersedes_the_older_whatever_its_window() {
        let mut store = Store::default();
        let now = now();
        store.list_breaches(asked(false), Policy::Latest, now);
        let other = Breaches { min_score: Some(0.5), ..asked(false) };
        store.list_breaches(other.clone(), Policy::Latest, now);
        let cancelled = store
            .take_wishes()
            .into_iter()
            .filter(|wish| matches!(wish, super::super::Wish::Cancel(_)));
        assert_eq!(cancelled.count(), 1);
        assert_eq!(store.breaches.open.asked(), Some(&other));
    }

    #[test]
    fn a_device_is_counted_by_day_and_week() {
        let mut store = Store::default();
        let now = now();
        assert_eq!(store.breaches.counts(7, now.wall), None);
        let ask = DeviceBreaches::recent(7, now.wall);
        land(
            &mut store,
            &ask,
            &format!("[{},{},{}]", one(1, 2, ""), one(2, 30, ""), one(3, 300, "")),
            now,
        );
        assert_eq!(store.breaches.counts(7, now.wall), Some((1, 2)));
    }
}
