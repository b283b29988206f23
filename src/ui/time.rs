//! Moments as people read them: UTC by default, local time or age on request. Reads no clock: now is handed in.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// How moments are shown; one key cycles through them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::Display, strum::EnumString)]
#[strum(serialize_all = "kebab-case")]
pub enum Mode {
    /// UTC with a `Z`.
    #[default]
    Utc,
    /// Local time with its offset.
    Local,
    /// How long ago.
    Age,
}

impl Mode {
    /// The next one in the cycle.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Utc => Self::Local,
            Self::Local => Self::Age,
            Self::Age => Self::Utc,
        }
    }
}

/// How much of its moments a column must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Reach {
    /// All are of today: the time of day.
    #[default]
    Day,
    /// Some are of other days: month, day, hour, minute.
    Year,
    /// Some are of other years.
    Years,
}

/// Shows moments in one mode, relative to one now.
#[derive(Debug, Clone)]
pub struct Clock {
    /// The mode.
    pub mode: Mode,
    /// The moment taken for now.
    pub now: Timestamp,
    /// The local time zone.
    pub zone: TimeZone,
}

impl Clock {
    /// A clock in UTC mode.
    pub fn utc(now: Timestamp) -> Self {
        Self { mode: Mode::Utc, now, zone: TimeZone::UTC }
    }

    /// The time of day: `13:59:31Z`, `15:59:31+02`, or an age such as `4m`.
    pub fn time(&self, t: Timestamp) -> String {
        self.show(t, "%H:%M:%S")
    }

    /// Hours and minutes: `13:59Z`.
    pub fn minute(&self, t: Timestamp) -> String {
        self.show(t, "%H:%M")
    }

    /// Month, day and time without seconds: `09-02 13:00Z`; the year comes before it when it is not this one.
    pub fn short(&self, t: Timestamp) -> String {
        let same = self.zoned(t).year() == self.zoned(self.now).year();
        self.show(t, if same { "%m-%d %H:%M" } else { "%Y-%m-%d %H:%M" })
    }

    /// Date and time: `2024-09-02 13:00:05Z`.
    pub fn full(&self, t: Timestamp) -> String {
        self.show(t, "%Y-%m-%d %H:%M:%S")
    }

    /// The time of day if it was today, else month and day (and the year if it was not this one).
    pub fn brief(&self, t: Timestamp) -> String {
        let (then, now) = (self.zoned(t), self.zoned(self.now));
        if then.date() == now.date() {
            self.minute(t)
        } else if then.year() == now.year() {
            self.show(t, "%m-%d")
        } else {
            self.show(t, "%Y-%m-%d")
        }
    }

    /// What a column with these moments must show of each.
    pub fn reach(&self, moments: impl IntoIterator<Item = Timestamp>) -> Reach {
        if self.mode == Mode::Age {
            return Reach::Day;
        }
        let today = self.zoned(self.now).date();
        let reach = |t: Timestamp| {
            let day = self.zoned(t).date();
            match (day == today, day.year() == today.year()) {
                (true, _) => Reach::Day,
                (false, true) => Reach::Year,
                (false, false) => Reach::Years,
            }
        };
        moments.into_iter().map(reach).max().unwrap_or_default()
    }

    /// A moment for a column: every cell in the same form, without the zone, which the title says.
    pub fn cell(&self, t: Timestamp, reach: Reach) -> String {
        let format = match reach {
            _ if self.mode == Mode::Age => return age(t, self.now),
            Reach::Day => "%H:%M:%S",
            Reach::Year => "%m-%d %H:%M",
            Reach::Years => "%Y-%m-%d %H:%M",
        };
        self.zoned(t).strftime(format).to_string()
    }

    /// Title and width of such a column: `TIME Z`, `TIME +02`, `AGE`.
    pub fn column(&self, reach: Reach) -> (String, u16) {
        let title = match self.mode {
            Mode::Age => return ("AGE".to_owned(), 6),
            Mode::Utc => "TIME Z".to_owned(),
            Mode::Local => format!("TIME {}", offset(self.zoned(self.now).offset().seconds())),
        };
        let cells = match reach {
            Reach::Day => 8,
            Reach::Year => 11,
            Reach::Years => 16,
        };
        let wide = title.len() as u16;
        (title, wide.max(cells))
    }

    fn zoned(&self, t: Timestamp) -> Zoned {
        t.to_zoned(if self.mode == Mode::Local { self.zone.clone() } else { TimeZone::UTC })
    }

    fn show(&self, t: Timestamp, format: &str) -> String {
        match self.mode {
            Mode::Utc => format!("{}Z", self.zoned(t).strftime(format)),
            Mode::Local => {
                let z = self.zoned(t);
                format!("{}{}", z.strftime(format), offset(z.offset().seconds()))
            }
            Mode::Age => age(t, self.now),
        }
    }
}

/// An offset from UTC as short as it goes: `+02`, `-03:30`.
fn offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    match (minutes / 60, minutes % 60) {
        (h, 0) => format!("{sign}{h:02}"),
        (h, m) => format!("{sign}{h:02}:{m:02}"),
    }
}

/// How long before `now` it was, in one unit: `31s`, `4m`, `2h`, `3d`; a moment ahead of us is `in 5m`.
pub fn age(t: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - t.as_second();
    let span = span(seconds.unsigned_abs());
    if seconds < 0 { format!("in {span}") } else { span }
}

/// A number of seconds in its largest whole unit: `95s`, `4m`, `2h`, `3d`.
pub fn span(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds}s"),
        120..=7_199 => format!("{}m", seconds / 60),
        7_200..=172_799 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// A duration in milliseconds as short as it is exact enough: `212 ms`, `1.9 s`, `41 s`, `3 min`.
pub fn took(milliseconds: u64) -> String {
    match milliseconds {
        0..=999 => format!("{milliseconds} ms"),
        1_000..=9_949 => format!("{:.1} s", milliseconds as f64 / 1000.0),
        9_950..=119_999 => format!("{} s", (milliseconds + 500) / 1000),
        _ => format!("{} min", milliseconds / 60_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: &str) -> Timestamp {
        s.parse().unwrap()
    }

    #[test]
    fn utc_is_the_default_and_says_so() {
        let c = Clock::utc(at("2024-07-14T14:03:00Z"));
        let t = at("2024-07-14T13:59:31.9Z");
        assert_eq!(
            [c.time(t), c.minute(t), c.full(t)],
            ["13:59:31Z", "13:59Z", "2024-07-14 13:59:31Z"]
        );
        assert_eq!(c.short(at("2023-09-02T13:00:00Z")), "2023-09-02 13:00Z");
        assert_eq!(c.brief(t), "13:59Z");
        assert_eq!(c.brief(at("2024-07-02T10:00:00Z")), "07-02Z");
    }

    #[test]
    fn a_column_shows_the_date_where_any_of_its_rows_needs_it() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let mut c = Clock { mode: Mode::Utc, now: at("2024-07-14T14:03:00Z"), zone };
        let (today, before) = (at("2024-07-14T13:05:31Z"), at("2024-07-13T22:30:00Z"));
        let old = at("2023-07-14T13:05:31Z");
        assert_eq!(c.reach([]), Reach::Day);
        assert_eq!(c.reach([today, today]), Reach::Day);
        assert_eq!(
            (c.cell(today, Reach::Day), c.column(Reach::Day)),
            ("13:05:31".into(), ("TIME Z".into(), 8))
        );
        let reach = c.reach([today, before]);
        assert_eq!([c.cell(today, reach), c.cell(before, reach)], ["07-14 13:05", "07-13 22:30"]);
        assert_eq!(c.column(reach).1, 11);
        assert_eq!(c.cell(before, c.reach([old, before])), "2024-07-13 22:30");
        c.mode = Mode::Local;
        assert_eq!(c.reach([today, before]), Reach::Day, "it was after midnight there");
        assert_eq!(
            (c.cell(before, Reach::Day), c.column(Reach::Day)),
            ("00:30:00".into(), ("TIME +02".into(), 8))
        );
        c.mode = Mode::Age;
        assert_eq!((c.reach([old]), c.cell(today, Reach::Day)), (Reach::Day, "57m".into()));
    }

    #[test]
    fn local_time_carries_its_offset_and_age_one_unit() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let mut c = Clock { mode: Mode::Local, now: at("2024-07-14T14:03:00Z"), zone };
        assert_eq!(c.time(at("2024-07-14T13:59:31Z")), "15:59:31+02");
        c.mode = c.mode.next();
        assert_eq!(c.time(at("2024-07-14T13:59:31Z")), "3m");
        assert_eq!(c.mode.next(), Mode::Utc);
        assert_eq!(age(at("2024-07-14T14:08:00Z"), c.now), "in 5m");
        assert_eq!(offset(-12_600), "-03:30");
        assert_eq!(
            [took(212), took(1_900), took(41_000), took(200_000)],
            ["212 ms", "1.9 s", "41 s", "3 min"]
        );
    }
}
