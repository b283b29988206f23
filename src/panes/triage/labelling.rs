//! The way of a digit: which label it means, whether it may be sent, where the cursor goes afterwards.

use super::TriagePane;
use super::bulk::{self, Bulk, MOST};
use super::known::Known;
use super::over::Over;
use crate::api::arcanna::events::ExportEvent;
use crate::api::arcanna::feedback::Feedback;
use crate::api::arcanna::{EventId, EventState, JobId};
use crate::api::{BadInput, Operation};
use crate::command::{Cx, Tone};
use crate::job::Policy;
use crate::outbox::{Act, Draft, Seen};
use crate::store::{Digits, EventKey, LabelState, Source, Store, key};

impl TriagePane {
    /// Stages the label of the pressed digit for the event under the cursor, or asks about the marked ones.
    pub(super) fn label(&mut self, cx: &mut Cx<'_>) {
        let (Some(event), Some(digit)) = (self.current(), cx.key) else {
            return;
        };
        let label = match chosen(&event.job, digit, cx) {
            Ok(label) => label,
            Err(why) => return cx.say(Tone::Mind, why),
        };
        if !self.marks.is_empty() {
            return self.ask_about_marks(&event.job, label, digit, cx);
        }
        match draft(&event, &label, digit, cx) {
            Ok(draft) => {
                let note = self.notes.get(&event).cloned();
                cx.store.stage_label(event, Draft { note, ..draft });
            }
            Err(why) => cx.say(Tone::Mind, why),
        }
    }

    /// Pins the digits anew: a person has seen that the decision set changed.
    pub(super) fn pin(&mut self, cx: &mut Cx<'_>) {
        let Some(job) = self.job.clone() else { return };
        match cx.store.digits(&job) {
            Digits::Changed { .. } => {
                cx.store.repin(&job);
                cx.say(Tone::Fine, "the digits of the labels are pinned anew");
            }
            Digits::Ready(_) => cx.say(Tone::Fine, "the decision set is the one that was pinned"),
            Digits::Unknown => cx.say(Tone::Mind, "the decision set is not read yet"),
        }
    }

    fn ask_about_marks(&mut self, job: &JobId, label: String, digit: char, cx: &mut Cx<'_>) {
        // In the list's order, whatever order they were marked in.
        let events: Vec<_> = self
            .queue(cx.store)
            .into_iter()
            .flat_map(|queue| queue.lines())
            .filter(|line| self.marks.contains(&line.event))
            .map(|line| line.event.clone())
            .collect();
        if events.len() > MOST {
            let words = format!(
                "{} are marked; at most {MOST} are labelled at once: filter further, or ^G and mark fewer",
                events.len()
            );
            return cx.say(Tone::Mind, words);
        }
        let count = events.len();
        self.over = Some(Over::Bulk(Box::new(Bulk {
            job: job.clone(),
            label,
            digit,
            events,
            origin: self.origin(),
            frozen: cx.now.wall,
            answer: bulk::question(count),
            refused: None,
            listing: None,
        })));
    }

    /// Stages one label for each event of the sheet, all of one batch. The label must still be in the job's set.
    pub(super) fn label_all(&mut self, bulk: &Bulk, cx: &mut Cx<'_>) -> Result<(), String> {
        if chosen(&bulk.job, bulk.digit, cx)? != bulk.label {
            return Err("the labels of the job changed meanwhile; nothing was labelled".to_owned());
        }
        let here = self.current();
        let note = here.as_ref().and_then(|event| self.notes.get(event)).cloned();
        let batch = Some(cx.store.writes.new_batch());
        let drafts: Vec<(EventKey, Draft)> = bulk
            .events
            .iter()
            .map(|event| {
                let event = key(&bulk.job, event);
                let draft = draft(&event, &bulk.label, bulk.digit, cx)?;
                Ok((event, draft))
            })
            .collect::<Result<_, String>>()?;
        let count = drafts.len();
        for (event, draft) in drafts {
            let draft = Draft { note: note.clone(), batch, grace: cx.prefs.outward_grace, ..draft };
            cx.store.stage_label(event, draft);
        }
        self.marks.clear();
        let grace = cx.prefs.outward_grace.as_secs();
        cx.say(
            Tone::Fine,
            format!(
                "{count} labels {}; they are sent in {grace} s, u takes all of them back",
                bulk.label
            ),
        );
        Ok(())
    }

    /// Flags the event for a second pair of eyes, or no longer; goes on to the next.
    pub(super) fn second_opinion(&mut self, cx: &mut Cx<'_>) {
        let Some(event) = self.current() else { return };
        let Some(queue) = cx.store.queues.get_mut(&event.job) else {
            return;
        };
        if queue.toggle_second(&event.event) {
            cx.store.sitting.second += 1;
            cx.say(
                Tone::Fine,
                "second opinion: flagged here, nothing is sent; 0 again takes it away",
            );
            self.go_on(&event, cx);
        } else {
            cx.store.sitting.second = cx.store.sitting.second.saturating_sub(1);
            cx.say(Tone::Fine, "the flag is gone");
        }
    }

    /// Moves the event to the end of this session's queue and the cursor to the next.
    pub(super) fn skip(&mut self, cx: &mut Cx<'_>) {
        let Some(EventKey { job, event }) = self.current() else {
            return;
        };
        let next = self.place_of(&event).and_then(|at| self.shown.get(at + 1)).cloned();
        if let Some(queue) = cx.store.queues.get_mut(&job) {
            queue.skip(&event);
            cx.store.sitting.skipped += 1;
        }
        self.put(next.or(Some(event)), cx);
        self.settle(cx);
        self.watch(cx);
    }

    /// After the outbox has kept the label of the event under the cursor, goes on to the next that wants one.
    pub(super) fn advance(&mut self, cx: &mut Cx<'_>) {
        let staged = std::mem::take(&mut cx.store.writes.just_staged);
        for event in &staged {
            self.notes.remove(event);
        }
        // Said before the cursor moves on: what that has to say counts more.
        if let Some(news) = cx.store.sitting.take_news() {
            cx.say(Tone::Fine, news);
        }
        let rest: usize = staged.iter().map(|event| self.put_rest_off(event, cx)).sum();
        let here = self.current().filter(|here| staged.contains(here));
        let went = here.is_none_or(|here| self.go_on(&here, cx));
        if rest > 0 {
            let others = if rest == 1 { "other goes" } else { "others go" };
            let all = if went { "" } else { "; every event of this list has a label" };
            let words = format!(
                "one vote for its bucket: {rest} {others} to the end of the queue (view Skipped){all}"
            );
            cx.say(Tone::Fine, words);
        }
        self.bring_back(cx);
    }

    /// Goes on to the next event that wants a label. Returns whether there is one.
    fn go_on(&mut self, here: &EventKey, cx: &mut Cx<'_>) -> bool {
        let next = self.next_unlabelled(cx.store, Some(here));
        match next {
            Some(next) => {
                let event = self.shown.get(next).cloned();
                self.put(event, cx);
                self.watch(cx);
            }
            None => cx.say(Tone::Fine, "every event of this list has a label"),
        }
        next.is_some()
    }

    /// Moves what shares a bucket with an event that was just labelled to the end of the queue, where a person set it so.
    /// What is under the cursor stays where it is. Returns how many were moved.
    fn put_rest_off(&mut self, event: &EventKey, cx: &mut Cx<'_>) -> usize {
        if !cx.prefs.skip_bucket || self.job.as_ref() != Some(&event.job) {
            return 0;
        }
        // A bulk label names its events one by one: what was not named stays.
        let alone = match cx.store.writes.label(event) {
            LabelState::Kept(row, _) => row.draft.batch.is_none(),
            LabelState::None | LabelState::Staging => false,
        };
        let Some(queue) = self.queue(cx.store).filter(|_| alone) else {
            return 0;
        };
        let labelled = |other: &EventId| {
            !matches!(cx.store.writes.label(&key(&event.job, other)), LabelState::None)
        };
        let rest: Vec<EventId> = queue
            .bucket(&event.event)
            .iter()
            .filter(|other| **other != event.event && Some(*other) != self.event.as_ref())
            .filter(|other| !queue.is_skipped(other) && !labelled(other))
            .cloned()
            .collect();
        if rest.is_empty() {
            return 0;
        }
        let in_step = queue.generation() == self.generation;
        let Some(queue) = cx.store.queues.get_mut(&event.job) else { return 0 };
        let places = queue.put_off(&rest);
        if in_step {
            // Only these lines move: what else is shown stays as it was worked out.
            self.generation = queue.generation();
        }
        let cursor = self.list.cursor();
        let above = self.shown.iter().take(cursor).filter(|one| rest.contains(one)).count();
        let (off, kept): (Vec<EventId>, Vec<EventId>) =
            std::mem::take(&mut self.shown).into_iter().partition(|one| rest.contains(one));
        self.shown = kept;
        self.shown.extend(off);
        self.list.shift(-(above as isize));
        self.put_off.push((event.clone(), places));
        rest.len()
    }

    /// A label that was taken back brings the rest of its bucket back with it.
    fn bring_back(&mut self, cx: &mut Cx<'_>) {
        let writes = &cx.store.writes;
        let (kept, undone): (Vec<_>, Vec<_>) = std::mem::take(&mut self.put_off)
            .into_iter()
            .partition(|(event, _)| !matches!(writes.label(event), LabelState::None));
        self.put_off = kept;
        for (event, places) in undone {
            if let Some(queue) = cx.store.queues.get_mut(&event.job) {
                queue.put_back(&places);
            }
        }
    }

    /// The next shown event that wants a label, after `from` and then from the top.
    pub(super) fn next_unlabelled(&self, store: &Store, from: Option<&EventKey>) -> Option<usize> {
        let job = self.job.as_ref()?;
        let start = from.and_then(|from| self.place_of(&from.event)).map_or(0, |index| index + 1);
        let count = self.shown.len();
        (0..count).map(|step| (start + step) % count).find(|index| {
            let event = key(job, &self.shown[*index]);
            store.wants_label(&event) && from != Some(&event)
        })
    }

    /// How many shown events want a label.
    pub(super) fn left(&self, store: &Store) -> usize {
        let Some(job) = &self.job else { return 0 };
        self.shown.iter().filter(|event| store.wants_label(&key(job, event))).count()
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
            let state =
                cx.store.decision(&key(&job, &event)).map(|decision| decision.state.clone());
            match state {
                Some(EventState::Pending) => self.polls.pending(&event, cx.now),
                _ => self.polls.forget(&event),
            }
            if outdated(cx.store, &key(&job, &event)) {
                cx.store.ask(ExportEvent { job: job.clone(), event }, Policy::Join, cx.now);
            }
        }
    }
}

/// Whether the whole event was read while it still waited for its decision, and the decision has come since: what the
/// pipeline did with it is known only now.
fn outdated(store: &Store, event: &EventKey) -> bool {
    let Some(status) = store.decisions.get(event) else {
        return false;
    };
    if status.value().is_none_or(|decision| decision.state == EventState::Pending) {
        return false;
    }
    let export = store.exports.get(event);
    let tried = export.and_then(|export| {
        let failed = export.error.as_ref().map(|(_, at)| *at);
        export.fetched.max(failed)
    });
    // Asked once for each answer, whatever comes of it.
    if tried >= status.fetched || export.is_some_and(|export| export.pending) {
        return false;
    }
    let block = Known::of(store, event).block();
    let waited = block.map(|block| block.decision.state == EventState::Pending);
    // A whole event that says nothing of a decision was read before there was one.
    waited.unwrap_or(export.is_some())
}

/// The label a digit means in a job, or why it means none.
fn chosen(job: &JobId, digit: char, cx: &Cx<'_>) -> Result<String, String> {
    if cx.prefs.read_only {
        return Err("read-only: nothing is labelled".to_owned());
    }
    let digits = match cx.store.digits(job) {
        Digits::Ready(digits) => digits,
        Digits::Unknown => {
            return Err(format!("the decision set of job {job} is not known yet; r reads it"));
        }
        Digits::Changed { .. } => {
            return Err(
                "the decision set changed: labelling waits until L pins its digits anew".to_owned()
            );
        }
    };
    if let Some((_, label)) = digits.iter().find(|(known, _)| *known == digit) {
        return Ok(label.clone());
    }
    let known: Vec<String> =
        digits.iter().map(|(digit, label)| format!("{digit} {label}")).collect();
    Err(format!("no label {digit} in this job: {}", known.join("  ")))
}

/// The write a label means, or why it cannot be made.
fn draft(event: &EventKey, label: &str, digit: char, cx: &Cx<'_>) -> Result<Draft, String> {
    let Some(analyst) = &cx.prefs.analyst else {
        return Err(
            "whose vote is it? Set username under [analyst], or SOCDECK_USERNAME".to_owned()
        );
    };
    let feedback = Feedback {
        job: event.job.clone(),
        event: event.event.clone(),
        label: label.to_owned(),
        username: analyst.clone(),
    };
    let call = feedback.call().map_err(|bad: BadInput| bad.to_string())?;
    let decision = cx.store.decision(event);
    let seen = Seen {
        label: decision.and_then(|decision| decision.label.clone()),
        confidence: decision.and_then(|decision| decision.confidence).map(|sure| sure.raw),
        outlier: decision.and_then(|decision| decision.outlier),
        blind: decision.is_some_and(|decision| decision.label.is_some())
            && cx.store.is_blind(event),
        others_revealed: cx.store.votes_seen(event),
        ..Seen::default()
    };
    Ok(Draft {
        act: Act::Label { feedback, digit },
        call,
        grace: cx.prefs.label_grace,
        seen: Some(seen),
        note: None,
        batch: None,
    })
}
