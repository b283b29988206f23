//! Endpoints: what Darktrace knows of an address or a host name outside, or of an address inside.

use super::super::value::{Body, Fields, Time};
use super::super::{Answer, BadInput, Call, Cause, Method, Operation, Path};
use super::devices::Device;
use super::{call, flag, object, said};

/// What is looked up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// An address.
    Ip(String),
    /// A host name.
    Hostname(String),
}

/// Asks about an endpoint: `GET /endpointdetails` `[OAS, SDK]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointDetails {
    /// What is looked up.
    pub endpoint: Endpoint,
    /// With addresses and places.
    pub additional_info: bool,
    /// With the devices that connected to it.
    pub devices: bool,
    /// With popularity and the score for generated names.
    pub score: bool,
}

/// Which of its four forms an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EndpointKind {
    /// A host name.
    Hostname,
    /// An address outside.
    ExternalIp,
    /// An address inside: no age and no rarity, but a subnet.
    InternalIp,
    /// Darktrace knows nothing of it.
    #[default]
    Unknown,
}

/// What is known of an endpoint. Missing is `None`, never 0; lists are `None` when they were not part of the answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EndpointReport {
    /// Which form the answer has.
    pub kind: EndpointKind,
    /// The host name.
    pub hostname: Option<String>,
    /// The address.
    pub ip: Option<String>,
    /// When the network first saw it; `None` also when the answer says 0.
    pub first_seen: Option<Time>,
    /// Popularity: 100 minus rarity `[OAS]`.
    pub popularity: Option<f64>,
    /// How much the name looks generated.
    pub dga_score: Option<f64>,
    /// Addresses of the host name.
    pub ips: Option<Vec<EndpointIp>>,
    /// Where it is.
    pub locations: Option<Vec<Location>>,
    /// Where the address is.
    pub location: Location,
    /// `AS15169 Google LLC`
    pub asn: Option<String>,
    /// The name of an address; `internal_ip` inside.
    pub name: Option<String>,
    /// Age of the address; its unit is not documented and looks like seconds `[SOAR]`.
    pub ip_age: Option<i64>,
    /// When the address was last seen.
    pub ip_time: Option<Time>,
    /// The subnet of an address inside.
    pub subnet: Option<Subnet>,
    /// Devices that connected to it.
    pub devices: Option<Vec<Device>>,
}

/// An address of a host name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EndpointIp {
    /// The address.
    pub ip: Option<String>,
    /// When the name first had it.
    pub first: Option<Time>,
    /// When the name last had it.
    pub last: Option<Time>,
}

/// A place.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Location {
    /// Country.
    pub country: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
}

/// A subnet inside.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subnet {
    /// Its label.
    pub label: Option<String>,
    /// Its number, as text.
    pub id: Option<String>,
    /// `10.0.0.0/24`
    pub network: Option<String>,
}

impl Location {
    fn read(fields: &Fields<'_>) -> Self {
        Self {
            country: fields.word("country"),
            region: fields.word("region"),
            city: fields.word("city"),
            latitude: fields.num("latitude"),
            longitude: fields.num("longitude"),
        }
    }
}

impl Operation for EndpointDetails {
    type Output = EndpointReport;

    fn call(&self) -> Result<Call, BadInput> {
        let call = call("endpoint details", Method::Get, Path::fixed("/endpointdetails"))
            .query("additionalinfo", flag(self.additional_info))
            .query("devices", flag(self.devices));
        let call = match &self.endpoint {
            Endpoint::Hostname(name) => {
                said("host name", name)?;
                call.query("hostname", name)
            }
            Endpoint::Ip(ip) => {
                said("address", ip)?;
                call.query("ip", ip)
            }
        };
        Ok(call.query("score", flag(self.score)))
    }

    fn decode(&self, answer: &Answer) -> Result<EndpointReport, Cause> {
        let body = Body::read(answer)?;
        let fields = object(body.node())?;
        let internal =
            ["subnetid", "subnetlabel", "subnetnetwork"].into_iter().any(|key| fields.has(key))
                || fields.word("name").as_deref() == Some("internal_ip");
        let kind = if internal {
            EndpointKind::InternalIp
        } else if fields.get("hostname").is_some() {
            EndpointKind::Hostname
        } else if fields.is_empty() {
            EndpointKind::Unknown
        } else {
            EndpointKind::ExternalIp
        };
        Ok(EndpointReport {
            kind,
            hostname: fields.word("hostname"),
            ip: fields.word("ip"),
            first_seen: fields.time("firsttime"),
            popularity: fields.num("popularity"),
            dga_score: fields.num("dgascore"),
            ips: fields.each("ips", |fields| EndpointIp {
                ip: fields.word("ip"),
                first: fields.time("firsttime"),
                last: fields.time("lasttime"),
            }),
            locations: fields.each("locations", Location::read),
            location: Location::read(&fields),
            asn: fields.word("asn"),
            name: fields.word("name"),
            ip_age: fields.int("ipage"),
            ip_time: fields.time("iptime"),
            subnet: internal.then(|| Subnet {
                label: fields.word("subnetlabel"),
                id: fields.word("subnetid"),
                network: fields.word("subnetnetwork"),
            }),
            devices: fields.each("devices", Device::read),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::value::testing::*;
    use super::*;

    fn ask(endpoint: Endpoint) -> EndpointDetails {
        EndpointDetails { endpoint, additional_info: true, devices: true, score: false }
    }

    fn cats() -> EndpointDetails {
        ask(Endpoint::Hostname("cats.com".into()))
    }

    #[test]
    fn calls_are_exact() {
        assert_eq!(
            wire(&cats()),
            "Read GET /endpointdetails?additionalinfo=true&devices=true&hostname=cats.com&score=false"
        );
        assert_eq!(
            wire(&ask(Endpoint::Ip("2001:db8::1".into()))),
            "Read GET /endpointdetails?additionalinfo=true&devices=true&ip=2001%3Adb8%3A%3A1&score=false"
        );
    }

    #[test]
    fn an_empty_endpoint_is_refused() {
        assert!(refused(&ask(Endpoint::Ip(String::new()))).starts_with("address"));
        assert!(refused(&ask(Endpoint::Hostname("a\nb".into()))).starts_with("host name"));
    }

    #[test]
    fn the_seeds_example_is_read() {
        let report = decode(
            &cats(),
            r#"{"hostname":"cats.com","firsttime":1596775643000,"devices":[],"ips":[],"locations":[],"popularity":0,"dgascore":0}"#,
        )
        .unwrap();
        assert_eq!(
            report,
            EndpointReport {
                kind: EndpointKind::Hostname,
                hostname: Some("cats.com".into()),
                first_seen: Some(Time::parse("2020-08-07T04:47:23Z")),
                popularity: Some(0.0),
                dga_score: Some(0.0),
                ips: Some(vec![]),
                locations: Some(vec![]),
                devices: Some(vec![]),
                ..EndpointReport::default()
            }
        );
    }

    #[test]
    fn missing_is_none_and_never_zero() {
        let report = decode(&cats(), r#"{"hostname":"cats.com","firsttime":0}"#).unwrap();
        assert_eq!(report.first_seen, None);
        assert_eq!((report.popularity, report.dga_score), (None, None));
        assert_eq!((report.ips, report.locations, report.devices), (None, None, None));
        assert_eq!(decode(&cats(), "{}").unwrap(), EndpointReport::default());
    }

    #[test]
    fn a_known_host_name_has_addresses_and_places() {
        let report = decode(
            &cats(),
            r#"{"hostname":"cats.com","firsttime":1596775643000.0,"popularity":"0.5","dgascore":12,
                "ips":[{"ip":"1.2.3.4","firsttime":1596775643000,"lasttime":null},7],
                "locations":[{"latitude":37.4,"longitude":-122.0,"country":"US","city":""}],
                "devices":[{"did":2,"hostname":"h"}]}"#,
        )
        .unwrap();
        let ips = report.ips.unwrap();
        assert_eq!(ips.len(), 1);
        assert_eq!((ips[0].ip.as_deref(), &ips[0].last), (Some("1.2.3.4"), &None));
        let places = report.locations.unwrap();
        assert_eq!((places[0].latitude, &places[0].city), (Some(37.4), &None));
        assert_eq!((report.popularity, report.dga_score), (Some(0.5), Some(12.0)));
        assert_eq!(report.devices.unwrap()[0].did, Some(2));
    }

    #[test]
    fn an_address_outside_and_one_inside_are_different() {
        let outside = decode(
            &ask(Endpoint::Ip("8.8.8.8".into())),
            r#"{"ip":"8.8.8.8","firsttime":1596775643000,"country":"United States","asn":"AS15169 Google LLC","city":"",
                "region":"NA","name":"","longitude":-97.8,"latitude":37.7,"ipage":86400,"iptime":"2020-09-14 06:00:00"}"#,
        )
        .unwrap();
        assert_eq!(outside.kind, EndpointKind::ExternalIp);
        assert_eq!(outside.asn.as_deref(), Some("AS15169 Google LLC"));
        assert_eq!((outside.name, outside.ip_age), (None, Some(86_400)));
        assert_eq!(outside.ip_time.unwrap().to_string(), "2020-09-14T06:00:00Z");
        assert_eq!(outside.location.country.as_deref(), Some("United States"));
        assert_eq!((outside.subnet, outside.devices), (None, None));

        let inside = decode(
            &ask(Endpoint::Ip("10.0.0.1".into())),
            r#"{"name":"internal_ip","subnetlabel":"","subnetid":"12","subnetnetwork":"10.0.0.0/24","country":"x"}"#,
        )
        .unwrap();
        assert_eq!(inside.kind, EndpointKind::InternalIp);
        assert_eq!((inside.ip, inside.first_seen), (None, None));
        let subnet = inside.subnet.unwrap();
        assert_eq!((subnet.label, subnet.id.as_deref()), (None, Some("12")));
        // the schema's text, as a number
        let number = decode(&cats(), r#"{"subnetid":12}"#).unwrap();
        assert_eq!(number.subnet.unwrap().id.as_deref(), Some("12"));
    }

    #[test]
    fn refusals_and_other_shapes() {
        assert_eq!(
            cause(&cats(), r#"{"response":"INPUT ERROR"}"#),
            Cause::Refused("INPUT ERROR".into())
        );
        assert_eq!(place(&cats(), "[]"), ".");
        assert!(decode(&cats(), r#"{"hostname":"PRINT ERROR","firsttime":0}"#).is_ok());
    }

    #[test]
    fn no_answer_breaks_the_reader() {
        survives(&cats());
    }
}
