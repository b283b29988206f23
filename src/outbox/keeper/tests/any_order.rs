//! Any order of events, with two sessions on one file: nothing is lost, sent twice without a reason, or invented.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::api::Kind;

#[derive(Debug, Clone)]
enum Step {
    Label(u64, bool),
    Train,
    Undo(usize),
    Hasten(usize),
    Resend(usize),
    Drop(usize),
    Wait(u64),
    /// The answer of the oldest attempt under way: 0 sent, 1 refused, 2 again, 3 lost.
    Answer(u8),
    Crash,
    Leave,
    Switch,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => (0..4u64, any::<bool>()).prop_map(|(event, drop)| Step::Label(event, drop)),
        1 => Just(Step::Train),
        2 => (0..20usize).prop_map(Step::Undo),
        1 => (0..20usize).prop_map(Step::Hasten),
        2 => (0..20usize).prop_map(Step::Resend),
        1 => (0..20usize).prop_map(Step::Drop),
        6 => (0..12_000u64).prop_map(Step::Wait),
        8 => (0..4u8).prop_map(Step::Answer),
        1 => Just(Step::Crash),
        1 => Just(Step::Leave),
        3 => Just(Step::Switch),
    ];
    prop::collection::vec(step, 1..60)
}

/// How often both sessions are looked at while time passes: often enough that no lease runs out.
const LOOK: Duration = Duration::from_secs(4);

/// Two sessions on one file, and what a server and a person would know.
struct World {
    folder: tempfile::TempDir,
    now: Moment,
    keepers: [Option<Keeper>; 2],
    at: usize,
    /// All rows ever told as kept, with the last state told.
    rows: BTreeMap<RowId, Row>,
    /// Attempts under way, by session.
    flying: [Vec<RowId>; 2],
    /// Rows whose sending a person asked for since the last attempt.
    asked: HashSet<RowId>,
    /// How the last attempt of a row ended: 0 sent, 1 refused, 2 not applied, 3 nobody knows.
    ended: HashMap<RowId, u8>,
    /// Rows told as taken back or given up.
    undone: HashSet<RowId>,
    /// The order in which rows of a subject were sent for the first time.
    order: HashMap<String, Vec<RowId>>,
}

impl World {
    fn new() -> Self {
        Self {
            folder: folder(),
            now: start(),
            keepers: [None, None],
            at: 0,
            rows: BTreeMap::new(),
            flying: [Vec::new(), Vec::new()],
            asked: HashSet::new(),
            ended: HashMap::new(),
            undone: HashSet::new(),
            order: HashMap::new(),
        }
    }

    fn keeper(&mut self) -> &mut Keeper {
        if self.keepers[self.at].is_none() {
            let (keeper, rows, _) = open(&self.folder, self.now);
            for row in &rows {
                // Lost while it was in its grace time: held, unless a session that lives has it.
                if row.state == State::Grace {
                    assert!(row.elsewhere, "{row:?}");
                }
            }
            let known: HashSet<RowId> = rows.iter().map(|row| row.id).collect();
            for id in self.rows.keys() {
                assert!(known.contains(id), "row {id} is lost");
            }
            self.keepers[self.at] = Some(keeper);
            for row in rows {
                self.rows.insert(row.id, row);
            }
        }
        self.keepers[self.at].as_mut().unwrap()
    }

    fn hear(&mut self, notices: Vec<Notice>) {
        for notice in notices {
            match notice {
                Notice::Staged { row, .. } => {
                    assert_eq!(row.state, State::Grace);
                    assert!(self.rows.insert(row.id, row).is_none());
                }
                Notice::Changed(row) => {
                    if row.state == State::Undone {
                        self.undone.insert(row.id);
                    }
                    self.rows.insert(row.id, row);
                }
                Notice::Send(row) => self.sends(row),
                Notice::Rows { rows, .. } => {
                    for row in rows {
                        self.rows.insert(row.id, row);
                    }
                }
                Notice::Refused(..) | Notice::Recorded(..) => {}
                Notice::NotStaged { why, .. } | Notice::Trouble(why) => panic!("{why}"),
            }
        }
    }

    fn sends(&mut self, row: Row) {
        let id = row.id;
        let flying = self.flying.concat();
        assert!(!flying.contains(&id), "{id} is under way twice");
        assert!(!self.undone.contains(&id), "{id} was taken back");
        let asked = self.asked.remove(&id);
        let waited =
            self.now.wall.duration_since(row.staged) >= row.draft.grace.try_into().unwrap();
        // Once it was sent, its grace is over, whatever became of the sender.
        let before = self.ended.contains_key(&id);
        assert!(waited || asked || before, "{id} is sent within its grace time");
        if let Some(last) = self.ended.get(&id) {
            let repeatable = row.draft.call.kind == Kind::Repeatable;
            assert!(
                asked || *last == 2 || (*last == 3 && repeatable),
                "{id} is repeated after it ended with {last}"
            );
        }
        let order = self.order.entry(row.draft.act.subject()).or_default();
        if !order.contains(&id) {
            if !asked {
                assert!(order.iter().all(|before| *before < id), "{id} overtakes {order:?}");
            }
            order.push(id);
        }
        self.flying[self.at].push(id);
        // As long as nothing is heard, nobody knows.
        self.ended.insert(id, 3);
        self.rows.insert(id, row);
    }

    fn nth(&self, n: usize) -> Option<RowId> {
        self.rows.keys().rev().nth(n).copied()
    }

    fn step(&mut self, step: &Step) {
        let now = self.now;
        let notices = match step {
            Step::Label(event, drop) => {
                let draft = label(*event, if *drop { "Drop" } else { "Escalate" });
                self.keeper().handle(Request::Stage { draft, tag: 1 }, now)
            }
            Step::Train => {
                let draft = train();
                self.keeper().handle(Request::Stage { draft, tag: 1 }, now)
            }
            Step::Undo(n) | Step::Hasten(n) | Step::Resend(n) | Step::Drop(n) => {
                let Some(id) = self.nth(*n) else { return };
                let request = match step {
                    Step::Undo(_) => Request::Undo(id),
                    Step::Hasten(_) => Request::Hasten(id),
                    Step::Resend(_) => Request::Resend(id),
                    _ => Request::Drop(id),
                };
                let notices = self.keeper().handle(request, now);
                let done = matches!(notices.as_slice(), [Notice::Changed(_)]);
                if done && matches!(step, Step::Hasten(_) | Step::Resend(_)) {
                    self.asked.insert(id);
                }
                notices
            }
            Step::Wait(ms) => {
                // Both sessions are looked after meanwhile: a lease that runs out means a session that was stopped, and
                // that is another test's.
                let mut left = Duration::from_millis(*ms);
                while !left.is_zero() {
                    let piece = left.min(LOOK);
                    left -= piece;
                    self.now = self.now.plus(piece);
                    let now = self.now;
                    let notices = self.keeper().claim(now);
                    self.hear(notices);
                    self.look_after_the_other();
                }
                return;
            }
            Step::Answer(how) => {
                let at = self.at;
                self.keeper();
                if self.flying[at].is_empty() {
                    return;
                }
                let id = self.flying[at].remove(0);
                let settlement = match how {
                    0 => sent(),
                    1 => Settlement::Parked("no".into()),
                    2 => again(false),
                    _ if self.rows[&id].draft.call.kind == Kind::Repeatable => again(true),
                    _ => Settlement::Unknown("lost".into()),
                };
                self.ended.insert(id, *how);
                let answered = Answered::default();
                self.keeper().handle(Request::Settle(id, settlement, answered), now)
            }
            Step::Crash => {
                self.keepers[self.at] = None;
                self.flying[self.at].clear();
                return;
            }
            Step::Leave => {
                let notices = self.keeper().leave(now);
                self.keepers[self.at] = None;
                self.flying[self.at].clear();
                notices
            }
            Step::Switch => {
                self.at = 1 - self.at;
                self.keeper().claim(now)
            }
        };
        self.hear(notices);
        self.look_after_the_other();
    }

    /// What the session that is not at the keyboard does by itself.
    fn look_after_the_other(&mut self) {
        let other = 1 - self.at;
        if let Some(mut keeper) = self.keepers[other].take() {
            let at = std::mem::replace(&mut self.at, other);
            let notices = keeper.claim(self.now);
            self.keepers[other] = Some(keeper);
            self.hear(notices);
            self.at = at;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_order_of_events_loses_doubles_or_invents_a_write(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        // Everything is still there, and a new session sees what became of it.
        world.keepers = [None, None];
        let (mut keeper, rows, _) = open(&world.folder, world.now);
        prop_assert_eq!(rows.len(), world.rows.len());
        for row in &rows {
            prop_assert!(row.state != State::Grace && row.state != State::Sending, "{:?}", row);
        }
        prop_assert!(keeper.write_ledger().is_empty());
        let ledger = PathBuf::from(world.folder.path()).join("ledger.jsonl");
        let head = remembered(world.folder.path()).unwrap();
        let verdict = crate::ledger::verify(&ledger, head.as_ref()).unwrap();
        prop_assert_eq!(verdict.broken, None);
        // One act each, with the state the row has, as far as that is an end.
        let acts = crate::ledger::acts(&ledger, None).unwrap();
        prop_assert_eq!(acts.len(), rows.len());
        for (act, row) in acts.iter().zip(&rows) {
            if row.state.is_settled() {
                prop_assert_eq!(&act.record.result.state, table::name(&row.state), "{:?}", row);
            }
        }
    }
}
