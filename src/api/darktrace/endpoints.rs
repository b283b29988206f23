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

/// Asks about an endpoint: `GET /endpointdetails` [OAS, SDK].
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
    /// Popularity: 100 minus rarity [OAS].
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
    /// Age of the address; its unit is not documented and looks like seconds [SOAR].
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
        let call = call(
            "endpoint details",
            Method::Get,
            Path::fixed("/endpointdetails"),
        )
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
        let internal = ["subnetid", "subnetlabel", "subnetnetwork"]
            .into_iter()
            .any(|key| fields.has(key))
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
