//! What is recognised as an indicator, and how it is defanged and refanged.

use proptest::prelude::*;

use super::*;

#[test]
fn every_way_of_defanging_is_understood() {
    for (given, raw) in [
        ("8[.]8[.]8[.]8", "8.8.8.8"),
        ("8(.)8[dot]8{.}8:9200", "8.8.8.8:9200"),
        (" <hxxps://Cats[.]com/a?B=c#d>, ", "https://cats.com/a?B=c#d"),
        ("hXXp[:]//evil-cdn[.]top", "http://evil-cdn.top"),
        ("h**p://x.com", "http://x.com"),
        ("2001[:]db8[:][:]1", "2001:db8::1"),
        ("[2001:db8::1]:443", "[2001:db8::1]:443"),
        ("http://[2001:db8::1]/x", "http://[2001:db8::1]/x"),
        ("bad[@]evil(DOT)org", "bad@evil.org"),
        ("evil.com.", "evil.com"),
        ("fxp://files[.]net:2121/a", "ftp://files.net:2121/a"),
        ("cats.com/a?b", "cats.com/a?b"),
        ("10.0.0.0/8", "10.0.0.0/8"),
    ] {
        let i = classify(given);
        assert_eq!(i.to_string(), raw, "{given} {i:?}");
        assert_ne!(i.kind(), "unknown", "{given}");
        assert_eq!(classify(&i.defanged()), i, "{given} does not come back");
    }
}

#[test]
fn kinds_and_targets() {
    for (given, kind, target) in [
        ("hxxp://cats[.]com/a?b", "url", "cats.com"),
        ("http://google.com@evil.com/", "url", "evil.com"),
        ("http://evil.com\\@good.com/", "url", "evil.com"),
        ("ip-172-31-32-146", "hostname", "ip-172-31-32-146"),
        ("8.8.8.8:53", "ip", "8.8.8.8"),
        ("a@b.co", "email", "b.co"),
        ("_dmarc.evil.com", "hostname", "_dmarc.evil.com"),
    ] {
        let i = classify(given);
        assert_eq!((i.kind(), i.target().as_deref()), (kind, Some(target)), "{given}");
    }
}

#[test]
fn what_is_none_is_said_not_to_be() {
    for given in [
        "",
        "  ",
        "999.1.1.1",
        "010.1.1.1",
        "1.2.3",
        "http://3232235777/",
        "http://0x7f.0x1/",
        "a..b",
        "-a.com",
        "cats com",
        "10.0.0.0/33",
        "8.8.8.8:0",
        "8.8.8.8:99999",
        "8.8.8.8:+80",
        "https://",
        "[::1",
        "1:2:3",
        "пример.рф",
        "a\u{202e}b.com",
        "*.evil.com",
        "a@",
        "x\u{1b}.com",
    ] {
        let i = classify(given);
        assert!(matches!(&i, Indicator::Unknown { why, .. } if !why.is_empty()), "{given}: {i:?}");
    }
}

#[test]
fn internal_is_what_nobody_outside_has() {
    for yes in [
        "10.128.0.6",
        "172.31.32.146",
        "192.168.1.1:80",
        "127.0.0.1",
        "169.254.1.1",
        "100.64.0.1",
        "::1",
        "fd00::1",
        "fe80::1",
        "::ffff:10.0.0.1",
        "10.0.0.0/8",
        "http://web-02/x",
        "srv.corp",
        "224.0.0.1",
    ] {
        assert!(classify(yes).is_internal(), "{yes}");
    }
    for no in [
        "8.8.8.8",
        "203.0.113.7",
        "172.32.0.1",
        "100.128.0.1",
        "2001:db8::1",
        "cats.com",
        "::ffff:8.8.8.8",
    ] {
        assert!(!classify(no).is_internal(), "{no}");
    }
}

proptest! {
    #[test]
    fn defanging_twice_is_defanging_once(s in "[a-z0-9:/.@\\[\\]() -]{0,40}") {
        let one = defang(&s);
        prop_assert_eq!(defang(&one), one);
    }

    #[test]
    fn any_address_survives_the_trip(v4 in any::<u32>(), v6 in any::<u128>(), port in 1u16..) {
        for addr in [IpAddr::from(Ipv4Addr::from(v4)), IpAddr::from(Ipv6Addr::from(v6))] {
            let i = Indicator::Ip { addr, port: None };
            prop_assert_eq!(classify(&i.defanged()), i.clone());
            prop_assert_eq!(classify(&i.to_string()), i);
            let url = format!("https://{}/x", if addr.is_ipv6() { format!("[{addr}]:{port}") } else { format!("{addr}:{port}") });
            prop_assert_eq!(classify(&url).to_string(), url);
        }
    }

    #[test]
    fn anything_is_survived(s in any::<String>()) {
        let i = classify(&s);
        i.defanged();
    }
}
