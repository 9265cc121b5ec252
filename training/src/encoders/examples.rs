//! Tokenized texts as a source of batches, epoch after epoch in another order.

use bert::BertTokenizer;
use documents::Span;
use tasks::tagging::word_starts;

use super::batch::{Batch, Example, Targets};
use super::data::{Gold, Text};
use crate::examples::shuffle;
use crate::run::{Source, Validation};
use crate::step::Pass;
use crate::windows::SplitMix;

/// What is learned from, and what is held out.
pub struct Examples {
    train: Vec<Example>,
    dev: Vec<Example>,
    /// Texts of one update.
    texts: usize,
    seed: u64,
}

/// Held-out examples that a validation looks at.
const VALIDATION_EXAMPLES: usize = 256;
/// Tokens of one pass of a validation.
const VALIDATION_PASS: usize = 4096;

impl Examples {
    /// `texts` are those of one update; what is longer than `longest` tokens loses its end.
    ///
    /// # Errors
    /// What the tokenizer says.
    pub fn new(
        tokenizer: &BertTokenizer,
        (train, dev): (&[Text], &[Text]),
        multi_label: Option<usize>,
        longest: usize,
        texts: usize,
        seed: u64,
    ) -> Result<Self, tokenizer::Error> {
        let all = |texts: &[Text]| {
            let mut found = Vec::new();
            for text in texts {
                found.extend(examples(tokenizer, text, multi_label, longest)?);
            }
            Ok::<_, tokenizer::Error>(found)
        };
        Ok(Self { train: all(train)?, dev: all(dev)?, texts, seed })
    }

    fn order(&self, epoch: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.train.len()).collect();
        let mut random = SplitMix(self.seed ^ epoch.wrapping_mul(0x9E6C_63D0_876A_9A35));
        shuffle(&mut order, &mut random);
        order
    }
}

/// The examples of a text: of one where names are marked each sentence, of others one.
fn examples(
    tokenizer: &BertTokenizer,
    text: &Text,
    multi_label: Option<usize>,
    longest: usize,
) -> Result<Vec<Example>, tokenizer::Error> {
    let limit = Some(longest);
    match &text.gold {
        Gold::Classes(classes) => {
            let encoding = tokenizer.encode(&text.text, text.pair.as_deref(), limit)?;
            let targets = match multi_label {
                Some(count) => Targets::Classes((0..count).map(|class| classes.contains(&class)).collect()),
                None => Targets::Class(classes.first().copied().unwrap_or(0)),
            };
            Ok(vec![Example { ids: encoding.ids, segments: encoding.segments, targets }])
        }
        Gold::Names { names, sentences } => {
            let of = |sentence: &Span| -> Result<Example, tokenizer::Error> {
                let words = sentence.slice(&text.text).unwrap_or_default();
                let encoding = tokenizer.encode(words, None, limit)?;
                let own = encoding.own(0);
                let classes = word_classes(words, &own.offsets, sentence.start, names);
                let mut targets = vec![None; encoding.ids.len()];
                targets[own.places].copy_from_slice(&classes);
                let (ids, segments) = (encoding.ids, encoding.segments);
                Ok(Example { ids, segments, targets: Targets::Tokens(targets) })
            };
            sentences.iter().map(of).collect()
        }
    }
}

/// The classes (0 outside, 1 first word, 2 further word) of the first piece of each word of a sentence that begins at byte `start`
/// of its document; `None` of the other pieces, which the app does not look at.
fn word_classes(
    words: &str,
    pieces: &[std::ops::Range<usize>],
    start: usize,
    names: &[Span],
) -> Vec<Option<usize>> {
    let starts = word_starts(words, pieces);
    let mut last = None;
    let mut classes = Vec::with_capacity(pieces.len());
    for (number, piece) in pieces.iter().enumerate() {
        if !starts[number] && number > 0 {
            classes.push(None);
            continue;
        }
        let following = (number + 1..pieces.len()).take_while(|next| !starts[*next]).last();
        let end = pieces[following.unwrap_or(number)].end;
        let word = Span::new(start + piece.start, start + end);
        let name = names.iter().position(|name| name.overlaps(word));
        classes.push(Some(match name {
            None => 0,
            Some(_) if name == last => 2,
            Some(_) => 1,
        }));
        last = name;
    }
    classes
}

/// Puts examples of like length together, so that `pass_tokens` of a pass are not all padding.
fn batches(mut examples: Vec<&Example>, pass_tokens: usize) -> Vec<Batch> {
    examples.sort_by_key(|example| std::cmp::Reverse(example.ids.len()));
    let mut found = Vec::new();
    let mut rest = examples.as_slice();
    while let Some(first) = rest.first() {
        let rows = (pass_tokens / first.ids.len().max(1)).clamp(1, rest.len());
        let (own, after) = rest.split_at(rows);
        found.push(Batch { texts: own.iter().map(|example| (*example).clone()).collect() });
        rest = after;
    }
    found
}

impl Source<Batch> for Examples {
    /// As many texts as an update has, or those that are left of the epoch.
    fn update(&self, consumed: u64, _: usize, pass_tokens: usize) -> (Vec<Batch>, u64) {
        let per_epoch = self.epoch();
        let order = self.order(consumed / per_epoch);
        let from = (consumed % per_epoch) as usize;
        let to = (from + self.texts).min(order.len());
        let own = order[from..to].iter().map(|number| &self.train[*number]).collect();
        (batches(own, pass_tokens), consumed + (to - from).max(1) as u64)
    }

    fn validation(&self) -> Vec<Validation<Batch>> {
        let held_out: Vec<&Example> = self.dev.iter().take(VALIDATION_EXAMPLES).collect();
        let batches = batches(held_out, VALIDATION_PASS);
        if batches.iter().map(Pass::weight).sum::<f64>() > 0.0 {
            vec![Validation::new("development", batches)]
        } else {
            Vec::new()
        }
    }

    fn epoch(&self) -> u64 {
        self.train.len().max(1) as u64
    }

    fn fingerprint(&self) -> String {
        format!("{} {:?} {:?}", self.train.len(), self.train.first(), self.train.last())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_the_class_of_its_first_piece_and_names_side_by_side_are_two() {
        let words = "beta-blockers lower pressure";
        let pieces = [0..4, 4..5, 5..10, 10..13, 14..19, 20..28];
        let names = [Span::new(100, 105), Span::new(105, 113), Span::new(120, 128)];
        assert_eq!(
            word_classes(words, &pieces, 100, &names),
            [Some(1), Some(2), Some(1), None, Some(0), Some(1)]
        );
        assert_eq!(
            word_classes(words, &pieces, 0, &names),
            [Some(0), Some(0), Some(0), None, Some(0), Some(0)]
        );
    }

    #[test]
    fn each_epoch_reads_every_text_once_in_another_order() {
        let example = |id: u32| Example {
            ids: vec![id; 1 + id as usize % 4],
            segments: vec![0; 1 + id as usize % 4],
            targets: Targets::Class(0),
        };
        let source = Examples { train: (0..10).map(example).collect(), dev: Vec::new(), texts: 4, seed: 7 };
        let mut at = 0;
        let mut epochs: Vec<Vec<u32>> = Vec::new();
        for _ in 0..2 {
            let mut read = Vec::new();
            for expected in [4, 4, 2] {
                let (batches, next) = source.update(at, 0, 6);
                assert_eq!(next - at, expected);
                assert!(batches.iter().all(|batch| batch.rows() == 1 || batch.rows() * batch.length() <= 6));
                read.extend(batches.iter().flat_map(|batch| batch.texts.iter().map(|text| text.ids[0])));
                at = next;
            }
            epochs.push(read);
        }
        assert_ne!(epochs[0], epochs[1]);
        epochs.iter_mut().for_each(|epoch| epoch.sort_unstable());
        assert!(epochs.iter().all(|epoch| epoch.iter().copied().eq(0..10)));
        assert!(source.validation().is_empty());
    }
}
