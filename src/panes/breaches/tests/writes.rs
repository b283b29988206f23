//! Acknowledging and commenting: the sheets, what is sent, and what reading again says of it.

use super::*;
use crate::api::darktrace::breaches::Acknowledge;
use crate::outbox::{Act, Answered, Keeper, Request, Session, Settlement};
use crate::store::Wish;

fn desk() -> (Bench, BreachesPane, Keeper) {
    let (mut bench, pane) = open();
    bench.arm();
    let outbox = Keeper::open(None, Session::nowhere(), bench.now).unwrap().0;
    (bench, pane, outbox)
}

/// Hands the outbox what was wished for it.
fn pass_on(bench: &mut Bench, outbox: &mut Keeper) -> Vec<String> {
    let mut asked = Vec::new();
    for wish in bench.store.take_wishes() {
        match wish {
            Wish::Outbox(request) => {
                for notice in outbox.handle(request, bench.now) {
                    bench.store.notice(notice, bench.now);
                }
            }
            Wish::Run(action) => asked.push(action.call.to_string()),
            Wish::Cancel(_) | Wish::Keep(_) => {}
        }
    }
    asked
}

/// Stages what the pane wished and lets it end.
fn carry_out(bench: &mut Bench, outbox: &mut Keeper, how: Settlement) -> Vec<String> {
    pass_on(bench, outbox);
    bench.now = bench.now.plus(bench.prefs.outward_grace);
    outbox.claim(bench.now);
    let id = bench.store.writes.newest().next().unwrap().id;
    for notice in outbox.handle(Request::Settle(id, how, Answered::default()), bench.now) {
        bench.store.notice(notice, bench.now);
    }
    pass_on(bench, outbox)
}

#[test]
fn acknowledging_wants_arming_and_a_yes() {
    let (mut bench, mut pane) = open();
    bench.run(&mut pane, "breaches.acknowledge");
    let shown = bench.pane(&pane, 80, 21);
    assert!(shown.contains("POST /modelbreaches/101/acknowledge acknowledge=true"), "{shown}");
    bench.press(&mut pane, "\ny");
    assert!(bench.wished().0.is_empty(), "not armed");
    assert!(bench.pane(&pane, 80, 21).contains(":arm 15m"));
    insta::assert_snapshot!("acknowledge_80x24", bench.pane(&pane, 80, 21));
    pane.cancel();
    bench.arm();
    bench.prefs.read_only = true;
    bench.run(&mut pane, "breaches.acknowledge");
    bench.press(&mut pane, "y");
    assert!(bench.wished().0.is_empty(), "read-only");
    pane.cancel();
    bench.prefs.read_only = false;
    bench.run(&mut pane, "breaches.acknowledge");
    bench.press(&mut pane, "\n");
    assert!(bench.wished().0.is_empty(), "Enter alone confirms nothing");
    bench.press(&mut pane, "y");
    let sent = "POST /modelbreaches/101/acknowledge acknowledge=true in 30 s";
    assert_eq!(bench.wished().0, [sent]);
    assert!(said(&mut bench).contains("acknowledge breach 101: sent in 30 s, u takes it back"));
}

#[test]
fn only_what_makes_sense_is_offered() {
    let (mut bench, mut pane) = open();
    let refused = |pane: &BreachesPane, bench: &Bench, id: &str| {
        let ready = crate::panes::Registered::ready(pane, pane_row(id), &bench.store);
        ready.err().map(std::borrow::Cow::into_owned)
    };
    let words = refused(&pane, &bench, "breaches.unacknowledge");
    assert_eq!(words.as_deref(), Some("it is not acknowledged; A acknowledges it"));
    let yes = LOG.replace("\"acknowledged\":false", "\"acknowledged\":true");
    bench.now = bench.now.plus(Duration::from_secs(1));
    bench.land(&BreachDetails { pbid: 101, count: CONNECTIONS }, &yes);
    let words = refused(&pane, &bench, "breaches.acknowledge");
    assert_eq!(words.as_deref(), Some("it is acknowledged already; X takes that back"));
    bench.arm();
    bench.run(&mut pane, "breaches.unacknowledge");
    bench.press(&mut pane, "y");
    let sent = "POST /modelbreaches/101/unacknowledge unacknowledge=true in 30 s";
    assert_eq!(bench.wished().0, [sent]);
}

#[test]
fn success_is_no_proof_the_breach_is_read_again() {
    for (is, how, words) in [
        (
            true,
            Settlement::Sent("SUCCESS".into()),
            "acknowledgement: Darktrace said SUCCESS; read back: it is acknowledged",
        ),
        (
            false,
            Settlement::Sent("SUCCESS".into()),
            "acknowledgement: Darktrace said SUCCESS, but read back: it is not acknowledged",
        ),
    ] {
        let (mut bench, mut pane, mut outbox) = desk();
        bench.run(&mut pane, "breaches.acknowledge");
        bench.press(&mut pane, "y");
        said(&mut bench);
        pass_on(&mut bench, &mut outbox);
        let shown = bench.pane(&pane, 80, 21);
        assert!(shown.contains("not sent yet: sends 14:05:30Z"), "{shown}");
        carry_out(&mut bench, &mut outbox, how);
        pane.changed(&mut bench.cx());
        assert_eq!(said(&mut bench), "", "what was read before proves nothing");
        let shown = bench.pane(&pane, 80, 21);
        assert!(shown.contains("yes~") && shown.contains("not read back yet"), "{shown}");
        let log = LOG.replace("\"acknowledged\":false", &format!("\"acknowledged\":{is}"));
        bench.land(&BreachDetails { pbid: 101, count: CONNECTIONS }, &log);
        pane.changed(&mut bench.cx());
        assert_eq!(said(&mut bench), words);
        pane.changed(&mut bench.cx());
        assert_eq!(said(&mut bench), "", "said once");
        let shown = bench.pane(&pane, 80, 21);
        let cell = if is { " yes " } else { " no! " };
        assert!(shown.lines().nth(2).unwrap().contains(cell), "{shown}");
        assert_eq!(shown.contains("NOT DONE"), !is, "{shown}");
    }
}

#[test]
fn an_acknowledgement_without_an_answer_is_settled_by_reading() {
    for (is, state) in [(true, "Sent"), (false, "Parked")] {
        let (mut bench, mut pane, mut outbox) = desk();
        bench.run(&mut pane, "breaches.acknowledge");
        bench.press(&mut pane, "y");
        let asked = carry_out(&mut bench, &mut outbox, Settlement::Unknown("502".into()));
        assert!(asked.iter().any(|call| call.starts_with("GET /details")), "{asked:?}");
        assert!(asked.iter().any(|call| call.ends_with("pbid=101")), "{asked:?}");
        bench.now = bench.now.plus(Duration::from_secs(1));
        let log = LOG.replace("\"acknowledged\":false", &format!("\"acknowledged\":{is}"));
        bench.land(&BreachDetails { pbid: 101, count: CONNECTIONS }, &log);
        pass_on(&mut bench, &mut outbox);
        let row = bench.store.writes.newest().next().unwrap();
        assert!(format!("{:?}", row.state).starts_with(state), "{:?}", row.state);
    }
}

#[test]
fn a_service_that_does_not_tell_is_said_not_to() {
    let (mut bench, mut pane, mut outbox) = desk();
    bench.run(&mut pane, "breaches.acknowledge");
    bench.press(&mut pane, "y");
    said(&mut bench);
    carry_out(&mut bench, &mut outbox, Settlement::Sent(String::from("[{\"replicate\":true}]")));
    bench.now = bench.now.plus(Duration::from_secs(1));
    bench.land(&BreachDetails { pbid: 101, count: CONNECTIONS }, "[]");
    bench.land(&BreachById { pbid: 101 }, r#"{"pbid":101}"#);
    bench.store.breaches.open.page.fetched = Some(bench.now.wall);
    pane.changed(&mut bench.cx());
    let words = said(&mut bench);
    assert!(words.contains("answered with the record"), "{words}");
    assert!(words.contains("does not tell on re-reading"), "{words}");
}

#[test]
fn a_comment_is_kept_until_it_may_be_sent_and_looked_for_afterwards() {
    for (there, words) in [
        (true, "comment: Darktrace said SUCCESS; read back: it stands among the comments"),
        (false, "comment: Darktrace said SUCCESS, but it is not seen on re-reading"),
    ] {
        let (mut bench, mut pane) = open();
        let mut outbox = Keeper::open(None, Session::nowhere(), bench.now).unwrap().0;
        bench.run(&mut pane, "breaches.comment");
        bench.press(&mut pane, "Backup job\nof INC-4711\ty");
        assert!(bench.wished().0.is_empty(), "not armed");
        insta::allow_duplicates! {
            insta::assert_snapshot!("comment_80x24", bench.pane(&pane, 80, 21));
        }
        bench.press(&mut pane, "\u{7}");
        assert!(said(&mut bench).contains("c takes it up again"));
        bench.arm();
        bench.run(&mut pane, "breaches.comment");
        bench.press(&mut pane, "\ty");
        let wish = bench.store.take_wishes();
        let [Wish::Outbox(request)] = &wish[..] else { panic!("{wish:?}") };
        let Request::Stage { draft, .. } = request else { panic!("{request:?}") };
        assert_eq!(
            crate::panes::sheet::exactly(&draft.call),
            r#"POST /modelbreaches/101/comments {"message":"Backup job\nof INC-4711"}"#
        );
        for notice in outbox.handle(request.clone(), bench.now) {
            bench.store.notice(notice, bench.now);
        }
        said(&mut bench);
        carry_out(&mut bench, &mut outbox, Settlement::Sent("SUCCESS".into()));
        pane.changed(&mut bench.cx());
        let shown = bench.pane(&pane, 80, 21);
        assert!(shown.contains("not read back yet"), "{shown}");
        bench.now = bench.now.plus(Duration::from_secs(1));
        let at = bench.now.wall.as_millisecond();
        let ours =
            format!(r#"[{{"message":"Backup job\nof INC-4711","username":"api","time":{at}}}]"#);
        // An older one with the same words is another's.
        let older = ours.replace(&at.to_string(), "1700000000000");
        bench.land(&Comments { pbid: 101 }, if there { &ours } else { &older });
        pane.changed(&mut bench.cx());
        assert_eq!(said(&mut bench), words);
        assert_eq!(bench.pane(&pane, 80, 21).contains("NOT DONE"), !there);
    }
}

#[test]
fn a_comment_without_an_answer_stays_unknown() {
    let (mut bench, mut pane, mut outbox) = desk();
    bench.run(&mut pane, "breaches.comment");
    bench.press(&mut pane, "seen\ty");
    said(&mut bench);
    let asked = carry_out(&mut bench, &mut outbox, Settlement::Unknown("timed out".into()));
    assert_eq!(asked, ["GET /modelbreaches/101/comments"], "it is looked for, never sent again");
    bench.now = bench.now.plus(Duration::from_secs(1));
    let at = bench.now.wall.as_millisecond();
    let ours = format!(r#"[{{"message":"seen","username":"api","time":{at}}}]"#);
    bench.land(&Comments { pbid: 101 }, &ours);
    pane.changed(&mut bench.cx());
    assert!(said(&mut bench).starts_with("UNKNOWN whether it was done"));
    assert!(pass_on(&mut bench, &mut outbox).is_empty());
    let row = bench.store.writes.newest().next().unwrap();
    assert!(matches!(row.state, crate::outbox::State::Unknown(_)));
}

#[test]
fn the_own_editor_is_one_key_away() {
    let (mut bench, mut pane, _outbox) = desk();
    bench.run(&mut pane, "breaches.edit-comment");
    assert_eq!(std::mem::take(&mut bench.asks), [Ask::Edit(String::new())]);
    pane.edited("from the editor\n", &mut bench.cx());
    bench.press(&mut pane, "\ty");
    let sent = r#"POST /modelbreaches/101/comments {"message":"from the editor"} in 30 s"#;
    assert_eq!(bench.wished().0, [sent]);
}

#[test]
fn acts_are_told_in_a_line() {
    let on = Act::Acknowledge(Acknowledge { pbid: 95, on: true });
    let off = Act::Acknowledge(Acknowledge { pbid: 95, on: false });
    assert_eq!((on.summary().as_str(), on.subject()), ("acknowledge breach 95", off.subject()));
    assert_eq!(off.summary(), "take back acknowledgement of breach 95");
}
