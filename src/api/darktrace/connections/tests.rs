//! The exact calls, and every shape of an answer the contract lists.

use super::super::super::value::testing::*;
use super::*;

fn ask() -> ConnectionInfo {
    ConnectionInfo { did: 1, ..ConnectionInfo::default() }
}

#[test]
fn calls_are_exact() {
    assert_eq!(
        wire(&ask()),
        "Read GET /deviceinfo?datatype=co&did=1&fulldevicedetails=false&showallgraphdata=false"
    );
    let full = ConnectionInfo {
        did: 1_000_000_000_001,
        data_type: DataType::SizeOut,
        external_domain: Some("a b.com".into()),
        destination_did: Some(0),
        port: Some(443),
        show_all_graph_data: true,
        similar_devices: Some(3),
        full_device_details: true,
        interval_hours: Some(24),
    };
    assert_eq!(
        wire(&full),
        concat!(
            "Read GET /deviceinfo?datatype=sizeout&did=1000000000001&externaldomain=a%20b.com",
            "&fulldevicedetails=true&intervalhours=24&odid=0&port=443&showallgraphdata=true&similardevices=3"
        )
    );
    let call = full.call().unwrap();
    assert!(call.query.is_sorted(), "signed and sent in byte order");
    assert_eq!(DataType::SizeIn.to_string(), "sizein");
    assert_eq!("sizein".parse(), Ok(DataType::SizeIn));
}

#[test]
fn what_means_nothing_is_refused() {
    let domain = ConnectionInfo { external_domain: Some(" ".into()), ..ask() };
    assert!(refused(&domain).starts_with("external domain"));
    let interval = ConnectionInfo { interval_hours: Some(0), ..ask() };
    assert!(refused(&interval).starts_with("interval"));
}

#[test]
fn the_seeds_example_is_read_whole() {
    let body = include_str!("../../../../tests/fixtures/darktrace-deviceinfo.json");
    let info = decode(&ask(), body).unwrap();
    assert_eq!(info.devices, []);
    let [series] = &info.series[..] else { panic!("{info:?}") };
    assert_eq!((series.did, series.similarity), (Some(1), Some(100.0)));
    let graph = series.graph.as_ref().unwrap();
    assert_eq!(graph.len(), 66);
    // the contract's arithmetic on the seed: the graph does not sum to the total
    let sum: f64 = graph.iter().map(|point| point.count).sum();
    assert_eq!((sum, series.total_used), (15_893.0, Some(1589)));
    assert_eq!(graph[0].at.to_string(), "2020-08-24T21:00:00Z");
    assert_eq!((series.total_served, series.total), (Some(0), Some(1589)));
    // and each list of shares to 100
    let shares = |shares: Vec<Option<f64>>| {
        let sum: f64 = shares.iter().flatten().sum();
        (shares.len(), sum)
    };
    let both = series.peers_and_ports.iter().map(|share| share.percent);
    assert_eq!(shares(both.collect()), (13, 100.0));
    let ports = series.ports_used.iter().map(|share| share.percent);
    assert_eq!(shares(ports.collect()), (9, 100.0));
    let peers = series.peers_used.iter().map(|share| share.percent);
    assert_eq!(shares(peers.collect()), (8, 100.0));
    assert_eq!((&series.ports_served, &series.peers_served), (&vec![], &vec![]));

    let ports: Vec<String> = series.ports_used.iter().map(|share| share.port.to_string()).collect();
    assert_eq!(ports.join(" "), "53 80 5001-10000 123 67 1514 443 3289 others");
    assert_eq!(series.ports_used[8].first_seen, None);
    let peers: Vec<String> = series.peers_used.iter().map(|share| share.peer.to_string()).collect();
    assert_eq!(peers.join(" "), "0 2 -5 -3 3 -6 -4 others");
    let open: Vec<Option<i64>> =
        series.peers_used.iter().map(|share| share.peer.device()).collect();
    assert_eq!(open, [None, Some(2), None, None, Some(3), None, None, None]);
    assert_eq!(
        series.peers_and_ports[4],
        PeerPort {
            peer: Peer::Device(-3),
            port: Port::Range(5001, 10_000),
            direction: Some(Direction::Out),
            percent: Some(10.0),
        }
    );
    assert_eq!(
        series.peers_and_ports[12],
        PeerPort { peer: Peer::Others, port: Port::Others, direction: None, percent: Some(1.0) }
    );
}

#[test]
fn every_variant_is_read() {
    let info = decode(
        &ask(),
        r#"{"deviceInfo":[
            {"did":"1","similarityScore":100,"info":{"totalUsed":"12",
              "devicesAndPorts":[{"deviceAndPort":{"direction":"in","device":"others","port":"others"},"size":"1.5"},
                {"deviceAndPort":"someone","size":null},{"deviceAndPort":{"direction":"up","device":"-6","port":"a-b"}},{}],
              "portsServed":[{"port":"443"},{"port":"1 to 9"},{"port":null}],
              "devicesServed":[{"did":1000000000001,"firstTime":0},{"did":[1]}],
              "externalDomains":[{"domain":"Unknown","size":60},{"size":40}],
              "externalASNs":{"asn":"AS1 X","size":100}}},
            {"did":2,"graphData":[{"time":1598302800000,"count":390},{"time":"x","count":1},{"time":1598306400000},7]},
            {"info":null,"graphData":null}],
           "devices":[{"did":1}]}"#,
    )
    .unwrap();
    let [first, second, third] = &info.series[..] else { panic!("{info:?}") };
    assert_eq!((first.did, first.total_used, &first.graph), (Some(1), Some(12), &None));
    let peers_ports: Vec<(&Peer, &Port)> =
        first.peers_and_ports.iter().map(|share| (&share.peer, &share.port)).collect();
    let (unread_peer, unread_port) =
        (|text: &str| Peer::Unread(text.into()), |text: &str| Port::Unread(text.into()));
    assert_eq!(
        peers_ports,
        [
            (&Peer::Others, &Port::Others),
            (&unread_peer("someone"), &unread_port("someone")),
            (&Peer::Device(-6), &unread_port("a-b")),
            (&unread_peer(""), &unread_port("")),
        ]
    );
    assert_eq!(first.peers_and_ports[0].direction, Some(Direction::In));
    assert_eq!(first.peers_and_ports[0].percent, Some(1.5));
    assert_eq!(first.peers_and_ports[2].direction, None);
    let ports: Vec<&Port> = first.ports_served.iter().map(|share| &share.port).collect();
    assert_eq!(ports, [&Port::Number(443), &unread_port("1 to 9"), &unread_port("")]);
    assert_eq!(first.peers_served[0].peer.device(), Some(1_000_000_000_001));
    assert_eq!(first.peers_served[0].first_seen, None);
    assert_eq!(first.peers_served[1].peer, unread_peer("[1]"));
    assert_eq!(first.external_domains[0].name.as_deref(), Some("Unknown"));
    assert_eq!(first.external_domains[1].name, None);
    assert_eq!(first.external_asns[0].percent, Some(100.0));
    assert_eq!(second.graph.as_ref().unwrap().len(), 1);
    assert_eq!(*third, ConnectionSeries::default());
    assert_eq!(info.devices[0].did, Some(1));
}

#[test]
fn nothing_refusals_and_other_shapes() {
    let nothing = decode(&ask(), r#"{"deviceInfo":[]}"#).unwrap();
    assert_eq!(nothing, DeviceInfo::default());
    assert_eq!(
        cause(&ask(), r#"{"error":"no such device"}"#),
        Cause::Refused("no such device".into())
    );
    assert_eq!(place(&ask(), "{}"), "deviceInfo");
    assert_eq!(place(&ask(), r#"{"deviceInfo":"x"}"#), "deviceInfo");
    assert_eq!(place(&ask(), r#"{"deviceInfo":[{},1]}"#), "deviceInfo[1]");
    assert_eq!(place(&ask(), "[]"), ".");
}

#[test]
fn no_answer_breaks_the_reader() {
    survives(&ask());
}
