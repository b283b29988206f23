//! The log behind a model breach: its connections, one row each.

use serde_json::value::RawValue;

use super::super::value::{Body, Node, Time};
use super::super::{Answer, BadInput, Call, Cause, Method, Operation, Path};
use super::{array, call};

/// Reads the connections behind a breach: `GET /details?pbid=…` `[XM, OAS]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreachDetails {
    /// Which breach.
    pub pbid: i64,
    /// At most this many connections.
    pub count: u32,
}

/// A breach's log.
#[derive(Debug, Clone, Default)]
pub struct BreachLog {
    /// The breach itself, as the server's first row tells it.
    pub breach: Option<LogRow>,
    /// The connections.
    pub rows: Vec<LogRow>,
}

/// A row of a breach's log.
#[derive(Debug, Clone)]
pub struct LogRow {
    /// When.
    pub time: Option<Time>,
    /// `policybreach`, `connection`, …
    pub action: Option<String>,
    /// The connection's id.
    pub uid: Option<String>,
    /// From which device.
    pub source_did: Option<i64>,
    /// To which device.
    pub destination_did: Option<i64>,
    /// From where.
    pub source: Option<String>,
    /// To where.
    pub destination: Option<String>,
    /// The address it came from.
    pub source_ip: Option<String>,
    /// The address it went to.
    pub destination_ip: Option<String>,
    /// In which country the other end is, where that is outside.
    pub country: Option<String>,
    /// Whether the breach is acknowledged; only on its own row.
    pub acknowledged: Option<bool>,
    /// To which port.
    pub port: Option<i64>,
    /// `TCP`
    pub protocol: Option<String>,
    /// `HTTPS`
    pub application: Option<String>,
    /// `out`, `in`
    pub direction: Option<String>,
    /// The row as it came.
    pub raw: Box<RawValue>,
}

impl LogRow {
    fn read(node: Node<'_>) -> Option<Self> {
        let fields = node.fields()?;
        let party = |text: &str, device: &str| {
            fields.word(text).or_else(|| {
                let device = fields.object(device)?;
                device.first(&["hostname", "ip", "name"])?.word()
            })
        };
        let device = |name: &str, key: &str| fields.object(name)?.word(key);
        Some(Self {
            time: fields.first(&["timems", "time"]).and_then(Node::time),
            action: fields.first(&["action", "eventType"]).and_then(Node::word),
            uid: fields.word("uid"),
            source_did: fields.int("sdid"),
            destination_did: fields.int("ddid"),
            source: party("source", "sourceDevice"),
            destination: party("destination", "destinationDevice"),
            source_ip: device("sourceDevice", "ip"),
            destination_ip: device("destinationDevice", "ip"),
            country: device("destinationDevice", "country")
                .or_else(|| device("sourceDevice", "country")),
            acknowledged: fields
                .get("acknowledged")
                .and_then(|node| node.flag().or(node.fields().map(|_| true))),
            port: fields.first(&["destinationPort", "port"]).and_then(Node::int),
            protocol: fields.word("protocol"),
            application: fields.word("applicationprotocol"),
            direction: fields.word("direction"),
            raw: node.keep(),
        })
    }
}

impl Operation for BreachDetails {
    type Output = BreachLog;

    fn call(&self) -> Result<Call, BadInput> {
        // the first row is the breach itself
        let count = u64::from(self.count) + 1;
        Ok(call("breach details", Method::Get, Path::fixed("/details"))
            .query("count", count.to_string())
            .query("pbid", self.pbid.to_string()))
    }

    fn decode(&self, answer: &Answer) -> Result<BreachLog, Cause> {
        let body = Body::read(answer)?;
        let node = body.node();
        let mut log = BreachLog::default();
        for row in array(node)?.into_iter().filter_map(LogRow::read) {
            if log.breach.is_none() && row.action.as_deref() == Some("policybreach") {
                log.breach = Some(row);
            } else {
                log.rows.push(row);
            }
        }
        Ok(log)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::value::testing::*;
    use super::*;

    #[test]
    fn the_call_asks_for_one_row_more() {
        let ask = BreachDetails { pbid: 95, count: 20 };
        assert_eq!(wire(&ask), "Read GET /details?count=21&pbid=95");
    }

    #[test]
    fn a_breachs_log_begins_with_the_breach() {
        let ask = BreachDetails { pbid: 95, count: 2 };
        let log = decode(
            &ask,
            r#"[{"time":"2020-09-14 06:00:00","timems":1600063200000,"action":"policybreach","acknowledged":false},
                {"time":"2020-09-14 06:00:00","action":"connection","uid":"C1","sdid":2,"port":6514,"destinationPort":443,
                 "sourceDevice":{"did":2,"ip":"10.0.0.2","time":"1600063200000"},
                 "destinationDevice":{"hostname":"a.com","ip":"1.2.3.4"},"destination":"","protocol":"TCP",
                 "applicationprotocol":"HTTPS","direction":"out"}, 7]"#,
        )
        .unwrap();
        assert_eq!(log.breach.unwrap().acknowledged, Some(false));
        let [row] = &log.rows[..] else { panic!("{:?}", log.rows) };
        assert_eq!(row.time.as_ref().unwrap().to_string(), "2020-09-14T06:00:00Z");
        assert_eq!(
            (row.source.as_deref(), row.destination.as_deref()),
            (Some("10.0.0.2"), Some("a.com"))
        );
        assert_eq!(
            (row.source_ip.as_deref(), row.destination_ip.as_deref(), row.acknowledged),
            (Some("10.0.0.2"), Some("1.2.3.4"), None)
        );
        assert_eq!((row.port, row.source_did, row.destination_did), (Some(443), Some(2), None));
        assert_eq!(row.application.as_deref(), Some("HTTPS"));
        let none = decode(&ask, "[]").unwrap();
        assert!(none.breach.is_none() && none.rows.is_empty());
        assert_eq!(cause(&ask, r#"{"error":"x"}"#), Cause::Refused("x".into()));
    }

    #[test]
    fn no_answer_breaks_the_reader() {
        survives(&BreachDetails { pbid: 95, count: 2 });
    }
}
