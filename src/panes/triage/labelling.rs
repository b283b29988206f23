//! The way of a digit: which label it means, whether it may be sent, where the cursor goes afterwards.

use super::TriagePane;
use crate::api::arcanna::EventState;
use crate::api::arcanna::feedback::Feedback;
use crate::api::{BadInput, Operation};
use crate::command::{Cx, Tone};
use crate::outbox::{Act, Draft, Seen};
use crate::store::{EventKey, LabelState, Source, Store, key};

impl TriagePane {
    /// Stages the label of the pressed digit for the event under the cursor.
    pub(super) fn label(&mut self, cx: &mut Cx<'_>) {
        let (Some(event), Some(digit)) = (self.current(), cx.key) else {
            return;
        };
        match draft(&event, digit, cx) {
            Ok(draft) => cx.store.stage_label(event, draft),
            Err(why) => cx.say(Tone::Mind, why),
        }
    }

    /// Moves the event to the end of this session's queue and the cursor to the next.
    pub(super) fn skip(&mut self, cx: &mut Cx<'_>) {
        let Some(EventKey { job, event }) = self.current() else {
            return;
        };
        let here = self.list.cursor();
        if let Some(queue) = cx.store.queues.get_mut(&job) {
            queue.skip(&event);
            let next = queue
                .lines()
                .get(here)
                .filter(|line| line.event != event)
                .map(|line| line.event.clone());
            self.event = next.or(Some(event));
            self.scroll = 0;
        }
        self.settle(cx.store);
        self.watch(cx);
    }

    /// After the outbox has kept the label of the event under the cursor, goes on to the next that wants one.
    pub(super) fn advance(&mut self, cx: &mut Cx<'_>) {
        let staged = std::mem::take(&mut cx.store.writes.just_staged);
        let Some(here) = self.current().filter(|here| staged.contains(here)) else {
            return;
        };
        let Some(next) = self.next_unlabelled(cx.store, Some(&here)) else {
            cx.say(Tone::Fine, "every event of this list has a label");
            return;
        };
        if let Some(line) = self
            .queue(cx.store)
            .and_then(|queue| queue.lines().get(next))
        {
            self.event = Some(line.event.clone());
            self.scroll = 0;
        }
    }

    /// The next line that wants a label, after `from` and then from the top.
    pub(super) fn next_unlabelled(&self, store: &Store, from: Option<&EventKey>) -> Option<usize> {
        let job = self.job.as_ref()?;
        let queue = store.queues.get(job)?;
        let lines = queue.lines();
        let start = from
            .and_then(|from| queue.position(&from.event))
            .map_or(0, |index| index + 1);
        (0..lines.len())
            .map(|step| (start + step) % lines.len())
            .find(|index| {
                let event = key(job, &lines[*index].event);
                wants_label(store, &event) && from != Some(&event)
            })
    }

    /// Looks after the events that wait for their decision: the one under the cursor and those opened from here.
    pub(super) fn watch(&mut self, cx: &mut Cx<'_>) {
        let Some(job) = self.job.clone() else { return };
        let opened = self
            .queue(cx.store)
            .into_iter()
            .flat_map(|queue| queue.lines())
            .filter(|line| line.source == Source::Opened);
        let mut events: Vec<_> = opened.map(|line| line.event.clone()).collect();
        events.extend(self.event.clone());
        events.dedup();
        for event in events {
            let state = cx
                .store
                .decision(&key(&job, &event))
                .map(|decision| decision.state.clone());
            match state {
                Some(EventState::Pending) => self.polls.pending(&event, cx.now),
                _ => self.polls.forget(&event),
            }
        }
    }
}

/// Whether neither this session nor the server has a label for the event.
fn wants_label(store: &Store, event: &EventKey) -> bool {
    let kept = !matches!(store.writes.label(event), LabelState::None);
    // `new` is the state before any feedback; other words are an open set of states after it.
    let fresh = store.decision(event).is_none_or(|decision| {
        decision
            .bucket_state
            .as_deref()
            .is_none_or(|state| state.eq_ignore_ascii_case("new"))
    });
    !kept && fresh
}

/// The write a digit means, or why it means none.
fn draft(event: &EventKey, digit: char, cx: &Cx<'_>) -> Result<Draft, String> {
    if cx.prefs.read_only {
        return Err("read-only: nothing is labelled".to_owned());
    }
    let labels = cx
        .store
        .labels(&event.job)
        .filter(|labels| !labels.is_empty());
    let Some(labels) = labels else {
        return Err(format!(
            "the decision set of job {} is not known yet; r reads it",
            event.job
        ));
    };
    let index = digit
        .to_digit(10)
        .and_then(|digit| (digit as usize).checked_sub(1));
    let Some(label) = index.and_then(|index| labels.get(index)) else {
        let known: Vec<String> = labels
            .iter()
            .take(9)
            .enumerate()
            .map(|(index, label)| format!("{} {label}", index + 1))
            .collect();
        return Err(format!(
            "no label {digit} in this job: {}",
            known.join("  ")
        ));
    };
    let Some(analyst) = &cx.prefs.analyst else {
        return Err(
            "whose vote is it? Set username under [analyst], or SOCDECK_USERNAME".to_owned(),
        );
    };
    let feedback = Feedback {
        job: event.job.clone(),
        event: event.event.clone(),
        label: label.clone(),
        username: analyst.clone(),
    };
    let call = feedback.call().map_err(|bad: BadInput| bad.to_string())?;
    let decision = cx.store.decision(event);
    let seen = decision.map(|decision| Seen {
        label: decision.label.clone(),
        confidence: decision.confidence.map(|confidence| confidence.raw),
        outlier: decision.outlier,
        ..Seen::default()
    });
    Ok(Draft {
        act: Act::Label { feedback, digit },
        call,
        grace: cx.prefs.label_grace,
        seen,
    })
}
