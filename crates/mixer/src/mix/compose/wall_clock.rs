//! The time of day as it is written on a picture.

/// `YYYY-MM-DD HH:MM:SS` of so many seconds since 1970 in UTC, so many minutes east of it.
pub(crate) fn written(unix_seconds: i64, offset_minutes: i32) -> String {
    let local = unix_seconds.saturating_add(i64::from(offset_minutes) * 60);
    let (days, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// The date of a day since 1970-01-01, in the Gregorian calendar.
fn date(days: i64) -> (i64, i64, i64) {
    // Years begin in March here, so that a leap day is the last of its year.
    let days = days.clamp(-100_000_000, 100_000_000) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        assert_eq!(written(0, 0), "1970-01-01 00:00:00");
        assert_eq!(written(1_709_164_799, 0), "2024-02-28 23:59:59");
        assert_eq!(written(1_709_164_799, 1), "2024-02-29 00:00:59");
        assert_eq!(written(1_767_225_599, 8 * 60), "2026-01-01 07:59:59");
        assert_eq!(written(-1, 0), "1969-12-31 23:59:59");
        assert!(!written(i64::MAX, i32::MAX).is_empty());
    }
}
