//! Moments, as KMS tells them: seconds since 1970 with three decimals.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(Duration);

impl Timestamp {
    /// Later than all.
    pub(crate) const NEVER: Self = Self(Duration::MAX);

    /// The moment that a clock shows; 1970 for clocks before it.
    pub(crate) fn of(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self(since.saturating_sub(Duration::from_nanos(u64::from(since.subsec_nanos() % 1_000_000))))
    }

    pub(crate) fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }

    pub(crate) fn plus_days(self, days: u32) -> Self {
        self.plus(DAY.saturating_mul(days))
    }

    /// As RFC 3339 writes it, in UTC.
    pub(crate) fn to_rfc3339(self) -> String {
        let nanos = i128::try_from(self.0.as_nanos()).unwrap_or(i128::MAX);
        let moment = OffsetDateTime::from_unix_timestamp_nanos(nanos).ok();
        moment.and_then(|moment| moment.format(&Rfc3339).ok()).unwrap_or_default()
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0.as_secs_f64())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        let since = Duration::try_from_secs_f64(seconds + 0.000_5).map_err(de::Error::custom)?;
        let moment = SystemTime::UNIX_EPOCH.checked_add(since);
        moment.map(Self::of).ok_or_else(|| de::Error::custom("no such time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_seconds_on_the_wire_and_is_read_back() {
        let moment = Timestamp::of(SystemTime::UNIX_EPOCH + Duration::from_millis(1_781_234_567_891));
        let json = serde_json::to_string(&moment).unwrap();
        assert_eq!(json, "1781234567.891");
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), moment);
        assert_eq!(moment.to_rfc3339(), "2026-06-12T03:22:47.891Z");
        assert!(serde_json::from_str::<Timestamp>("-1e300").is_err());
    }
}
