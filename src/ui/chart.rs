//! Numbers as pictures made of characters: time lines, weekday grids, bars. Pure functions; no colours, no buffer, no clock.
//!
//! Sources of counts leave empty hours out. Here every gap is filled with zero and the filled hours are counted, so that
//! a caller can say so. Every picture exists in ASCII and in block or braille glyphs.

use super::theme::Glyphs;

/// One hour in seconds: the grain of all series.
pub const HOUR: i64 = 3_600;

/// What a column of several hours shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fold {
    /// The highest hour, so that a spike survives.
    #[default]
    Max,
    /// All hours together.
    Sum,
}

/// A series of hours without gaps.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Hours {
    /// Start of the first hour, in seconds since 1970 UTC.
    pub start: i64,
    /// One value per hour.
    pub values: Vec<f64>,
    /// Hours that were not in the source and are zero here.
    pub filled: usize,
    /// Points of the source outside the range, or no numbers: not shown.
    pub left_out: usize,
}

impl Hours {
    /// Puts points (seconds since 1970 UTC, value) into the hours from `begin` to `end` (exclusive); several points in one
    /// hour add up. Values below zero and no-numbers are left out.
    pub fn new(points: &[(i64, f64)], begin: i64, end: i64) -> Self {
        let start = begin.div_euclid(HOUR) * HOUR;
        let count =
            if end > begin { (end - start + HOUR - 1).div_euclid(HOUR) as usize } else { 0 };
        let mut values = vec![0.0; count];
        let mut seen = vec![false; count];
        let mut left_out = 0;
        for &(at, value) in points {
            let slot = usize::try_from((at - start).div_euclid(HOUR)).ok().filter(|s| *s < count);
            match slot {
                Some(slot) if value.is_finite() && value >= 0.0 => {
                    values[slot] += value;
                    seen[slot] = true;
                }
                _ => left_out += 1,
            }
        }
        let filled = seen.iter().filter(|s| !**s).count();
        Self { start, values, filled, left_out }
    }

    /// The highest hour: when it begins and its value. None if all are zero.
    pub fn peak(&self) -> Option<(i64, f64)> {
        let (slot, value) = self
            .values
            .iter()
            .enumerate()
            .fold((0, 0.0), |best, (i, v)| if *v > best.1 { (i, *v) } else { best });
        (value > 0.0).then(|| (self.start + slot as i64 * HOUR, value))
    }

    /// All hours together.
    pub fn total(&self) -> f64 {
        self.values.iter().sum()
    }

    /// The series in at most `columns` columns of equally many hours each (the last may have fewer): the hours of one
    /// column, and one value per column.
    pub fn columns(&self, columns: usize, fold: Fold) -> (usize, Vec<f64>) {
        let hours = self.values.len().div_ceil(columns.max(1)).max(1);
        let fold_one = |hours: &[f64]| match fold {
            Fold::Max => hours.iter().copied().fold(0.0, f64::max),
            Fold::Sum => hours.iter().sum(),
        };
        (hours, self.values.chunks(hours).map(fold_one).collect())
    }

    /// Sums by weekday (Monday first) and hour of day, with `offset` seconds added to UTC.
    pub fn week(&self, offset: i64) -> Week {
        let mut cells = [[0.0; 24]; 7];
        for (i, value) in self.values.iter().enumerate() {
            let at = self.start + i as i64 * HOUR + offset;
            // 1970-01-01 was a Thursday
            let day = (at.div_euclid(24 * HOUR) + 3).rem_euclid(7) as usize;
            let hour = at.div_euclid(HOUR).rem_euclid(24) as usize;
            cells[day][hour] += value;
        }
        Week { cells }
    }
}

/// Activity by weekday and hour.
#[derive(Debug, Clone, PartialEq)]
pub struct Week {
    /// Seven days from Monday, 24 hours each.
    pub cells: [[f64; 24]; 7],
}

/// Weekdays, Monday first.
pub const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl Week {
    /// One row per weekday, `wide` characters for an hour, in the intensities of the glyph set.
    pub fn rows(&self, wide: usize, glyphs: &Glyphs) -> [String; 7] {
        let top = self.cells.iter().flatten().copied().fold(0.0, f64::max);
        self.cells.map(|day| day.iter().map(|v| step(*v, top, glyphs.ramp).repeat(wide)).collect())
    }

    /// The line of hours above the rows: `00    03    06 …`.
    pub fn scale(wide: usize) -> String {
        let mut line = String::new();
        for hour in (0..24).step_by(3) {
            let at = hour * wide;
            if at >= line.len() {
                line.extend(std::iter::repeat_n(' ', at - line.len()));
                line.push_str(if hour < 10 { "0" } else { "" });
                line.push_str(&hour.to_string());
            }
        }
        line
    }

    /// Sum of one weekday.
    pub fn day_total(&self, day: usize) -> f64 {
        self.cells.get(day).map_or(0.0, |d| d.iter().sum())
    }
}

/// The character of a ramp for a value between 0 and `top`. Zero is the first; anything above zero shows at least the second.
pub fn step<'g>(value: f64, top: f64, ramp: &[&'g str]) -> &'g str {
    let last = ramp.len().saturating_sub(1);
    let at = if value > 0.0 && top > 0.0 {
        ((value / top).min(1.0) * last as f64).ceil().max(1.0) as usize
    } else {
        0
    };
    ramp.get(at.min(last)).copied().unwrap_or(" ")
}

/// One row of intensities: `..::==##@@`.
pub fn intensities(values: &[f64], glyphs: &Glyphs) -> String {
    let top = values.iter().copied().fold(0.0, f64::max);
    values.iter().map(|v| step(*v, top, glyphs.ramp)).collect()
}

/// One row of heights: `▁▂▅█`.
pub fn sparkline(values: &[f64], glyphs: &Glyphs) -> String {
    let top = values.iter().copied().fold(0.0, f64::max);
    values.iter().map(|v| step(*v, top, glyphs.heights)).collect()
}

/// One row of braille, two values a character, four heights.
pub fn braille(values: &[f64]) -> String {
    // dots from the bottom up, left and right column
    const LEFT: [u32; 5] = [0, 0x40, 0x44, 0x46, 0x47];
    const RIGHT: [u32; 5] = [0, 0x80, 0xa0, 0xb0, 0xb8];
    let top = values.iter().copied().fold(0.0, f64::max);
    let level = |v: Option<&f64>| match v {
        Some(v) if *v > 0.0 => ((v / top) * 4.0).ceil().clamp(1.0, 4.0) as usize,
        _ => 0,
    };
    values
        .chunks(2)
        .filter_map(|two| {
            char::from_u32(0x2800 + LEFT[level(two.first())] + RIGHT[level(two.get(1))])
        })
        .collect()
}

/// A chart of `height` rows, top first, one character a value.
pub fn towers(values: &[f64], height: usize, glyphs: &Glyphs) -> Vec<String> {
    let top = values.iter().copied().fold(0.0, f64::max);
    (0..height)
        .rev()
        .map(|row| {
            values
                .iter()
                .map(|v| {
                    let filled = if top > 0.0 { v / top * height as f64 } else { 0.0 };
                    let here = filled - row as f64;
                    match here {
                        _ if here >= 1.0 => glyphs.full,
                        _ if here > 0.0 && glyphs.ascii => glyphs.ramp[1],
                        _ if here > 0.0 => step(here, 1.0, glyphs.heights),
                        _ => " ",
                    }
                })
                .collect()
        })
        .collect()
}

/// A horizontal bar of at most `width` cells; anything above zero shows at least a trace. Not padded.
pub fn bar(value: f64, top: f64, width: usize, glyphs: &Glyphs) -> String {
    if value <= 0.0 || top <= 0.0 || width == 0 || !value.is_finite() {
        return String::new();
    }
    let share = (value / top).min(1.0) * width as f64;
    if glyphs.ascii {
        return match share.round() as usize {
            0 => glyphs.ramp[1].to_owned(),
            n => glyphs.full.repeat(n),
        };
    }
    let eighths = (share * 8.0).round().max(1.0) as usize;
    let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    format!("{}{rest}", "█".repeat(eighths / 8))
}

/// A line of labels under a chart: each begins at its column unless that would touch the one before; the last is moved
/// left to fit.
pub fn axis(width: usize, labels: &[(usize, String)]) -> String {
    let mut line = String::new();
    for (n, (column, label)) in labels.iter().enumerate() {
        let long = label.chars().count();
        let mut at = *column;
        if n + 1 == labels.len() {
            at = at.min(width.saturating_sub(long));
        }
        let used = line.chars().count();
        if at + long > width || (used > 0 && at <= used) {
            continue;
        }
        line.extend(std::iter::repeat_n(' ', at - used));
        line.push_str(label);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &Glyphs = &Glyphs::ASCII;
    const U: &Glyphs = &Glyphs::UTF8;
    /// Monday 2024-08-26 00:00 UTC.
    const MONDAY: i64 = 1_724_630_400;

    #[test]
    fn gaps_are_zero_and_counted() {
        let points = [
            (MONDAY + HOUR, 4.0),
            (MONDAY + HOUR + 60, 2.0),
            (MONDAY + 5 * HOUR, 1.0),
            (MONDAY - 1, 9.0),
            (MONDAY, f64::NAN),
        ];
        let h = Hours::new(&points, MONDAY, MONDAY + 8 * HOUR);
        assert_eq!(h.values, [0.0, 6.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
        assert_eq!((h.filled, h.left_out), (6, 2));
        assert_eq!(h.peak(), Some((MONDAY + HOUR, 6.0)));
        assert_eq!(h.columns(4, Fold::Max), (2, vec![6.0, 0.0, 1.0, 0.0]));
        assert_eq!(h.columns(3, Fold::Sum), (3, vec![6.0, 1.0, 0.0]));
        assert_eq!(h.columns(100, Fold::Sum).1.len(), 8);
        assert_eq!(Hours::new(&[], 5, 5).peak(), None);
        assert_eq!(Hours::new(&[(1, 1.0)], 50, 5).values.len(), 0);
    }

    #[test]
    fn four_weeks_fit_in_56_columns() {
        let h = Hours::new(&[], MONDAY, MONDAY + 28 * 24 * HOUR);
        assert_eq!((h.values.len(), h.filled), (672, 672));
        assert_eq!(h.columns(56, Fold::Max).0, 12);
        assert_eq!(h.columns(84, Fold::Max).0, 8);
    }

    #[test]
    fn weekdays_start_on_monday_and_follow_the_offset() {
        let h =
            Hours::new(&[(MONDAY + 26 * HOUR, 8.0), (MONDAY, 1.0)], MONDAY, MONDAY + 7 * 24 * HOUR);
        let w = h.week(0);
        assert_eq!((w.cells[1][2], w.cells[0][0], w.day_total(1)), (8.0, 1.0, 8.0));
        assert!(h.week(-HOUR).cells[6][23] > 0.5);
        let rows = w.rows(2, A);
        assert_eq!(rows[1].trim_end(), "    @@");
        assert_eq!(rows[0].trim_end(), "::");
        assert_eq!(rows[0].len(), 48);
        assert_eq!(Week::scale(2), "00    03    06    09    12    15    18    21");
    }

    #[test]
    fn every_picture_exists_in_both_glyph_sets() {
        let v = [0.0, 1.0, 5.0, 10.0];
        assert_eq!(intensities(&v, A), " .+@");
        assert_eq!(sparkline(&v, U), " ▁▄█");
        assert_eq!(braille(&v), "⢀⣼");
        assert_eq!(towers(&v, 2, A), ["   #", " .##"]);
        assert_eq!(towers(&v, 2, U), ["   █", " ▂██"]);
        assert_eq!(bar(41.0, 100.0, 15, A), "######");
        assert_eq!(bar(0.1, 100.0, 15, A), ".");
        assert_eq!(bar(50.0, 100.0, 5, U), "██▌");
        assert_eq!(bar(1e9, 100.0, 3, U), "███");
        assert_eq!((bar(0.0, 1.0, 5, A), bar(1.0, 0.0, 5, A)), (String::new(), String::new()));
        assert_eq!(intensities(&[0.0; 3], A), "   ");
    }

    #[test]
    fn an_axis_keeps_its_ends() {
        let labels = [(0, "08-24".into()), (14, "09-07".into()), (28, "09-20".into())];
        assert_eq!(axis(28, &labels), "08-24         09-07    09-20");
        assert_eq!(axis(12, &labels), "08-24  09-20");
        assert_eq!(axis(3, &labels), "");
    }
}
