//! The rows of Devices in the registry, and when each can be done.

use super::{DevicesPane, Part};
use crate::command::{PaneId, Ready, Row, always};
use crate::panes::Rows;
use crate::store::Store;

impl Rows for DevicesPane {
    const ID: PaneId = PaneId::Devices;
    const ROWS: &'static [Row<Self>] = &[
        Row {
            id: "devices.find",
            title: "find devices by number, text or tag:name; empty: those seen last",
            keys: &["/"],
            hint: "find",
            ready: always,
            run: Self::find,
        },
        Row {
            id: "devices.open",
            title: "open what is under the cursor: a device, or the devices with a tag",
            keys: &["enter"],
            hint: "open",
            ready: has_row,
            run: Self::open_row,
        },
        Row {
            id: "devices.next-part",
            title: "next part: info, tags, similar, peers, breaches, chart",
            keys: &["tab"],
            hint: "parts",
            ready: always,
            run: |pane, cx| pane.turn(1, cx),
        },
        Row {
            id: "devices.previous-part",
            title: "previous part",
            keys: &["s-tab"],
            hint: "",
            ready: always,
            run: |pane, cx| pane.turn(Part::ALL.len() - 1, cx),
        },
        Row {
            id: "devices.tag",
            title: "put a tag on the device…",
            keys: &["t"],
            hint: "tag",
            ready: has_device,
            run: Self::tag_device,
        },
        Row {
            id: "devices.untag",
            title: "remove a tag from the device…",
            keys: &["X"],
            hint: "remove",
            ready: has_tag,
            run: Self::untag_device,
        },
        Row {
            id: "devices.metric",
            title: "chart: connections, size out, size in",
            keys: &["M"],
            hint: "metric",
            ready: has_device,
            run: Self::next_metric,
        },
        Row {
            id: "devices.narrow",
            title: "chart: narrow to a domain or a destination; empty shows all again",
            keys: &["D"],
            hint: "narrow",
            ready: has_device,
            run: Self::ask_narrow,
        },
        Row {
            id: "devices.beside",
            title: "chart: similar devices beside it, or not",
            keys: &["+"],
            hint: "similar",
            ready: has_device,
            run: Self::toggle_beside,
        },
        Row {
            id: "devices.numbers",
            title: "chart: numbers instead of the picture",
            keys: &["#"],
            hint: "numbers",
            ready: has_device,
            run: Self::toggle_numbers,
        },
        Row {
            id: "devices.more",
            title: "read the next page of the search",
            keys: &[">"],
            hint: "",
            ready: has_more,
            run: Self::more,
        },
    ];
}

fn has_row(pane: &DevicesPane, store: &Store) -> Ready {
    let full = match pane.part {
        Part::List => pane.device(store).is_some(),
        Part::Tags => pane.tag(store).is_some(),
        Part::Similar => pane.alike(store).is_some(),
        Part::Peers => pane.met(store).len() > pane.peers.cursor(),
        Part::Breaches => pane.breached(store).len() > pane.breaches.cursor(),
        Part::Chart => return Err("a chart has nothing to open".into()),
    };
    if full { Ok(()) } else { Err("there is nothing under the cursor".into()) }
}

fn has_device(pane: &DevicesPane, store: &Store) -> Ready {
    match pane.did(store) {
        Some(did) if did > 0 => Ok(()),
        Some(did) => Err(format!("{did} is a group of devices, not a device").into()),
        None => Err("there is no device under the cursor".into()),
    }
}

fn has_tag(pane: &DevicesPane, store: &Store) -> Ready {
    has_device(pane, store)?;
    if pane.tags_of(store).is_empty() { Err("the device carries no tag".into()) } else { Ok(()) }
}

fn has_more(pane: &DevicesPane, store: &Store) -> Ready {
    let Some((_, have, total)) = pane.reach(store) else {
        return Err("only a search has pages: / finds devices by text".into());
    };
    if total.is_some_and(|total| total <= have) {
        Err("all devices of the search are here".into())
    } else {
        Ok(())
    }
}
