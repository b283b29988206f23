//! The shell's rows of the registry: what every pane has.

use super::finder::Finder;
use super::shell::{Overlay, Shell};
use crate::command::{Ask, Cx, PaneId, Row, Take, always};
use crate::export::Format;
use crate::store::Store;
use crate::ui::table::ListState;

/// What every pane has.
pub(super) const ROWS: &[Row<Shell>] = &[
    row("shell.down", "down", &["j", "down", "^n"], "", |shell, cx| {
        step(shell, cx, |list, len| list.step(1, len))
    }),
    row("shell.up", "up", &["k", "up", "^p"], "", |shell, cx| {
        step(shell, cx, |list, len| list.step(-1, len))
    }),
    row("shell.half-down", "half a page down", &["^d"], "", |shell, cx| {
        step(shell, cx, |list, len| list.page(0.5, len))
    }),
    row("shell.half-up", "half a page up", &["^u"], "", |shell, cx| {
        step(shell, cx, |list, len| list.page(-0.5, len))
    }),
    row("shell.page-down", "a page down", &["pgdn"], "", |shell, cx| {
        step(shell, cx, |list, len| list.page(1.0, len))
    }),
    row("shell.page-up", "a page up", &["pgup"], "", |shell, cx| {
        step(shell, cx, |list, len| list.page(-1.0, len))
    }),
    row("shell.first", "first", &["g g", "home"], "", |shell, cx| {
        step(shell, cx, |list, _| {
            list.first();
            true
        });
    }),
    row("shell.last", "last", &["G", "end"], "", |shell, cx| {
        step(shell, cx, |list, len| {
            list.last(len);
            true
        });
    }),
    row("shell.scroll-down", "scroll the detail down", &["J"], "", |shell, _| {
        shell.pane_mut().scroll(1)
    }),
    row("shell.scroll-up", "scroll the detail up", &["K"], "", |shell, _| {
        shell.pane_mut().scroll(-1)
    }),
    row("shell.go-jobs", "go to Jobs", &["g j"], "", |_, cx| cx.go(PaneId::Jobs, None)),
    row("shell.go-triage", "go to Triage", &["g t"], "", |_, cx| cx.go(PaneId::Triage, None)),
    row("shell.go-devices", "go to Devices", &["g d"], "", |_, cx| cx.go(PaneId::Devices, None)),
    row("shell.go-endpoint", "go to Endpoint", &["g e"], "", |_, cx| cx.go(PaneId::Endpoint, None)),
    row("shell.go-search", "go to Advanced search", &["g s"], "", |_, cx| {
        cx.go(PaneId::Search, None)
    }),
    row("shell.go-watched", "go to the Watched list", &["g w"], "", |_, cx| {
        cx.go(PaneId::Watched, None)
    }),
    row("shell.go-evidence", "go to the Evidence basket", &["g v"], "", |_, cx| {
        cx.go(PaneId::Evidence, None)
    }),
    row("shell.go-breaches", "go to model Breaches", &["g b"], "", |_, cx| {
        cx.go(PaneId::Breaches, None)
    }),
    row("shell.go-activity", "go to Activity", &["g a"], "", |_, cx| cx.go(PaneId::Activity, None)),
    row("shell.back", "back where I was", &["-", "g -"], "back", Shell::back),
    row("shell.forward", "forward again", &["_", "g _"], "", Shell::forward),
    row("shell.undo", "take the last write back while it is not sent", &["u"], "", Shell::undo),
    row("shell.refresh", "read what is shown again", &["r"], "refresh", |shell, cx| {
        shell.pane_mut().refresh(cx)
    }),
    row("shell.clock", "times in UTC, local, or as ages", &["Z"], "", |shell, _| {
        shell.mode = shell.mode.next()
    }),
    row("shell.copy-id", "copy: id", &["y i"], "", |shell, cx| shell.copy(Take::Id, cx)),
    row("shell.copy-line", "copy: line", &["y y"], "copy", |shell, cx| shell.copy(Take::Line, cx)),
    row("shell.copy-markdown", "copy: ticket text (Markdown)", &["y m"], "", |shell, cx| {
        shell.copy(Take::Markdown, cx)
    }),
    row("shell.copy-json", "copy: JSON", &["y j"], "", |shell, cx| shell.copy(Take::Json, cx)),
    row("shell.copy-link", "copy: link to its page in the product", &["y l"], "", |shell, cx| {
        shell.copy(Take::Link, cx)
    }),
    row("shell.plain", "copy: by mouse, from a plain screen", &["y p"], "", Shell::plain),
    row("shell.copy-indicator", "copy: indicator, defanged", &["y o"], "", |shell, cx| {
        shell.copy(Take::Indicator, cx)
    }),
    row("shell.copy-raw", "copy: indicator as it is", &["y O"], "", |shell, cx| {
        shell.copy(Take::Raw, cx)
    }),
    // Two keys, not `P`: pieces of a terminal's late answers must not start a program.
    row("shell.page", "read what is under the cursor in your pager", &["y P"], "", Shell::page),
    row("shell.pin", "pin what is under the cursor to the evidence", &["m"], "pin", Shell::pin),
    row(
        "shell.export-markdown",
        "export what is shown: Markdown",
        &["x m"],
        "export",
        |shell, cx| shell.export(Format::Markdown, cx),
    ),
    row("shell.export-csv", "export what is shown: CSV", &["x c"], "", |shell, cx| {
        shell.export(Format::Csv, cx)
    }),
    row("shell.export-json", "export what is shown: JSON", &["x j"], "", |shell, cx| {
        shell.export(Format::Json, cx)
    }),
    row("shell.mouse", "mouse on or off", &["%"], "", Shell::toggle_mouse),
    row(
        "shell.command",
        "command line: actions, and the products' commands by name",
        &[":"],
        "command",
        |shell, cx| {
            let finder = Finder::command(shell, cx);
            shell.overlay = Some(Overlay::Finder(finder));
        },
    ),
    row("shell.help", "help: every key; Enter runs the line", &["?"], "help", |shell, _| {
        let finder = Finder::help(shell);
        shell.overlay = Some(Overlay::Finder(finder));
    }),
    row("shell.redraw", "draw the screen anew", &["^l"], "", |_, cx| cx.asks.push(Ask::Redraw)),
    row("shell.suspend", "suspend the program", &["^z"], "", |_, cx| cx.asks.push(Ask::Suspend)),
    row("shell.quit", "quit; asks when something is unsent", &["q"], "quit", Shell::quit),
];

const fn row(
    id: &'static str,
    title: &'static str,
    keys: &'static [&'static str],
    hint: &'static str,
    run: fn(&mut Shell, &mut Cx<'_>),
) -> Row<Shell> {
    Row { id, title, keys, hint, ready: always, run }
}

/// Moves in the pane's list, and tells the pane.
fn step(shell: &mut Shell, cx: &mut Cx<'_>, by: impl FnOnce(&mut ListState, usize) -> bool) {
    let store: &Store = cx.store;
    let moved = shell.pane_mut().list(store).is_some_and(|(list, len)| by(list, len));
    if moved {
        shell.pane_mut().moved(cx);
    }
}
