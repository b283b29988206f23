//! Asking ahead, politely: only after a person has rested where they are, a few questions at a time, each once.

use std::time::{Duration, Instant};

use crate::command::Cx;
use crate::job::Policy;
use crate::store::Lands;

/// How long a person rests before anything is asked ahead: whoever passes by asks nothing.
const REST: Duration = Duration::from_millis(200);

/// Whether it may be asked.
#[derive(Debug, Default)]
pub(super) struct Rest {
    until: Option<Instant>,
    /// How much longer than usual.
    extra: Duration,
    /// The person has rested and nobody has stopped the asking.
    pub(super) open: bool,
}

impl Rest {
    /// A rest that takes so much longer than the usual one.
    pub(super) fn longer(extra: Duration) -> Self {
        Self { extra, ..Self::default() }
    }

    /// The person went on.
    pub(super) fn moved(&mut self, now: Instant) {
        self.until = Some(now + REST + self.extra);
        self.open = false;
    }

    /// A person stopped it.
    pub(super) fn stop(&mut self) {
        *self = Self::longer(self.extra);
    }

    /// When [`Self::tick`] is wanted.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.until
    }

    /// Looks at the clock.
    pub(super) fn tick(&mut self, now: Instant) {
        if self.until.is_some_and(|until| until <= now) {
            self.until = None;
            self.open = true;
        }
    }
}

/// Asks unless it was asked before, or the owner has enough under way.
pub(super) fn fresh<O: Lands>(operation: O, at_once: usize, cx: &mut Cx<'_>) {
    let owner = cx.store.owner;
    let busy = cx.store.jobs.live().filter(|(_, live)| live.owner == owner).count();
    if busy < at_once && operation.remote(cx.store).is_untouched() {
        cx.store.ask(operation, Policy::Join, cx.now);
    }
}
