//! Which rows moved as a band between two frames, so that the terminal can move them instead of being sent them again.
//!
//! Pure: frames in, a band out. A band is only worth it when the cells it saves outnumber those it costs.

use ratatui::buffer::{Buffer, Cell};

/// Fewer changed cells than this are sent as they are: a cursor that moved, a word that changed.
pub const WORTH_LOOKING: usize = 120;

/// What a band must save, in cells, to be worth its commands.
const WORTH_MOVING: i32 = 60;

/// Fewer rows that moved are not looked at further.
const ROWS: usize = 2;

/// What erasing a row costs, in cells.
const ERASING: i32 = 6;

/// How far rows are looked for: a row at the edge of a list, a step of the wheel, half a page of a short list.
const FARTHEST: u16 = 3;

/// Rows `top..=bottom` of the terminal move `by` rows up or down; what enters is blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Band {
    pub top: u16,
    pub bottom: u16,
    pub up: bool,
    pub by: u16,
}

impl Band {
    /// The frame as the terminal shows it after the move.
    pub fn apply(self, frame: &mut Buffer) {
        let width = usize::from(frame.area.width);
        self.apply_to(width, &mut frame.content, &Cell::EMPTY);
    }

    /// The same for anything kept per cell, in rows of `width`.
    pub fn apply_to<T: Clone>(self, width: usize, cells: &mut [T], blank: &T) {
        let (start, end) = (usize::from(self.top) * width, (usize::from(self.bottom) + 1) * width);
        let Some(region) = cells.get_mut(start..end) else {
            return;
        };
        let by = (usize::from(self.by) * width).min(region.len());
        if self.up {
            region.rotate_left(by);
            let kept = region.len() - by;
            region[kept..].fill(blank.clone());
        } else {
            region.rotate_right(by);
            region[..by].fill(blank.clone());
        }
    }
}

/// The band whose move saves most; none when sending the changes is as good.
pub fn find(before: &Buffer, after: &Buffer) -> Option<Band> {
    let height = after.area.height;
    let mut same = Vec::new();
    let mut best = (WORTH_MOVING, None);
    for by in 1..=FARTHEST.min(height.saturating_sub(1)) {
        for up in [true, false] {
            // Most frames moved nothing, and that is found by the first cells of each row.
            if moved(before, after, by, up) < ROWS {
                continue;
            }
            if same.is_empty() {
                same = (0..height).map(|y| differing(before, y, after, y)).collect();
            }
            if let Some((saved, band)) = best_run(before, after, &same, by, up)
                && saved > best.0
            {
                best = (saved, Some(band));
            }
        }
    }
    best.1
}

/// How many rows are exactly what stood `by` rows below (`up`) or above, and not what they were.
fn moved(before: &Buffer, after: &Buffer, by: u16, up: bool) -> usize {
    let rows = 0..after.area.height - by;
    rows.filter(|y| {
        let (from, to) = if up { (y + by, *y) } else { (*y, y + by) };
        row(before, from) == row(after, to) && row(before, to) != row(after, to)
    })
    .count()
}

/// The run of rows that saves most when it comes from `by` rows below (`up`) or above.
fn best_run(
    before: &Buffer,
    after: &Buffer,
    same: &[i32],
    by: u16,
    up: bool,
) -> Option<(i32, Band)> {
    let height = after.area.height;
    let source =
        |y: u16| if up { y.checked_add(by).filter(|y| *y < height) } else { y.checked_sub(by) };
    // what the row costs when it is blanked by the move, over what it costs now
    let exposed = |y: u16| inked(after, y) - same[usize::from(y)];
    let mut best: Option<(i32, Band)> = None;
    let mut run: Option<(i32, u16)> = None;
    for y in 0..height {
        let Some(from) = source(y) else {
            run = None;
            continue;
        };
        let gain = same[usize::from(y)] - differing(before, from, after, y);
        run = match run {
            Some((sum, start)) if sum > 0 => Some((sum + gain, start)),
            _ => Some((gain, y)),
        };
        let Some((sum, start)) = run else { continue };
        let (top, bottom) = if up { (start, y + by) } else { (start - by, y) };
        let blanked: i32 =
            if up { (y + 1..=bottom).map(exposed).sum() } else { (top..start).map(exposed).sum() };
        let saved = sum - blanked;
        if best.is_none_or(|(than, _)| saved > than) {
            best = Some((saved, Band { top, bottom, up, by }));
        }
    }
    best
}

fn row(frame: &Buffer, y: u16) -> &[Cell] {
    let width = usize::from(frame.area.width);
    let start = usize::from(y) * width;
    frame.content.get(start..start + width).unwrap_or_default()
}

/// What it costs to make one row of another, in cells.
fn differing(before: &Buffer, from: u16, after: &Buffer, to: u16) -> i32 {
    let differ =
        row(before, from).iter().zip(row(after, to)).filter(|(a, b)| a != b).count() as i32;
    // erasing is cheap
    if inked(after, to) == 0 { differ.min(ERASING) } else { differ }
}

/// Cells of a row that hold anything.
fn inked(frame: &Buffer, y: u16) -> i32 {
    row(frame, y).iter().filter(|cell| **cell != Cell::EMPTY).count() as i32
}

#[cfg(test)]
mod tests {
    use ratatui::style::{Modifier, Style};

    use super::*;

    const WIDTH: u16 = 60;

    fn frame(rows: &[&str]) -> Buffer {
        let height = rows.len() as u16;
        let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, WIDTH, height));
        for (y, text) in (0..).zip(rows) {
            buffer.set_string(0, y, text, Style::new());
        }
        buffer
    }

    fn listed(from: usize, rows: usize, cursor: usize) -> Buffer {
        let letters = |n: usize| -> String {
            (1..40).map(|i| char::from(b'a' + (n * i * (i + n) % 23) as u8)).collect()
        };
        let texts: Vec<String> = (from..from + rows).map(|n| format!("  {}", letters(n))).collect();
        let mut all = vec!["head of the screen"];
        all.extend(texts.iter().map(String::as_str));
        all.extend(["", "foot of the screen"]);
        let mut buffer = frame(&all);
        buffer.set_string(0, 1 + cursor as u16, ">", Style::new().add_modifier(Modifier::REVERSED));
        buffer
    }

    #[test]
    fn a_list_that_moved_by_rows_is_a_band_between_head_and_foot() {
        for by in 1..=3u16 {
            let (one, other) = (listed(10, 9, 8), listed(10 + usize::from(by), 9, 8));
            let band = find(&one, &other).unwrap();
            assert_eq!(band, Band { top: 1, bottom: 9, up: true, by });
            let band = find(&other, &one).unwrap();
            assert_eq!(band, Band { top: 1, bottom: 9, up: false, by });
        }
    }

    #[test]
    fn what_did_not_move_is_no_band() {
        assert_eq!(find(&listed(10, 9, 3), &listed(10, 9, 4)), None);
        assert_eq!(find(&listed(10, 9, 3), &listed(500, 9, 3)), None);
        assert_eq!(find(&listed(10, 9, 3), &frame(&[""; 12])), None);
    }

    #[test]
    fn a_moved_band_leaves_blanks_behind() {
        let mut shown = frame(&["a", "b", "c", "d"]);
        Band { top: 1, bottom: 3, up: true, by: 1 }.apply(&mut shown);
        assert_eq!(shown, frame(&["a", "c", "d", ""]));
        Band { top: 0, bottom: 2, up: false, by: 2 }.apply(&mut shown);
        assert_eq!(shown, frame(&["", "", "a", ""]));
    }
}
