//! How many model breaches the device under the cursor had lately: one small read, once the cursor rests on it.

use std::time::{Duration, Instant};

use ratatui::style::Style;
use ratatui::text::Span;

use super::{EndpointPane, Part};
use crate::api::darktrace::device_breaches::DeviceBreaches;
use crate::command::Cx;
use crate::job::Policy;
use crate::panes::paint::Look;
use crate::store::{Remote, Store};

/// How long the cursor rests before anything is asked: a held key asks nothing.
const REST: Duration = Duration::from_millis(200);

/// The device that is asked about, and when.
#[derive(Debug, Default)]
pub(super) struct Rest {
    did: Option<i64>,
    pub(super) at: Option<Instant>,
}

impl EndpointPane {
    fn rested(&self, store: &Store) -> Option<i64> {
        let did = self.device(store).and_then(|device| device.did);
        did.filter(|did| *did > 0 && self.part == Part::Devices)
    }

    /// Follows the cursor: another device is asked about after a rest.
    pub(super) fn follow(&mut self, cx: &mut Cx<'_>) {
        let did = self.rested(cx.store);
        if did != self.rest.did {
            self.rest = Rest { did, at: did.map(|_| cx.now.instant + REST) };
        }
    }

    pub(super) fn ask_breaches(&mut self, cx: &mut Cx<'_>) {
        if self.rest.at.is_none_or(|at| at > cx.now.instant) {
            return;
        }
        self.rest.at = None;
        let Some(did) = self.rest.did else { return };
        if cx.store.breaches.of_device.get(&(did, true)).is_none_or(Remote::is_untouched) {
            cx.store.ask(DeviceBreaches::recent(did, cx.now.wall), Policy::Join, cx.now);
        }
    }

    /// `did 12  breaches 24h 0  7d 2`, where that was read.
    pub(super) fn breached(&self, store: &Store, look: &Look<'_>) -> Vec<Span<'static>> {
        let did = self.rested(store);
        let counts = did.and_then(|did| Some((did, store.breaches.counts(did, look.clock.now)?)));
        let Some((did, (day, week))) = counts else {
            return Vec::new();
        };
        let style = if day > 0 { look.theme.warn } else { Style::new() };
        vec![
            Span::styled(format!("   did {did}  breaches "), look.theme.dim),
            Span::styled(format!("24h {day}"), style),
            Span::raw(format!("  7d {week}")),
        ]
    }
}
