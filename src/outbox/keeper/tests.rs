//! The keeper in simulated time.

use jiff::Timestamp;

use super::*;
use crate::api::Operation;
use crate::api::arcanna::feedback::Feedback;
use crate::api::arcanna::jobs::Train;
use crate::outbox::{Act, Draft, Seen, table};

const GRACE: Duration = Duration::from_secs(5);

/// A folder where a sync costs nothing, if there is one.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

fn session() -> Session {
    Session {
        profile: "acme".into(),
        origins: vec![(Product::Arcanna, "https://arcanna.example".into())],
        environment: "PROD acme".into(),
        analyst: Some("ana.pop".into()),
        host: "jump-03".into(),
        uid: 1004,
        hash_notes: false,
    }
}

fn label(event: u64, label: &str) -> Draft {
    let feedback = Feedback {
        job: 1202.into(),
        event: event.into(),
        label: label.into(),
        username: "ana.pop".into(),
    };
    Draft {
        call: feedback.call().unwrap(),
        act: Act::Label { feedback, digit: '1' },
        grace: GRACE,
        seen: Some(Seen {
            label: Some("Escalate".into()),
            confidence: Some(47.0),
            ..Seen::default()
        }),
        note: None,
        batch: None,
    }
}

/// A write that may not be repeated.
fn train() -> Draft {
    let train = Train { job: 1202.into(), username: "ana.pop".into() };
    Draft {
        call: train.call().unwrap(),
        act: Act::Train(train),
        grace: GRACE,
        seen: None,
        note: None,
        batch: None,
    }
}

fn start() -> Moment {
    Moment { wall: "2026-01-02T03:04:05Z".parse().unwrap(), instant: Instant::now() }
}

fn open(folder: &tempfile::TempDir, now: Moment) -> (Keeper, Vec<Row>, Option<Timestamp>) {
    let (keeper, notice) = Keeper::open(Some(folder.path()), session(), now).unwrap();
    let Notice::Rows { rows, held, .. } = notice else { panic!("{notice:?}") };
    (keeper, rows, held)
}

fn stage(keeper: &mut Keeper, draft: Draft, now: Moment) -> Row {
    let notices = keeper.handle(Request::Stage { draft, tag: 7 }, now);
    match notices.into_iter().last() {
        Some(Notice::Staged { row, tag: 7 }) => row,
        other => panic!("{other:?}"),
    }
}

/// The rows a claim sends; anything else it says is a failure.
fn claimed(keeper: &mut Keeper, now: Moment) -> Vec<RowId> {
    keeper
        .claim(now)
        .into_iter()
        .map(|notice| match notice {
            Notice::Send(row) => row.id,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn changed(notices: &[Notice]) -> &Row {
    match notices.last() {
        Some(Notice::Changed(row)) => row,
        other => panic!("{other:?}"),
    }
}

fn settle(keeper: &mut Keeper, id: RowId, settlement: Settlement, now: Moment) -> State {
    let answered = Answered { status: Some(200), took: Some(Duration::from_millis(12)) };
    let notices = keeper.handle(Request::Settle(id, settlement, answered), now);
    changed(&notices).state.clone()
}

fn sent() -> Settlement {
    Settlement::Sent("updated".into())
}

fn again(maybe: bool) -> Settlement {
    Settlement::Again { asked: None, down: true, maybe, why: "no connection".into() }
}

#[test]
fn a_label_waits_out_its_grace_time_and_is_sent_once() {
    let (folder, now) = (folder(), start());
    let (mut keeper, ..) = open(&folder, now);
    let row = stage(&mut keeper, label(1, "Drop"), now);
    assert_eq!(row.state, State::Grace);
    assert_eq!(keeper.next_due(), Some(now.instant + GRACE));
    assert!(claimed(&mut keeper, now.plus(Duration::from_millis(4_999))).is_empty());
    assert_eq!(claimed(&mut keeper, now.plus(GRACE)), [row.id]);
    assert!(claimed(&mut keeper, now.plus(GRACE * 2)).is_empty());
    assert_eq!(settle(&mut keeper, row.id, sent(), now.plus(GRACE)), State::Sent("updated".into()));
    assert_eq!(keeper.next_due(), None, "nothing ticks while nothing waits");
    let (_, rows, _) = open(&folder, now.plus(GRACE));
    assert_eq!(rows[0].state, State::Sent("updated".into()));
    assert_eq!(rows[0].draft.seen, label(1, "Drop").seen);
}

#[test]
fn an_undo_is_kept_and_one_too_late_says_so() {
    let (folder, now) = (folder(), start());
    let (mut keeper, ..) = open(&folder, now);
    let row = stage(&mut keeper, label(1, "Drop"), now);
    let notices = keeper.handle(Request::Undo(row.id), now);
    assert_eq!(changed(&notices).state, State::Undone);
    assert!(claimed(&mut keeper, now.plus(GRACE)).is_empty());
    let row = stage(&mut keeper, label(1, "Drop"), now);
    assert_eq!(claimed(&mut keeper, now.plus(GRACE)), [row.id]);
    let refused = |keeper: &mut Keeper| match keeper.handle(Request::Undo(row.id), now).as_slice() {
        [Notice::Refused(_, why)] => why.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&mut keeper), "its grace time is over");
    // An attempt whose answer was lost may have been applied: what waits to be repeated is no longer only here.
    settle(&mut keeper, row.id, again(true), now.plus(GRACE));
    assert!(refused(&mut keeper).contains("may be on the server"));
}

#[test]
fn labels_of_one_event_are_sent_in_order_and_one_at_a_time() {
    let (folder, now) = (folder(), start());
    let (mut keeper, ..) = open(&folder, now);
    let first = stage(&mut keeper, label(1, "Drop"), now);
    let second = stage(&mut keeper, label(1, "Escalate"), now);
    let other = stage(&mut keeper, label(2, "Drop"), now);
    let later = now.plus(GRACE);
    assert_eq!(claimed(&mut keeper, later), [first.id]);
    settle(&mut keeper, first.id, again(false), later);
    // The product is given a pause; then the oldest goes first again.
    assert!(claimed(&mut keeper, later).is_empty());
    let then = keeper.next_due().unwrap();
    assert_eq!(then, later.instant + Duration::from_secs(2));
    let later = later.plus(Duration::from_secs(2));
    for id in [first.id, second.id, other.id] {
        assert_eq!(claimed(&mut keeper, later), [id]);
        settle(&mut keeper, id, sent(), later);
    }
}

#[test]
fn a_product_that_is_down_is_asked_ever_less_often_and_nothing_is_given_up() {
    let (folder, mut now) = (folder(), start());
    let (mut keeper, ..) = open(&folder, now);
    let rows: Vec<RowId> =
        (0..3).map(|event| stage(&mut keeper, label(event, "Drop"), now).id).collect();
    now = now.plus(GRACE);
    let mut pauses = Vec::new();
    for _ in 0..120 {
        let ids = claimed(&mut keeper, now);
        assert_eq!(ids.len(), 1, "one probe at a time");
        assert_eq!(settle(&mut keeper, ids[0], again(false), now), State::Due);
        let next = keeper.mine().map(|row| row.due.instant).max().unwrap().max(now.instant);
        let pause = next.saturating_duration_since(now.instant);
        pauses.push(pause.as_secs());
        now = now.plus(pause);
    }
    assert_eq!(pauses[..6], [2, 4, 8, 16, 30, 30]);
    assert!(pauses.iter().sum::<u64>() > 3_000, "an hour");
    let mut order = Vec::new();
    while let [id] = claimed(&mut keeper, now)[..] {
        settle(&mut keeper, id, sent(), now);
        order.push(id);
    }
    order.sort();
    assert_eq!(order, rows, "all are sent on return, each once");
}

#[test]
fn retry_after_is_kept_and_one_row_that_fails_alone_is_parked() {
    let (folder, mut now) = (folder(), start());
    let (mut keeper, ..) = open(&folder, now);
    let row = stage(&mut keeper, label(1, "Drop"), now);
    now = now.plus(GRACE);
    assert_eq!(claimed(&mut keeper, now), [row.id]);
    let asked = Settlement::Again {
        asked: Some(Duration::from_secs(77)),
        down: true,
        maybe: false,
        why: "too many requests".into(),
    };
    settle(&mut keeper, row.id, asked, now);
    assert!(claimed(&mut keeper, now.plus(Duration::from_secs(76))).is_empty());
    now = now.plus(Duration::from_secs(77));
    let failing = Settlement::Again { asked: None, down: false, maybe: true, why: "500".into() };
    let mut state = State::Due;
    while state == State::Due {
        assert_eq!(claimed(&mut keeper, now), [row.id]);
        state = settle(&mut keeper, row.id, failing.clone(), now);
        now = now.plus(LONGEST);
    }
    assert_eq!(state, State::Parked("500 (tried 6 times)".into()));
    assert!(claimed(&mut keeper, now).is_empty());
    let notices = keeper.handle(Request::Resend(row.id), now);
    assert_eq!(changed(&notices).state, State::Due);
    assert_eq!(claimed(&mut keeper, now), [row.id]);
}

#[test]
fn a_newer_label_replaces_one_that_waits_for_a_person() {
    let (folder, now) = (folder(), start());
    let (mut keeper, ..) = open(&folder, now);
    let row = stage(&mut keeper, label(1, "Drop"), now);
    let later = now.plus(GRACE);
    claimed(&mut keeper, later);
    settle(&mut keeper, row.id, Settlement::Parked("unknown label".into()), later);
    let draft = label(1, "Escalate");
    let notices = keeper.handle(Request::Stage { draft, tag: 7 }, later);
    match notices.as_slice() {
        [Notice::Changed(old), Notice::Staged { row: new, .. }] => {
            assert_eq!((old.id, &old.state), (row.id, &State::Undone));
            assert!(old.trouble.as_deref().unwrap().contains("newer"));
            assert_eq!(new.state, State::Grace);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_a_crash_leaves_is_held_repeated_or_unknown_by_what_it_is() {
    let (folder, now) = (folder(), start());
    let (mut keeper, ..) = open(&folder, now);
    let on_its_way = stage(&mut keeper, label(1, "Drop"), now);
    let later = now.plus(GRACE);
    assert_eq!(claimed(&mut keeper, later), [on_its_way.id]);
    let in_grace = stage(&mut keeper, label(2, "Drop"), later);
    drop(keeper);

    let later = later.plus(Duration::from_secs(3600));
    let (mut keeper, rows, held) = open(&folder, later);
    let state = |id| rows.iter().find(|row| row.id == id).unwrap().state.clone();
    assert_eq!(state(on_its_way.id), State::Due, "feedback may be said twice");
    assert_eq!(state(in_grace.id), State::Held);
    assert_eq!(held, Some(in_grace.staged), "the last sign of life, not the restart");
    assert_eq!(claimed(&mut keeper, later), [on_its_way.id]);
    settle(&mut keeper, on_its_way.id, sent(), later);
    assert!(claimed(&mut keeper, later.plus(GRACE * 100)).is_empty(), "never without a yes");
    // A training that was on its way is unknown, and stays so until a person decides.
    let training = stage(&mut keeper, train(), later);
    let later = later.plus(GRACE);
    assert_eq!(claimed(&mut keeper, later), [training.id]);
    drop(keeper);
    let (mut keeper, rows, _) = open(&folder, later);
    let row = rows.iter().find(|row| row.id == training.id).unwrap();
    assert!(matches!(row.state, State::Unknown(_)), "{:?}", row.state);
    assert!(claimed(&mut keeper, later.plus(GRACE * 100)).is_empty());
    let notices = keeper.handle(Request::Resend(in_grace.id), later);
    assert_eq!(changed(&notices).state, State::Due);
    assert_eq!(claimed(&mut keeper, later), [in_grace.id]);
    let notices = keeper.handle(Request::Drop(training.id), later);
    assert_eq!(changed(&notices).state, State::Undone);
}

#[test]
fn two_sessions_share_the_rows_and_each_is_sent_by_one() {
    let (folder, now) = (folder(), start());
    let (mut first, ..) = open(&folder, now);
    let a = stage(&mut first, label(1, "Drop"), now);
    let (mut second, rows, held) = open(&folder, now);
    assert_eq!(held, None, "the other session lives");
    assert!(rows[0].elsewhere);
    let b = stage(&mut second, label(2, "Drop"), now);
    // The same event from the other session: after the first session's label.
    let c = stage(&mut second, label(1, "Escalate"), now);
    let later = now.plus(GRACE);
    match second.handle(Request::Undo(a.id), now).as_slice() {
        [Notice::Refused(..)] => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(claimed(&mut second, later), [b.id]);
    settle(&mut second, b.id, sent(), later);
    assert!(claimed(&mut second, later).is_empty(), "an older label of the event is not sent yet");
    assert_eq!(claimed(&mut first, later), [a.id]);
    settle(&mut first, a.id, sent(), later);
    let later = later.plus(STUMBLE);
    assert_eq!(claimed(&mut second, later), [c.id]);
    // One that was held is sent by whoever is asked first, and by no other.
    let held = stage(&mut first, label(3, "Drop"), later);
    drop(first);
    second.handle(Request::Reread, later);
    let (mut third, ..) = open(&folder, later);
    let yes = second.handle(Request::Resend(held.id), later);
    assert_eq!(changed(&yes).state, State::Due);
    let no = third.handle(Request::Resend(held.id), later);
    assert!(matches!(no[0], Notice::Refused(..)), "{no:?}");
    assert!(claimed(&mut third, later).is_empty());
}

#[test]
fn a_session_that_is_stopped_loses_its_rows_only_when_its_lease_is_over() {
    let (folder, now) = (folder(), start());
    let (mut stopped, ..) = open(&folder, now);
    let row = stage(&mut stopped, label(1, "Drop"), now);
    let (mut other, ..) = open(&folder, now);
    let held = |keeper: &mut Keeper, now| match keeper.handle(Request::Reread, now).as_slice() {
        [Notice::Rows { held, .. }] => held.is_some(),
        other => panic!("{other:?}"),
    };
    assert!(!held(&mut other, now.plus(LEASE)));
    let later = now.plus(LEASE + Duration::from_secs(1));
    assert!(held(&mut other, later));
    // It wakes up: the row is no longer its to send.
    let notices = stopped.claim(later);
    assert!(
        matches!(notices.as_slice(), [Notice::Changed(row)] if row.state == State::Held),
        "{notices:?}"
    );
    assert_eq!(stopped.mine().count(), 0);
    assert!(!notices.is_empty() && row.state == State::Grace);
}

#[test]
fn leases_are_renewed_while_anything_waits() {
    let (folder, mut now) = (folder(), start());
    let (mut keeper, ..) = open(&folder, now);
    let mut draft = label(1, "Drop");
    draft.grace = Duration::from_secs(60);
    stage(&mut keeper, draft, now);
    for _ in 0..11 {
        now = now.plus(RENEW);
        assert!(keeper.next_due().unwrap() <= now.instant);
        assert!(claimed(&mut keeper, now).is_empty());
    }
    let (_, rows, held) = open(&folder, now);
    assert_eq!((held, &rows[0].state), (None, &State::Grace));
}

#[test]
fn a_stop_sends_nothing_and_grace_begins_anew() {
    let (folder, now) = (folder(), start());
    let (mut keeper, ..) = open(&folder, now);
    let row = stage(&mut keeper, label(1, "Drop"), now);
    keeper.halt();
    let later = now.plus(Duration::from_secs(60));
    assert!(claimed(&mut keeper, later).is_empty());
    keeper.resume(later);
    assert!(claimed(&mut keeper, later.plus(GRACE / 2)).is_empty());
    assert_eq!(claimed(&mut keeper, later.plus(GRACE)), [row.id]);
}

#[test]
fn rows_of_another_profile_or_address_are_left_alone() {
    let (folder, now) = (folder(), start());
    let (mut keeper, ..) = open(&folder, now);
    let row = stage(&mut keeper, label(1, "Drop"), now);
    drop(keeper);
    let later = now.plus(GRACE * 10);
    for other in [
        Session { profile: "other".into(), ..session() },
        Session {
            origins: vec![(Product::Arcanna, "https://elsewhere.example".into())],
            ..session()
        },
    ] {
        let (mut keeper, notice) = Keeper::open(Some(folder.path()), other, later).unwrap();
        let Notice::Rows { rows, foreign, held, .. } = notice else { panic!("{notice:?}") };
        assert_eq!((rows.len(), foreign, held), (0, 1, None));
        assert!(claimed(&mut keeper, later).is_empty());
        let no = keeper.handle(Request::Resend(row.id), later);
        assert!(matches!(no[0], Notice::Refused(..)), "{no:?}");
    }
    let (_, rows, held) = open(&folder, later);
    assert_eq!((rows.len(), held.is_some()), (1, true));
    // A product without an address takes nothing.
    let nowhere = Session { origins: Vec::new(), ..session() };
    let (mut keeper, _) = Keeper::open(Some(folder.path()), nowhere, later).unwrap();
    let draft = label(1, "Drop");
    let no = keeper.handle(Request::Stage { draft, tag: 1 }, later);
    assert!(matches!(no.as_slice(), [Notice::NotStaged { tag: 1, .. }]), "{no:?}");
}

#[test]
fn a_lost_answer_that_comes_after_all_counts() {
    let (folder, now) = (folder(), start());
    let (mut keeper, ..) = open(&folder, now);
    let row = stage(&mut keeper, train(), now);
    let later = now.plus(GRACE);
    claimed(&mut keeper, later);
    let unknown = Settlement::Unknown("no answer".into());
    assert!(matches!(settle(&mut keeper, row.id, unknown, later), State::Unknown(_)));
    let learnt = Request::Learn(row.id, Settlement::Sent("read back".into()));
    let notices = keeper.handle(learnt, later);
    assert_eq!(changed(&notices).state, State::Sent("read back".into()));
}

#[test]
fn the_ledger_is_told_of_each_end_once_whatever_ends_the_process() {
    let (folder, now) = (folder(), start());
    let (mut keeper, ..) = open(&folder, now);
    let row = stage(&mut keeper, label(1, "Drop"), now);
    // Ends before the ledger was written.
    drop(keeper);
    let (mut keeper, ..) = open(&folder, now);
    assert!(keeper.write_ledger().is_empty());
    // Written, but it ends before that is confirmed.
    keeper.handle(Request::Resend(row.id), now);
    let copy = std::fs::read(folder.path().join("ledger.jsonl")).unwrap();
    assert!(keeper.write_ledger().is_empty());
    let ledger = folder.path().join("ledger.jsonl");
    let full = std::fs::read(&ledger).unwrap();
    assert!(full.starts_with(&copy) && full.len() > copy.len());
    let untold: Vec<_> = table::untold(keeper.table.read(), &keeper.life.token).unwrap();
    assert!(untold.is_empty());
    claimed(&mut keeper, now);
    settle(&mut keeper, row.id, sent(), now);
    keeper.take_recorded();
    keeper.write_ledger();
    let recorded = keeper.take_recorded();
    let [Notice::Recorded(of, place)] = recorded.as_slice() else { panic!("{recorded:?}") };
    let end = remembered(folder.path()).unwrap().unwrap();
    assert_eq!((*of, place), (row.id, &end), "it is told where the record stands");
    let again = keeper.table.begin().unwrap();
    let last: i64 = again
        .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'told'", [], |row| row.get(0))
        .unwrap();
    again
        .execute(
            "INSERT INTO told (id, owner, record) VALUES (?1, ?2, '{\"t\":\"\"}')",
            (last, keeper.life.token.clone()),
        )
        .unwrap();
    again.commit().unwrap();
    keeper.untold = true;
    assert!(keeper.write_ledger().is_empty());
    let acts = crate::ledger::raw(&ledger, None).unwrap();
    let states: Vec<String> = acts
        .iter()
        .map(|line| serde_json::from_str::<crate::ledger::Record>(line).unwrap().result.state)
        .collect();
    assert_eq!(states, ["staged", "held", "due", "sent"]);
    let head = remembered(folder.path()).unwrap().unwrap();
    let verdict = crate::ledger::verify(&ledger, Some(&head)).unwrap();
    assert_eq!((verdict.records, verdict.broken), (4, None));
}

mod any_order;

#[test]
fn an_outbox_that_was_taken_away_says_what_is_gone_with_it() {
    let folder = folder();
    let told = |folder: &tempfile::TempDir| {
        let (keeper, notice) = Keeper::open(Some(folder.path()), session(), start()).unwrap();
        let Notice::Rows { note, .. } = notice else { panic!("{notice:?}") };
        (keeper, note)
    };
    let (mut keeper, note) = told(&folder);
    assert_eq!(note, None, "a first start has nothing to miss");
    stage(&mut keeper, label(1, "Drop"), start());
    stage(&mut keeper, label(2, "Drop"), start());
    keeper.leave(start());
    drop(keeper);
    assert_eq!(told(&folder).1, None);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with(FILE) {
            std::fs::remove_file(path).unwrap();
        }
    }
    let (mut keeper, note) = told(&folder);
    let note = note.unwrap();
    assert!(note.contains("2 acts in the ledger were never sent"), "{note}");
    stage(&mut keeper, label(3, "Drop"), start());
    keeper.leave(start());
    drop(keeper);
    assert_eq!(told(&folder).1, None, "it is said until there is something new to say");
}
