//! Questions made of abstracts: does the conclusion hold? As in PubMedQA's artificial part (Jin et al. 2019), where a
//! statement becomes a question and its negation the answer; here the statement is an abstract's last sentence, which is
//! taken out of what the model reads.

use std::sync::LazyLock;

use corpus::{Shards, Stream};
use documents::{Document, Span};
use regex::Regex;
use tasks::answer::{self, Answer};
use tasks::sentences;
use tokenizer::Tokenizer;

use super::tokens;
use crate::examples::{Example, Task};
use crate::windows::SplitMix;

#[expect(clippy::expect_used, reason = "the patterns are constants, compiled by the test")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern compiles")
}

static NEGATION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:(?:did|does|do) not|could not|cannot|not|no|neither|nor|failed to|fails to|without|lack of)\b ?",
    )
});
static DOUBT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:may|might|unclear|remains? to be|controversial|inconclusive|insufficient|(?:further|more|additional|larger|future) (?:stud(?:y|ies)|trials?|research|investigations?))\b ?",
    )
});
/// What stands before the statement itself.
static LEAD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^(?:conclusions?\s*:|in (?:conclusion|summary),?|(?:we conclude|(?:our|these|the(?: present)?) (?:results|findings|data|study|studies)[^,]{0,30}?(?:suggests?|indicates?|shows?|demonstrates?|supports?|confirms?)) that)\s*",
    )
});
static AUXILIARY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(is|are|was|were|can|should|has|have|will)\b "));

/// Abstracts whose conclusions are asked for.
pub struct Conclusions<'a> {
    tokenizer: &'a Tokenizer,
    prompt: Vec<u32>,
    found: Vec<(String, Document, Answer)>,
}

/// Tokens of a document that can be an abstract.
const LENGTHS: std::ops::RangeInclusive<usize> = 120..=420;
/// Sentences it must have.
const SENTENCES: usize = 5;

impl<'a> Conclusions<'a> {
    /// From the running text of the pre-training, with as many of each answer as PubMedQA has: of nine five yes, three no,
    /// one maybe.
    #[must_use]
    pub fn new(tokenizer: &'a Tokenizer, prompt: Vec<u32>, shards: &Shards) -> Self {
        let mut found = Vec::new();
        let mut counts = [0usize; 3];
        if let Some(shard) = shards.shard(Stream::Prose, false) {
            for number in (0..shard.count()).filter(|number| LENGTHS.contains(&shard.length(*number))) {
                let mut ids = Vec::new();
                shard.append(number, &mut ids);
                let Some(one) = question(&tokenizer.decode(&ids)) else { continue };
                let most = match one.2 {
                    Answer::No => usize::MAX,
                    Answer::Yes => counts[1] * 5 / 3 + 1,
                    Answer::Maybe => counts[1] / 3,
                };
                if counts[one.2 as usize] < most {
                    counts[one.2 as usize] += 1;
                    found.push(one);
                }
            }
        }
        Self { tokenizer, prompt, found }
    }
}

/// An abstract as a question, what is left to read, and the answer.
fn question(text: &str) -> Option<(String, Document, Answer)> {
    let spans = sentences::split(text);
    let last = *spans.last().filter(|_| spans.len() >= SENTENCES)?;
    let sentence = last.slice(text)?;
    let statement = LEAD.replace(sentence, "");
    let statement = statement.trim_end_matches(['.', ' ']);
    if !(40..=260).contains(&statement.len()) || !sentence.ends_with('.') {
        return None;
    }
    let answer = if DOUBT.is_match(statement) {
        Answer::Maybe
    } else if NEGATION.is_match(statement) {
        Answer::No
    } else {
        Answer::Yes
    };
    let bare = NEGATION.replace_all(&DOUBT.replace_all(statement, ""), "").into_owned();
    let asked = match AUXILIARY.captures(&bare).and_then(|found| found.get(1)) {
        Some(verb) => {
            format!("{} {}{}", verb.as_str(), &bare[..verb.start()], bare[verb.end()..].trim_start())
        }
        None => format!("does {bare}"),
    };
    let mut letters = asked.trim().chars();
    let first = letters.next()?;
    let asked = first.to_uppercase().chain(letters).collect::<String>() + "?";
    let rest = Span::new(0, last.start).slice(text)?.trim_end();
    Some((asked, Document::from_parts("", &[("abstract", rest)]), answer))
}

impl Task for Conclusions<'_> {
    fn name(&self) -> &str {
        "conclusions"
    }

    fn count(&self) -> usize {
        self.found.len()
    }

    fn example(&self, number: usize, _: &mut SplitMix) -> Example {
        let (question, document, answer) = &self.found[number];
        let source = answer::prompt(question, document, tasks::source::whole(document));
        let target = answer::target(*answer);
        Example::new(tokens(self.tokenizer, &source), self.prompt.clone(), tokens(self.tokenizer, &target))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(conclusion: &str) -> (String, Answer) {
        let text = format!("We asked. We looked at ten patients. Six were ill. Four were well. {conclusion}");
        let (question, document, answer) = question(&text).unwrap();
        assert!(document.text.ends_with("Four were well."), "{}", document.text);
        (question, answer)
    }

    #[test]
    fn a_conclusion_becomes_a_question_that_does_not_give_the_answer_away() {
        let (question, answer) = asked("In conclusion, aspirin is not associated with bleeding in children.");
        assert_eq!(
            (question.as_str(), answer),
            ("Is aspirin associated with bleeding in children?", Answer::No)
        );
        let (question, answer) =
            asked("These results suggest that aspirin was associated with bleeding in children.");
        assert_eq!(
            (question.as_str(), answer),
            ("Was aspirin associated with bleeding in children?", Answer::Yes)
        );
        let (question, answer) = asked("Aspirin may reduce the risk of bleeding in young children.");
        assert_eq!(
            (question.as_str(), answer),
            ("Does Aspirin reduce the risk of bleeding in young children?", Answer::Maybe)
        );
    }
}
