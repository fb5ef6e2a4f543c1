//! Civil time: which day and hour it is at a place. The rules of the zones are part of the program, so that the same
//! record means the same on every machine.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::time::Timestamp;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone of the IANA database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// A point in time as people at a place call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    /// The day, counted from 1970-01-01.
    pub day: i32,
    /// The day of the week: 0 is Monday.
    pub weekday: u8,
    /// The minute of the day, from 0 to 1,439, as the clock on the wall shows it.
    pub minute: u16,
}

impl Default for Zone {
    fn default() -> Zone {
        Zone::utc()
    }
}

impl Zone {
    /// Universal time.
    pub fn utc() -> Zone {
        Zone(TimeZone::UTC)
    }

    /// The zone of an IANA name such as `Europe/Athens`, if there is one.
    pub fn named(name: &str) -> Option<Zone> {
        if name == "UTC" {
            return Some(Zone::utc());
        }
        ZONES.get(name).ok().map(Zone)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// What `at` is called there.
    pub fn local(&self, at: Timestamp) -> Local {
        const DAY_S: i64 = 86_400;
        const THURSDAY: i64 = 3; // 1970-01-01 was one.
        let instant = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::MAX);
        let offset = i64::from(self.0.to_offset(instant).seconds());
        let seconds = instant.as_second().saturating_add(offset);
        let day = seconds.div_euclid(DAY_S);
        Local {
            day: i32::try_from(day).unwrap_or(i32::MAX),
            weekday: u8::try_from(day.saturating_add(THURSDAY).rem_euclid(7)).unwrap_or_default(),
            minute: u16::try_from(seconds.rem_euclid(DAY_S).div_euclid(60)).unwrap_or_default(),
        }
    }

    /// When a day begins there, counted from 1970-01-01.
    pub fn begin_of(&self, day: i32) -> Timestamp {
        let midnight = date_of(day).to_zoned(self.0.clone());
        midnight.map_or(Timestamp(i64::MAX), |midnight| {
            Timestamp(midnight.timestamp().as_millisecond())
        })
    }
}

/// The week of a day, counted from the one of 1970-01-01; weeks begin on Monday.
pub fn week_of(day: i32) -> i32 {
    day.saturating_add(3).div_euclid(7)
}

/// The month of a day, counted from the beginning of the calendar.
pub fn month_of(day: i32) -> i32 {
    let date = date_of(day);
    i32::from(date.year())
        .saturating_mul(12)
        .saturating_add(i32::from(date.month()))
}

/// The first day of a month that is counted so, counted from 1970-01-01.
pub fn first_day_of(month: i32) -> i32 {
    let before = month.saturating_sub(1);
    let year = i16::try_from(before.div_euclid(12)).unwrap_or(i16::MAX);
    let number = i8::try_from(before.rem_euclid(12).saturating_add(1)).unwrap_or(1);
    let date = jiff::civil::Date::new(year, number, 1).unwrap_or(jiff::civil::Date::MAX);
    let since = date.since(EPOCH).unwrap_or_default();
    since.get_days()
}

const EPOCH: jiff::civil::Date = jiff::civil::date(1970, 1, 1);

fn date_of(day: i32) -> jiff::civil::Date {
    EPOCH.saturating_add(jiff::Span::new().days(day.clamp(-3_000_000, 2_900_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        // 1970-01-01 was a Thursday.
        assert_eq!([-4, -3, 0, 3, 4].map(week_of), [-1, 0, 0, 0, 1]);
        let months = [-1, 0, 30, 31, 365].map(month_of);
        assert_eq!(months.map(|month| month - month_of(0)), [-1, 0, 0, 1, 12]);
    }

    #[test]
    fn a_month_begins_at_midnight_of_the_place() {
        let month = month_of(0);
        assert_eq!(
            [0, 1, -1].map(|more| first_day_of(month + more)),
            [0, 31, -31]
        );
        for month in (month_of(0)..).take(1_000) {
            let first = first_day_of(month);
            assert_eq!((month_of(first - 1), month_of(first)), (month - 1, month));
        }
        // In summer, Berlin is two hours ahead.
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let at: jiff::Timestamp = "2026-06-30T22:00:00Z".parse().unwrap();
        let local = berlin.local(Timestamp(at.as_millisecond()));
        assert_eq!(local.minute, 0);
        let begin = berlin.begin_of(first_day_of(month_of(local.day)));
        assert_eq!(begin, Timestamp(at.as_millisecond()));
    }

    fn local(zone: &str, at: &str) -> (String, u8, u16) {
        let at: jiff::Timestamp = at.parse().unwrap();
        let found = Zone::named(zone)
            .unwrap()
            .local(Timestamp(at.as_millisecond()));
        let epoch = jiff::civil::date(1970, 1, 1);
        let day = epoch.saturating_add(jiff::Span::new().days(found.day));
        (day.to_string(), found.weekday, found.minute)
    }

    #[test]
    fn the_clock_on_the_wall_follows_summer_time() {
        // 2026-03-29: at 01:00 UTC, Berlin goes from 02:00 to 03:00.
        let before = local("Europe/Berlin", "2026-03-29T00:59:59Z");
        assert_eq!(before, ("2026-03-29".to_owned(), 6, 60 + 59));
        let after = local("Europe/Berlin", "2026-03-29T01:00:00Z");
        assert_eq!(after, ("2026-03-29".to_owned(), 6, 3 * 60));
        // 2026-10-25: at 01:00 UTC, from 03:00 back to 02:00.
        for at in ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"] {
            let twice = local("Europe/Berlin", at);
            assert_eq!(twice, ("2026-10-25".to_owned(), 6, 2 * 60 + 30));
        }
    }

    #[test]
    fn a_day_begins_at_midnight_of_the_place() {
        let late = local("America/New_York", "2026-07-01T03:59:00Z");
        assert_eq!(late, ("2026-06-30".to_owned(), 1, 23 * 60 + 59));
        let before_the_epoch = local("UTC", "1969-12-31T23:59:30Z");
        assert_eq!(before_the_epoch, ("1969-12-31".to_owned(), 2, 1_439));
    }

    #[test]
    fn a_zone_is_known_by_its_name() {
        for name in ["Europe/Athens", "America/Sao_Paulo", "UTC"] {
            assert_eq!(Zone::named(name).unwrap().name(), name);
        }
        assert_eq!(Zone::named("Europe/Atlantis"), None);
    }
}
