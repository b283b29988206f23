//! Judging blind, the session's figures and the jobs' metrics, over the simulator: what its answers become on the screen.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a failed test")]

use std::time::Duration;

use socdeck::outbox::State;
use socdeck::ui::theme::{Glyphs, Palette, Theme};

use crate::desk::Desk;

fn on_desk(with: impl AsyncFnOnce(&mut Desk)) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut desk = Desk::open(Theme::new(Palette::Mono, Glyphs::ASCII)).await;
        with(&mut desk).await;
    });
}

/// The cells of the job's row in Jobs.
fn row(desk: &Desk, job: &str) -> Vec<String> {
    let text = desk.text(80, 24);
    let line = text.lines().find(|line| line.contains(job));
    line.unwrap_or_else(|| panic!("{job} is not in\n{text}"))
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

#[test]
fn jobs_tell_what_waits_and_how_the_model_does() {
    on_desk(async |desk| {
        // A person who stays: the figures come a few at a time.
        for _ in 0..12 {
            desk.go("").await;
        }
        let [.., open, low, new, accuracy] = &row(desk, "dev1")[..] else {
            panic!("{}", desk.text(80, 24));
        };
        assert!(open.parse::<u64>().unwrap() > low.parse::<u64>().unwrap(), "{open} {low}");
        assert_eq!(new, "0");
        assert!(accuracy.ends_with('%'), "{accuracy}");
        // A job without buckets counts nothing, one that never learnt has no accuracy: neither is a zero.
        let phish = row(desk, "phish-inbox");
        assert_eq!(phish[phish.len() - 4..phish.len() - 2], ["-", "-"], "{phish:?}");
        assert_eq!(row(desk, "cloud-identity").last().unwrap(), "-");
        let text = desk.text(140, 40);
        assert!(text.contains("truth Drop") && text.contains("said Escalate"), "{text}");
        let before = desk.app.store.activity.len();
        for _ in 0..4 {
            desk.go("").await;
        }
        assert_eq!(desk.app.store.activity.len(), before, "each is asked once");
    });
}

#[test]
fn a_changed_consensus_is_found_in_jobs_and_opened_as_a_view() {
    on_desk(async |desk| {
        desk.go(":job 1208\r").await;
        // Events that the model has learnt, each with the vote of one other person: another label ties the votes.
        desk.go("/state:kb age:>3d outlier:no\r").await;
        for key in ["1j", "2j", "3j"] {
            desk.go(key).await;
        }
        // The outbox sends one after another.
        for _ in 0..4 {
            desk.pass(Duration::from_secs(6));
            desk.settle().await;
        }
        let sent = desk.app.store.writes.newest().filter(|row| matches!(row.state, State::Sent(_)));
        assert_eq!(sent.count(), 3);
        desk.go("gj").await;
        desk.go("jj").await;
        for _ in 0..12 {
            desk.go("").await;
        }
        let text = desk.text(140, 40);
        assert!(text.contains("changed consensus since the training"), "{text}");
        desk.go("F").await;
        let text = desk.text(80, 24);
        assert!(text.contains("Changed consensus 1/"), "{text}");
        let first = text.lines().find(|line| line.starts_with('>')).unwrap();
        assert!(first.contains(" C ") || first.contains("UC "), "its flag says so: {first}");
        let event = desk.app.event().unwrap();
        let changed = &desk.app.store.metrics[&event.job].value().unwrap().changed;
        assert_eq!(changed.events[0], event.event);
    });
}

#[test]
fn what_is_hidden_is_told_after_the_vote_and_counted_apart() {
    on_desk(async |desk| {
        desk.go(":job 1208\r").await;
        // What stood on the first screen was seen; further down nothing was.
        desk.go("b").await;
        assert!(desk.text(80, 24).contains("BLIND"), "{}", desk.text(80, 24));
        desk.go("G").await;
        let event = desk.app.event().unwrap();
        let answer = desk.app.store.decision(&event).unwrap().label.clone().unwrap();
        let text = desk.text(80, 24);
        assert!(text.contains("AI  hidden until your vote"), "{text}");
        let list: String = text.lines().take(9).collect();
        assert!(!list.contains(&answer), "{text}");
        desk.go("1").await;
        let text = desk.text(140, 40);
        assert!(text.contains(&format!("AI said {answer}")), "{text}");
        assert!(text.contains("blind") && text.contains("(n 1)"), "{text}");
        let seen = desk.app.store.writes.newest().next().unwrap().draft.seen.clone().unwrap();
        assert!(seen.blind && !seen.others_revealed);
        assert_eq!(seen.label, Some(answer));
        assert_eq!(desk.app.store.sitting.stats().agreements.blind.n, 1);
        desk.go("ga").await;
        let text = desk.text(140, 40);
        assert!(text.contains("this session") && text.contains("hidden (blind)"), "{text}");
        assert_eq!(desk.app.deadline(), None, "nothing ticks");
    });
}
