//! Which databases something applies to: a name, or the beginning of one. Knows nothing of who may do what with them.

use std::fmt;
use std::str::FromStr;

use eyot_core::DatabaseName;

/// A database name, or a beginning followed by `*`: `field-notes`, `team-*`, `*`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DatabasePattern {
    text: String,
    open: bool,
}

impl DatabasePattern {
    /// True when the pattern means that database.
    pub fn matches(&self, database: &DatabaseName) -> bool {
        if self.open { database.as_str().starts_with(&self.text) } else { database.as_str() == self.text }
    }

    /// How much the pattern says: of two that match, the one that says more decides. A name says more than any
    /// beginning of it.
    pub fn weight(&self) -> usize {
        self.text.len() * 2 + usize::from(!self.open)
    }
}

impl FromStr for DatabasePattern {
    type Err = PatternError;

    fn from_str(pattern: &str) -> Result<Self, PatternError> {
        let (text, open) = pattern.strip_suffix('*').map_or((pattern, false), |text| (text, true));
        let empty_is_fine = open && text.is_empty();
        if !empty_is_fine && text.parse::<DatabaseName>().is_err() {
            return Err(PatternError);
        }
        Ok(Self { text: text.to_owned(), open })
    }
}

impl fmt::Display for DatabasePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.text, if self.open { "*" } else { "" })
    }
}

/// The text is neither a database name nor the beginning of one followed by `*`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not a database name (1 to 64 of a-z, 0-9, - and _), nor the beginning of one followed by *")]
pub struct PatternError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_name_or_the_beginning_of_one() {
        for (pattern, name, expected) in [
            ("notes", "notes", true),
            ("notes", "notes-2", false),
            ("notes-*", "notes-2", true),
            ("notes-*", "notes", false),
            ("*", "anything", true),
        ] {
            let pattern: DatabasePattern = pattern.parse().unwrap();
            assert_eq!(pattern.matches(&name.parse().unwrap()), expected, "{pattern} {name}");
        }
        for bad in ["", "No", "a*b", "**", "a/*"] {
            assert_eq!(bad.parse::<DatabasePattern>(), Err(PatternError), "{bad}");
        }
    }

    #[test]
    fn a_longer_pattern_weighs_more_and_a_name_most() {
        let weight = |text: &str| text.parse::<DatabasePattern>().unwrap().weight();
        assert!(weight("*") < weight("n*"));
        assert!(weight("n*") < weight("notes*"));
        assert!(weight("notes*") < weight("notes"));
    }
}
