//! Views kept under a name: the sheet that `F` opens, going through them, showing one by its name.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::TriagePane;
use super::filter::Filter;
use super::over::Over;
use super::view::{self, View};
use crate::command::{Cx, Prefs, Tone};
use crate::outbox::Moment;
use crate::panes::paint::Look;
use crate::panes::saved::{Deed, Item, Sheet};
use crate::store::Store;
use crate::views::{self, Change, Kind, ORDERS, Saved, SavedView};

/// The open sheet, with the views as they were when it was opened or last changed.
pub(super) struct Shelf {
    pub sheet: Sheet,
    pub views: Vec<View>,
    pub items: Vec<Item>,
}

impl Shelf {
    pub(super) fn draw(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let foot =
            store.views_fault().unwrap_or("+ keeps the view, filter and order on the screen");
        self.sheet.draw(("VIEWS", foot), &self.items, look, area, buf)
    }
}

impl TriagePane {
    /// Opens the sheet of views.
    pub(super) fn open_views(&mut self, cx: &mut Cx<'_>) {
        let (views, items) = self.shelf_of(cx.store, cx.prefs, cx.now);
        let sheet = Sheet::new(&items);
        self.over = Some(Over::Views(Box::new(Shelf { sheet, views, items })));
    }

    /// The views and their lines, each with how many events it holds now.
    fn shelf_of(&self, store: &Store, prefs: &Prefs, now: Moment) -> (Vec<View>, Vec<Item>) {
        let views = View::all(store, self.job.as_ref());
        let items = views.iter().map(|one| {
            let count = self.job.as_ref().map_or(0, |job| {
                view::shown(store, job, one, &Filter::default(), prefs, now).len()
            });
            Item {
                name: one.name(),
                about: format!("{count:>4}  {}", one.about(prefs.low_confidence)),
                own: matches!(one, View::Own(_)),
                here: *one == self.view,
            }
        });
        let items = items.collect();
        (views, items)
    }

    /// Shows a view, in the order it wants; the order before comes back with a view that wants none.
    pub(super) fn enter(&mut self, view: View, cx: &mut Cx<'_>) {
        let wanted = view.order();
        if let Some(queue) = self.job.as_ref().and_then(|job| cx.store.queues.get_mut(job)) {
            let before = queue.order();
            let order = match wanted {
                Some(order) => {
                    self.order_before.get_or_insert(before);
                    order
                }
                None => self.order_before.take().unwrap_or(before),
            };
            if order != before {
                queue.sort(order);
            }
        }
        self.view = view;
        self.reshow(cx);
        self.settle(cx);
        self.watch(cx);
    }

    pub(super) fn turn_view(&mut self, by: isize, cx: &mut Cx<'_>) {
        let views: Vec<View> = View::all(cx.store, self.job.as_ref())
            .into_iter()
            .filter(|view| view.fault().is_none())
            .collect();
        let here = views.iter().position(|view| *view == self.view).unwrap_or(0);
        let there = (here as isize + by).rem_euclid(views.len() as isize) as usize;
        self.enter(views[there].clone(), cx);
        self.say_view(Some((there + 1, views.len())), cx);
    }

    fn say_view(&self, place: Option<(usize, usize)>, cx: &mut Cx<'_>) {
        let place = place.map(|(at, of)| format!(" {at} of {of}")).unwrap_or_default();
        let count = self.shown.len();
        cx.say(Tone::Fine, format!("view{place}: {}, {count} events", self.view.name()));
    }

    /// Shows the view of that name.
    pub(super) fn show_named(&mut self, name: &str, cx: &mut Cx<'_>) {
        let views = View::all(cx.store, self.job.as_ref());
        let exact = views.iter().find(|view| views::same(&view.name(), name)).cloned();
        let typed = name.to_lowercase();
        let mut begun = views.iter().filter(|view| view.name().to_lowercase().starts_with(&typed));
        // What only one view's name begins with is that view.
        let only = match (begun.next(), begun.next()) {
            (Some(view), None) => Some(view.clone()),
            _ => None,
        };
        let Some(view) = exact.or_else(|| View::named(name)).or(only) else {
            return cx.say(Tone::Mind, format!("there is no view {name}; F lists them"));
        };
        if let Some(why) = view.fault() {
            let words = format!("view {name} cannot be shown: {why}; F, then e mends it");
            return cx.say(Tone::Mind, words);
        }
        self.enter(view, cx);
        self.say_view(None, cx);
    }

    /// Does what the sheet was asked. Returns what lies over the list afterwards.
    pub(super) fn shelf_deed(
        &mut self,
        deed: Deed,
        mut shelf: Box<Shelf>,
        cx: &mut Cx<'_>,
    ) -> Option<Over> {
        let done = match deed {
            Deed::Close => return None,
            Deed::Stay | Deed::Answered(_) => Ok(()),
            Deed::Open(at) => match shelf.views.get(at).map(|view| (view, view.fault())) {
                Some((view, None)) => {
                    self.enter(view.clone(), cx);
                    self.say_view(None, cx);
                    return None;
                }
                Some((_, Some(why))) => Err(format!("{why}; e mends it")),
                None => Ok(()),
            },
            Deed::Edit(at) => {
                if let Some(View::Own(own)) = shelf.views.get(at) {
                    let saved = &own.saved;
                    let part = |name: &str, value: &str| (name.to_owned(), value.to_owned());
                    let parts = vec![
                        part("filter", &saved.filter),
                        part(
                            &format!("order ({}, or empty)", ORDERS.join(" ")),
                            saved.order.as_deref().unwrap_or_default(),
                        ),
                        part(
                            "built-in view it narrows, or empty",
                            saved.view.as_deref().unwrap_or_default(),
                        ),
                    ];
                    shelf.sheet.edit(at, parts);
                }
                Ok(())
            }
            Deed::Edited(at, values) => match (shelf.views.get(at), edited(&values)) {
                (Some(View::Own(own)), Ok(parts)) => {
                    let after = SavedView { name: own.saved.name.clone(), ..parts };
                    self.replace(&own.saved.name.clone(), &after, &mut shelf, cx)
                }
                (_, Err((part, why))) => {
                    shelf.sheet.complain_of(part, why);
                    Ok(())
                }
                _ => Ok(()),
            },
            Deed::Rename(at, name) => match (shelf.views.get(at), own_name(&name)) {
                (Some(View::Own(own)), Ok(name)) => {
                    let after = SavedView { name, ..own.saved.clone() };
                    self.replace(&own.saved.name.clone(), &after, &mut shelf, cx)
                }
                (_, Err(why)) => Err(why),
                _ => Ok(()),
            },
            Deed::Add(name) => self.keep_view(&name, &mut shelf, cx),
            Deed::Remove(at) => match shelf.views.get(at) {
                Some(View::Own(own)) => {
                    let name = own.saved.name.clone();
                    let change =
                        Change { kind: Kind::View, before: Some(name.clone()), after: None };
                    let done = cx.store.change_views(change);
                    if done.is_ok() {
                        if self.view.name() == name {
                            self.enter(View::All, cx);
                        }
                        let last = cx.store.views_last();
                        cx.say(Tone::Fine, format!("view {name} is removed{last}"));
                        self.restock(&mut shelf, "", cx);
                    }
                    done
                }
                _ => Ok(()),
            },
        };
        if let Err(why) = done {
            shelf.sheet.complain(why);
        }
        Some(Over::Views(shelf))
    }

    /// Keeps what is on the screen under a name; it is the view that is shown then.
    fn keep_view(&mut self, name: &str, shelf: &mut Shelf, cx: &mut Cx<'_>) -> Result<(), String> {
        let name = own_name(name)?;
        let order = self.queue(cx.store).map(|queue| queue.order()).unwrap_or_default();
        let saved = self.view.keep(name.clone(), &self.filter, order);
        let after = Some(Saved::View(saved.clone()));
        cx.store.change_views(Change { kind: Kind::View, before: None, after })?;
        self.filter = Filter::default();
        self.anchor = None;
        self.enter(View::own(&saved), cx);
        let last = cx.store.views_last();
        cx.say(Tone::Fine, format!("view {name} is kept{last}; , and . go through the views"));
        self.restock(shelf, &name, cx);
        Ok(())
    }

    fn replace(
        &mut self,
        before: &str,
        after: &SavedView,
        shelf: &mut Shelf,
        cx: &mut Cx<'_>,
    ) -> Result<(), String> {
        cx.store.change_views(Change {
            kind: Kind::View,
            before: Some(before.to_owned()),
            after: Some(Saved::View(after.clone())),
        })?;
        if self.view.name() == before {
            self.enter(View::own(after), cx);
        }
        cx.say(Tone::Fine, format!("view {} is changed{}", after.name, cx.store.views_last()));
        self.restock(shelf, &after.name, cx);
        Ok(())
    }

    /// The sheet's lines as they are now, the cursor on the view of that name.
    fn restock(&self, shelf: &mut Shelf, name: &str, cx: &Cx<'_>) {
        (shelf.views, shelf.items) = self.shelf_of(cx.store, cx.prefs, cx.now);
        shelf.sheet.done(&shelf.items, name);
    }
}

/// A name for a view of one's own.
fn own_name(text: &str) -> Result<String, String> {
    let name = views::name(text)?;
    match View::named(&name) {
        Some(view) => Err(format!("{} is a built-in view; choose another name", view.name())),
        None => Ok(name),
    }
}

/// The parts of a view as they were typed; the part that is wrong, and why.
fn edited(values: &[String]) -> Result<SavedView, (usize, String)> {
    let part = |at: usize| values.get(at).map_or("", String::as_str).trim().to_owned();
    let some = |text: String| (!text.is_empty()).then_some(text);
    let filter = part(0);
    Filter::parse(&filter).map_err(|why| (0, why))?;
    let order = some(part(1));
    if let Some(word) = order.as_deref().filter(|word| view::order(word).is_none()) {
        return Err((1, format!("{word} is no order: {}, or nothing", ORDERS.join(", "))));
    }
    let base = some(part(2));
    if let Some(name) = base.as_deref().filter(|name| View::named(name).is_none()) {
        return Err((2, format!("{name} is no built-in view")));
    }
    let view = base.and_then(|name| View::named(&name)).map(|view| view.name());
    Ok(SavedView { name: String::new(), view, filter, order })
}

#[cfg(test)]
mod tests;
