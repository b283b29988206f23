//! Where a value came from, and what is wrong with it. Holds no value of a secret.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a setting was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The built-in default.
    Default,
    /// A line of a file; line and column count from 1, columns in characters.
    File {
        /// The file as it was opened.
        path: Arc<PathBuf>,
        /// Line.
        line: usize,
        /// Column.
        column: usize,
    },
    /// An environment variable.
    Env(&'static str),
    /// A flag of the command line, with its dashes.
    Flag(&'static str),
    /// `:set` of the running console.
    Session,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Env(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
            Self::Session => f.write_str("this session"),
        }
    }
}

/// One thing that is wrong with the configuration, told so that it can be put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: `/home/x/.config/socdeck/config.toml:3:9`, `environment SOCDECK_USERNAME`, or the file alone.
    pub place: String,
    /// The setting, dotted: `arcanna.timeout`. Empty when the problem is the file's own.
    pub key: String,
    /// What is wrong with it. Never holds the value of a secret.
    pub what: String,
    /// What would be accepted, or the command that puts it right; may be empty.
    pub allowed: String,
    /// The nearest accepted word, when one is near.
    pub nearest: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.what)?;
        if let Some(nearest) = &self.nearest {
            write!(f, "; did you mean {nearest:?}?")?;
        }
        if !self.allowed.is_empty() {
            write!(f, "\n    {}", self.allowed)?;
        }
        Ok(())
    }
}

/// Everything that is wrong with the configuration, in the order it was found; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// The problems.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

/// The word of `known` that `given` was most likely meant to be.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let given = given.to_lowercase();
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&given, &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance * 3 <= word.chars().count().max(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["api_key", "api_key_command", "url"];
        assert_eq!(nearest("apikey", known).as_deref(), Some("api_key"));
        assert_eq!(nearest("URL", known).as_deref(), Some("url"));
        assert_eq!(nearest("api_key_comand", known).as_deref(), Some("api_key_command"));
        assert_eq!(nearest("colour", known), None);
    }
}
