//! Every cause is told in whole sentences and belongs to its class.

use super::*;
use crate::api::error::Class;
use crate::api::{BadInput, Call, Method, Path};

/// Every cause, each with the class it must have.
fn every_cause() -> Vec<(Cause, Class)> {
    let text = || "some words".to_owned();
    let second = Duration::from_secs(1);
    vec![
        (Cause::NotConfigured, Class::Configuration),
        (Cause::Misconfigured(text()), Class::Configuration),
        (Cause::BadInput(BadInput::new("tag", "a\nb", "no")), Class::Usage),
        (Cause::Unresolved(text()), Class::Network),
        (Cause::Unreachable(text()), Class::Network),
        (Cause::Tls(text()), Class::Network),
        (Cause::ConnectTimeout(second), Class::TimedOut),
        (Cause::AnswerTimeout(second), Class::TimedOut),
        (Cause::Broken(text()), Class::Network),
        (Cause::TooLarge(1), Class::Network),
        (Cause::Redirect(Redirect::Login), Class::Credentials),
        (Cause::Redirect(Redirect::Denied), Class::Credentials),
        (Cause::Redirect(Redirect::SameOrigin(text())), Class::Refused),
        (Cause::Redirect(Redirect::OtherOrigin(text())), Class::Network),
        (Cause::Redirect(Redirect::Downgrade(text())), Class::Network),
        (Cause::Redirect(Redirect::Nowhere), Class::Refused),
        (Cause::Credentials(text()), Class::Credentials),
        (Cause::Clock, Class::Credentials),
        (Cause::Forbidden(text()), Class::Credentials),
        (Cause::NotFound(text()), Class::Refused),
        (Cause::Invalid(vec![text()]), Class::Refused),
        (Cause::Limited(Some(second)), Class::Refused),
        (Cause::Server(text(), None), Class::Refused),
        (Cause::Status(text()), Class::Refused),
        (Cause::NotJson(NotJson::Empty), Class::Network),
        (Cause::NotJson(NotJson::LoginPage), Class::Credentials),
        (Cause::NotJson(NotJson::Html), Class::Network),
        (Cause::NotJson(NotJson::Text), Class::Network),
        (Cause::Truncated, Class::Network),
        (Cause::Unexpected { at: "[0].x".into(), why: text() }, Class::Refused),
        (Cause::Refused(text()), Class::Refused),
        (Cause::Cancelled, Class::Refused),
        (Cause::Crashed(text()), Class::Refused),
    ]
}

fn error(product: Product, method: Method, cause: Cause) -> ApiError {
    let call = Call::new(product, "some read", method, Path::fixed("/tags"));
    ApiError::of(&call, cause)
}

#[test]
fn every_cause_has_a_class_and_whole_sentences() {
    for product in Product::ALL {
        for (cause, class) in every_cause() {
            let error = error(product, Method::Post, cause);
            assert_eq!(error.class(), class, "{error:?}");
            let told = error.explain();
            assert!(told.what.ends_with('.') && told.next.ends_with('.'), "{told:?}");
            let all = format!("{}|{}|{}", told.what, told.why, told.next);
            assert!(!all.contains("  ") && !all.contains(".."), "{all}");
            assert!(!all.contains(char::is_control), "{all}");
            assert_eq!(error.to_string(), told.what);
            let warned = told.next.contains("before you repeat it");
            assert_eq!(warned, error.outcome_unknown(), "{told:?}");
        }
    }
}

#[test]
fn a_read_is_not_warned_of_its_repetition() {
    let error = error(Product::Arcanna, Method::Get, Cause::Truncated);
    assert_eq!(error.explain().next, "Try again.");
}

#[test]
fn the_clock_is_named_where_it_matters() {
    let mut date = error(Product::Darktrace, Method::Get, Cause::Clock);
    date.skew_s = Some(-95);
    assert_eq!(
        date.to_string(),
        "Darktrace refused the date of the request: your clock is 95 s behind its clock."
    );
    date.skew_s = Some(3_600);
    assert!(date.to_string().contains("3600 s ahead of its clock"), "{date}");
    for skew in [Some(1), None] {
        date.skew_s = skew;
        assert_eq!(date.to_string(), "Darktrace refused the date of the request.");
    }
    let words = Cause::Credentials("API SIGNATURE ERROR".into());
    let mut signature = error(Product::Darktrace, Method::Get, words);
    signature.skew_s = Some(400);
    assert_eq!(
        signature.explain().why,
        "The server says: API SIGNATURE ERROR. Besides, your clock is 400 s ahead of its clock."
    );
}

#[test]
fn quotations_are_short() {
    let long = "x".repeat(5_000);
    for cause in [
        Cause::Server(long.clone(), None),
        Cause::Refused(long.clone()),
        Cause::Invalid(vec![long.clone(), long.clone()]),
        Cause::BadInput(BadInput::new("id", &long, "it is too long")),
    ] {
        let told = error(Product::Arcanna, Method::Get, cause).explain();
        assert!(told.what.len() + told.why.len() < 600, "{told:?}");
    }
}
