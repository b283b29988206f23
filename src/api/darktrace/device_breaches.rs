//! The model breaches of one device, in few words: what stands beside the device wherever it is shown.

use jiff::{SignedDuration, Timestamp};

use super::super::{Answer, BadInput, Call, Cause, Method, Operation, Path};
use super::breaches::{Breach, read_breaches};
use super::{call, flag, one_device};

/// Lists the breaches of a device, each without its priority, description and address: `GET /modelbreaches?did=…&minimal=true`
/// `[OAS, XM]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceBreaches {
    /// Which device.
    pub did: i64,
    /// From when until when they were made.
    pub window: (Timestamp, Timestamp),
    /// With those already acknowledged; without them these are the open ones.
    pub acknowledged: bool,
}

/// The time that is looked at: four weeks, as for connections.
const RECENT: SignedDuration = SignedDuration::from_hours(28 * 24);

impl DeviceBreaches {
    /// All breaches of the last four weeks.
    pub fn recent(did: i64, now: Timestamp) -> Self {
        Self { did, window: (now - RECENT, now), acknowledged: true }
    }

    /// Those of them that nobody has acknowledged.
    pub fn open(did: i64, now: Timestamp) -> Self {
        Self { acknowledged: false, ..Self::recent(did, now) }
    }
}

impl Operation for DeviceBreaches {
    type Output = Vec<Breach>;

    fn call(&self) -> Result<Call, BadInput> {
        one_device(self.did)?;
        let (from, to) = self.window;
        Ok(call("device breaches", Method::Get, Path::fixed("/modelbreaches"))
            .query("creationtime", flag(true))
            .query("deviceattop", flag(true))
            .query("did", self.did.to_string())
            .query("endtime", to.as_millisecond().to_string())
            .query("includeacknowledged", flag(self.acknowledged))
            .query("minimal", flag(true))
            .query("starttime", from.as_millisecond().to_string()))
    }

    fn decode(&self, answer: &Answer) -> Result<Vec<Breach>, Cause> {
        read_breaches(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::value::testing::*;
    use super::*;

    fn ask(did: i64) -> DeviceBreaches {
        let at = |text: &str| text.parse().unwrap();
        let window = (at("2020-09-14T06:00:00Z"), at("2020-09-21T06:00:00Z"));
        DeviceBreaches { did, window, acknowledged: true }
    }

    #[test]
    fn the_call_is_exact_and_groups_have_none() {
        assert_eq!(
            wire(&ask(1_000_000_000_001)),
            concat!(
                "Read GET /modelbreaches?creationtime=true&deviceattop=true&did=1000000000001&endtime=1600668000000",
                "&includeacknowledged=true&minimal=true&starttime=1600063200000"
            )
        );
        assert!(ask(2).call().unwrap().query.is_sorted());
        assert!(refused(&ask(0)).starts_with("device id"));
        assert!(refused(&ask(-5)).starts_with("device id"));
    }

    #[test]
    fn few_words_are_enough_and_one_may_come_alone() {
        let one = r#"{"pbid":7,"time":1600063200000,"score":0.5,"model":{"then":{"name":"A::B","pid":1}}}"#;
        for body in [format!("[{one}]"), one.to_owned()] {
            let list = decode(&ask(2), &body).unwrap();
            assert_eq!((list[0].pbid, list[0].score), (7, Some(0.5)));
            assert_eq!(list[0].model.name.as_deref(), Some("A::B"));
            assert_eq!(list[0].model.priority, None);
        }
        assert_eq!(decode(&ask(2), "[]").unwrap(), []);
    }

    #[test]
    fn no_answer_breaks_the_reader() {
        survives(&ask(2));
    }
}
