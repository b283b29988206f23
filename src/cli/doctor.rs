//! `socdeck doctor`: tests this machine and both products, and says in a sentence each what is wrong and what to do next.
//! Asks only what changes nothing.

mod machine;
mod product;

use std::process::ExitCode;

use crate::api::Product;
use crate::config::{self, Loaded, Sources};
use crate::ui::text::clean;

use super::{Exit, Failure, output};

/// How a test went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// Worth a word, no fault.
    Note,
    /// Does not work.
    Fault(Exit),
    /// Could not be tested, because something before it does not work.
    Untested,
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    topic: &'static str,
    state: State,
    /// What was found. Foreign words in it are cleaned when it is printed.
    words: String,
    /// What to do next; may be empty.
    next: String,
}

impl Line {
    fn new(topic: &'static str, state: State, words: impl Into<String>) -> Self {
        Self { topic, state, words: words.into(), next: String::new() }
    }

    fn next(self, next: impl Into<String>) -> Self {
        Self { next: next.into(), ..self }
    }
}

/// The tests of one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chapter {
    title: String,
    lines: Vec<Line>,
}

pub(super) fn run(sources: &Sources) -> Result<ExitCode, Failure> {
    let loaded = config::load(sources);
    let mut chapters = vec![machine::test(sources, loaded.as_ref())];
    if let Ok(loaded) = &loaded {
        chapters.extend(super::runtime()?.block_on(products(loaded)));
    }
    output::data(&render(&chapters))?;
    Ok(worst(&chapters).into())
}

/// Both products at the same time: one that does not answer must not keep the other waiting.
async fn products(loaded: &Loaded) -> Vec<Chapter> {
    let settings = &loaded.settings;
    if settings.arcanna.is_none() && settings.darktrace.is_none() {
        let fault = State::Fault(Exit::Configuration);
        return vec![Chapter {
            title: "Products".to_owned(),
            lines: vec![Line::new("address", fault, "neither product has an address").next(
                "`socdeck init` writes a configuration file to fill in; `socdeck demo` needs none",
            )],
        }];
    }
    let (arcanna, darktrace) = tokio::join!(
        product::test(settings, Product::Arcanna),
        product::test(settings, Product::Darktrace),
    );
    vec![arcanna, darktrace]
}

fn render(chapters: &[Chapter]) -> String {
    let lines = chapters.iter().flat_map(|chapter| &chapter.lines);
    let topics = lines.map(|line| line.topic.len()).max().unwrap_or_default();
    let states = "untested".len();
    let mut rows = Vec::new();
    for chapter in chapters {
        if !rows.is_empty() {
            rows.push(String::new());
        }
        rows.push(clean(&chapter.title).into_owned());
        for line in &chapter.lines {
            let mut words = line.words.lines();
            let first = words.next().unwrap_or_default();
            let next = (!line.next.is_empty()).then(|| format!("next: {}", line.next));
            let row = |topic: &str, state: &str, words: &str| {
                let row = format!("  {topic:topics$}  {state:states$}  {}", clean(words.trim()));
                row.trim_end().to_owned()
            };
            rows.push(row(line.topic, &line.state.to_string(), first));
            rows.extend(words.map(|more| row("", "", more)));
            rows.extend(next.map(|next| row("", "", &next)));
        }
    }
    rows.push(String::new());
    rows.join("\n")
}

/// The exit code of the worst fault. Worst is what keeps most from working: no usable settings, then no connection, then
/// no answer in time, then no entrance, then a refusal.
fn worst(chapters: &[Chapter]) -> Exit {
    let rank = |exit: &Exit| match exit {
        Exit::Configuration => 5,
        Exit::Network => 4,
        Exit::TimedOut => 3,
        Exit::Credentials => 2,
        Exit::Refused | Exit::Usage => 1,
        Exit::Done => 0,
    };
    chapters
        .iter()
        .flat_map(|chapter| &chapter.lines)
        .filter_map(|line| match line.state {
            State::Fault(exit) => Some(exit),
            _ => None,
        })
        .max_by_key(rank)
        .unwrap_or(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_fault_decides_and_words_are_aligned_and_cleaned() {
        let chapters = [Chapter {
            title: "Arcanna  https://a".to_owned(),
            lines: vec![
                Line::new("reach", State::Ok, "answered"),
                Line::new("credentials", State::Fault(Exit::Credentials), "no\u{1b}[31m\nsecond")
                    .next("ask"),
                Line::new("permission", State::Fault(Exit::Refused), "no"),
            ],
        }];
        assert_eq!(worst(&chapters), Exit::Credentials);
        let text = render(&chapters);
        assert_eq!(
            text,
            "Arcanna  https://a\n\
             \x20 reach        ok        answered\n\
             \x20 credentials  fault     no\u{241b}[31m\n\
             \x20                        second\n\
             \x20                        next: ask\n\
             \x20 permission   fault     no\n"
        );
    }
}
