//! How a pair of names is shown to a classifier of pairs: markers around the names, words in their places, or the names as a second
//! text.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::RelationTask;

/// The place of the author's words in the form of a name.
const NAME: &str = "{}";
/// The places of the names in the second text.
const HEAD: &str = "{head}";
const TAIL: &str = "{tail}";

/// The forms of a pair of names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marking {
    /// The first name, `[E1] {} [/E1]`, where `{}` are the author's words; without them a word in its place, `@CHEMICAL$`.
    pub head: String,
    /// The second name.
    pub tail: String,
    /// A second text, `{head} and {tail}`, for models of pairs of texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<String>,
    /// Whether the model reads all that lies between two names, and not only single sentences.
    #[serde(default)]
    pub passages: bool,
}

impl Marking {
    /// Words in place of the names, as models of a task are most often published.
    #[must_use]
    pub fn usual(task: RelationTask) -> Self {
        let (head, tail) = match task {
            RelationTask::Bc5cdr => ("@CHEMICAL$", "@DISEASE$"),
            RelationTask::Ddi => ("@DRUG$", "@DRUG$"),
            RelationTask::KdDti => ("@CHEMICAL$", "@GENE$"),
        };
        let passages = task == RelationTask::Bc5cdr;
        Self { head: head.to_owned(), tail: tail.to_owned(), second: None, passages }
    }

    /// Refuses forms that show no pair, in words.
    ///
    /// # Errors
    /// Says what is wrong with which form.
    pub fn check(&self) -> Result<(), String> {
        for (which, form) in [("first", &self.head), ("second", &self.tail)] {
            if form.trim().is_empty() {
                return Err(format!(
                    "the form of the {which} name is empty. Say one, such as [E1] {{}} [/E1]"
                ));
            }
        }
        match &self.second {
            Some(second) if !second.contains(HEAD) || !second.contains(TAIL) => Err(format!(
                "the second text {second:?} does not have both names. Write {HEAD} and {TAIL} where they go"
            )),
            None if self.head == NAME && self.tail == NAME => Err(
                "the names of a pair are not marked: say a form such as [E1] {} [/E1], or @DRUG$, or a second text".to_owned(),
            ),
            _ => Ok(()),
        }
    }

    /// The texts that the model reads of a part of a document that contains two names; `None` if they overlap or are outside of it.
    ///
    /// # Shapes
    /// `head` and `tail` are bytes of `text`.
    #[must_use]
    pub fn shown(
        &self,
        text: &str,
        head: Range<usize>,
        tail: Range<usize>,
    ) -> Option<(String, Option<String>)> {
        let words = |name: &Range<usize>| text.get(name.clone()).filter(|words| !words.is_empty());
        let (first_words, second_words) = (words(&head)?, words(&tail)?);
        if head.start < tail.end && tail.start < head.end {
            return None;
        }
        let mut places = [(&head, &self.head, first_words), (&tail, &self.tail, second_words)];
        places.sort_by_key(|(name, ..)| name.start);
        let (mut shown, mut from) = (String::new(), 0);
        for (name, form, words) in places {
            shown.push_str(text.get(from..name.start)?);
            shown.push_str(&form.replace(NAME, words));
            from = name.end;
        }
        shown.push_str(text.get(from..)?);
        let second =
            self.second.as_ref().map(|form| form.replace(HEAD, first_words).replace(TAIL, second_words));
        Some((shown, second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Nausea after aspirin.";

    fn shown(head: &str, tail: &str, second: Option<&str>) -> (String, Option<String>) {
        let second = second.map(str::to_owned);
        let marking = Marking { head: head.to_owned(), tail: tail.to_owned(), second, passages: false };
        marking.check().unwrap();
        marking.shown(TEXT, 13..20, 0..6).unwrap()
    }

    #[test]
    fn names_are_marked_masked_or_given_as_a_second_text() {
        assert_eq!(
            shown("[E1] {} [/E1]", "[E2] {} [/E2]", None).0,
            "[E2] Nausea [/E2] after [E1] aspirin [/E1]."
        );
        assert_eq!(shown("@CHEMICAL$", "@DISEASE$", None), ("@DISEASE$ after @CHEMICAL$.".to_owned(), None));
        let pair = shown("{}", "{}", Some("{head} and {tail}"));
        assert_eq!(pair, (TEXT.to_owned(), Some("aspirin and Nausea".to_owned())));
    }

    #[test]
    fn what_cannot_be_shown_is_not() {
        let marking = Marking::usual(RelationTask::Bc5cdr);
        assert_eq!(marking.shown(TEXT, 0..6, 3..9), None);
        assert_eq!(marking.shown(TEXT, 0..6, 13..99), None);
        assert_eq!(marking.shown(TEXT, 0..6, 13..13), None);
        assert_eq!(marking.shown("é", 0..1, 1..2), None);
    }

    #[test]
    fn forms_that_show_no_pair_are_refused() {
        let refused = |head: &str, tail: &str, second: Option<&str>| {
            let second = second.map(str::to_owned);
            Marking { head: head.to_owned(), tail: tail.to_owned(), second, passages: false }
                .check()
                .unwrap_err()
        };
        assert!(refused(" ", "x", None).contains("first name is empty"));
        assert!(refused("{}", "{}", None).contains("not marked"));
        assert!(refused("{}", "{}", Some("{head}")).contains("{tail}"));
    }
}
