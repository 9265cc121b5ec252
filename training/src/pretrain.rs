//! Pre-training data: prose and definitions as one stream of windows, each read causally or, with some of its words hidden,
//! in both directions.

use std::path::Path;

use checkpoints::Config;
use corpus::{Shard, Shards, Stream};
use tokenizer::Tokenizer;

use crate::masking::Masking;
use crate::recipe::Masked;
use crate::run::{Source, Validation};
use crate::step::Batch;
use crate::windows::{Documents, SplitMix, Windows};

/// How long sequences are: short ones first cost less attention and teach as much (GPT-BERT).
#[derive(Debug, Clone, PartialEq)]
pub struct Lengths {
    /// Tokens of a sequence, at the end of the run where shorter ones come before.
    pub sequence: usize,
    /// Up to which share of the run's tokens sequences are shorter, and how long they are, in the order of the run.
    pub shorter: Vec<(f64, usize)>,
}

impl Lengths {
    /// Tokens of a sequence when `share` of the run is done.
    #[must_use]
    pub fn at(&self, share: f64) -> usize {
        self.shorter.iter().find(|(until, _)| share < *until).map_or(self.sequence, |(_, length)| *length)
    }
}

/// Windows over the shards of a prepared folder.
pub struct Pretraining {
    training: Windows<Joined>,
    validation: Windows<Joined>,
    masking: Masking,
    lengths: Lengths,
    masked: Masked,
    /// Tokens of the whole run, which schedules are shares of.
    all: u64,
    seed: u64,
}

/// Sequences of the held-out data that a validation looks at.
const VALIDATION_SEQUENCES: u64 = 64;

/// Why pre-training data cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum PretrainError {
    /// The shards.
    #[error(transparent)]
    Shards(#[from] corpus::Error),
    /// The vocabulary they were made with.
    #[error(transparent)]
    Tokenizer(#[from] tokenizer::Error),
}

impl Pretraining {
    /// The data of `folder` for a run of `all` tokens.
    ///
    /// # Errors
    /// If the folder is not one that `training prepare` wrote.
    pub fn open(
        folder: &Path,
        lengths: Lengths,
        masked: Masked,
        all: u64,
        seed: u64,
    ) -> Result<Self, PretrainError> {
        let eos = Config::starter().eos_id;
        let part = |validation| -> Result<_, PretrainError> {
            Ok(Windows::new(Joined { shards: Shards::open(folder)?, validation }, eos, seed))
        };
        let masking = Masking::new(&Tokenizer::from_dir(&Shards::tokenizer_dir(folder))?);
        let (training, validation) = (part(false)?, part(true)?);
        Ok(Self { training, validation, masking, lengths, masked, all, seed })
    }

    /// Tokens of one epoch.
    #[must_use]
    pub const fn tokens(&self) -> u64 {
        self.training.tokens()
    }

    /// How much of the run is done at token `consumed`.
    fn share(&self, consumed: u64) -> f64 {
        (consumed as f64 / self.all.max(1) as f64).min(1.0)
    }

    fn add_window(&self, batch: &mut Batch, tokens: &[u32], masked: Option<(f64, SplitMix)>) {
        let length = tokens.len() - 1;
        let mut ids = tokens[..length].to_vec();
        let (weights, prefix) = match masked {
            None => (vec![1.0; length], 0),
            Some((rate, mut random)) => {
                let mut weights = self.masking.hide(&mut ids, rate, &mut random);
                // A masked window counts as much as a causal one, however little of it is hidden.
                let hidden = weights.iter().sum::<f32>().max(1.0);
                weights.iter_mut().for_each(|weight| *weight *= length as f32 / hidden);
                (weights, length)
            }
        };
        batch.rows += 1;
        batch.length = length;
        batch.ids.extend(ids);
        batch.targets.extend_from_slice(&tokens[1..]);
        batch.weights.extend(weights);
        batch.prefixes.push(prefix);
    }

    fn held_out(&self, masked: bool) -> Vec<Batch> {
        let (length, windows) = (self.lengths.sequence, &self.validation);
        let sequences = VALIDATION_SEQUENCES.min(windows.tokens().saturating_sub(1) / length as u64);
        let batch = |i: u64| {
            let mut batch = Batch::default();
            for number in 4 * i..4 * i + 4 {
                let tokens = windows.window(number * length as u64, length);
                let masked = masked.then(|| (self.masked.rates[1], SplitMix(number)));
                self.add_window(&mut batch, &tokens, masked);
            }
            batch
        };
        (0..sequences / 4).map(batch).collect()
    }
}

impl Source for Pretraining {
    fn update(&self, consumed: u64, tokens: usize, pass_tokens: usize) -> (Vec<Batch>, u64) {
        let share = self.share(consumed);
        let length = self.lengths.at(share);
        let [first, last] = self.masked.rates;
        let rate = first + (last - first) * share;
        let rows = (pass_tokens / length).max(1);
        let passes = (tokens / (rows * length)).max(1);
        let mut at = consumed;
        let batches = (0..passes)
            .map(|_| {
                let mut batch = Batch::default();
                for _ in 0..rows {
                    at = self.training.begin(at, length);
                    // What becomes of a window follows from its place alone, so that a run resumes exactly.
                    let mut random = SplitMix(self.seed ^ at.wrapping_mul(0x8CB9_2BA7_2F3D_8DD7));
                    let masked = random.share() < self.masked.share;
                    let tokens = self.training.window(at, length);
                    self.add_window(&mut batch, &tokens, masked.then_some((rate, random)));
                    at += length as u64;
                }
                batch
            })
            .collect();
        (batches, at)
    }

    fn validation(&self) -> Vec<Validation> {
        let causal = (self.masked.share < 1.0).then(|| Validation::new("causal", self.held_out(false)));
        let masked = (self.masked.share > 0.0).then(|| Validation::new("masked", self.held_out(true)));
        causal.into_iter().chain(masked).collect()
    }

    fn epoch(&self) -> u64 {
        self.training.tokens().max(1)
    }

    fn fingerprint(&self) -> String {
        let parts = &self.training.documents().shards.manifest().parts;
        parts.iter().map(|part| part.tokens_sha256.as_str()).collect()
    }
}

/// All streams of a folder, one after another.
struct Joined {
    shards: Shards,
    validation: bool,
}

impl Joined {
    fn parts(&self) -> impl Iterator<Item = &Shard> {
        Stream::ALL.into_iter().filter_map(|s| self.shards.shard(s, self.validation))
    }

    fn find(&self, document: usize) -> Option<(&Shard, usize)> {
        let mut within = document;
        for part in self.parts() {
            if within < part.count() {
                return Some((part, within));
            }
            within -= part.count();
        }
        None
    }
}

impl Documents for Joined {
    fn count(&self) -> usize {
        self.parts().map(Shard::count).sum()
    }

    fn length(&self, document: usize) -> usize {
        self.find(document).map_or(0, |(part, i)| part.length(i))
    }

    fn append(&self, document: usize, tokens: &mut Vec<u32>) {
        if let Some((part, i)) = self.find(document) {
            part.append(i, tokens);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMOKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/smoke");

    fn data(share: f64) -> Pretraining {
        let lengths = Lengths { sequence: 64, shorter: vec![(0.5, 16), (0.8, 32)] };
        let masked = Masked { share, rates: [0.4, 0.1] };
        Pretraining::open(SMOKE.as_ref(), lengths, masked, 100_000, 3).unwrap()
    }

    #[test]
    fn windows_grow_and_less_is_hidden_as_the_run_goes_on() {
        let data = data(0.5);
        let hidden = |consumed| {
            let (batches, end) = data.update(consumed, 4096, 256);
            assert!(end >= consumed + 4096);
            let mut all = (0.0, 0.0);
            for batch in &batches {
                for (row, prefix) in batch.prefixes.iter().enumerate().filter(|(_, prefix)| **prefix > 0) {
                    assert_eq!(*prefix, batch.length, "a masked window is read whole");
                    let weights = &batch.weights[row * batch.length..][..batch.length];
                    let sum = weights.iter().sum::<f32>();
                    // In a short window it may be that nothing is hidden.
                    assert!(sum == 0.0 || (sum - batch.length as f32).abs() < 1e-2, "{sum}");
                    let counted = weights.iter().filter(|weight| **weight > 0.0).count();
                    all = (all.0 + counted as f64, all.1 + batch.length as f64);
                }
            }
            let whole = batches.iter().flat_map(|b| &b.prefixes).filter(|prefix| **prefix > 0).count();
            let rows: usize = batches.iter().map(|b| b.rows).sum();
            let share = whole as f64 / rows as f64;
            assert!((0.25..0.75).contains(&share), "{share} of the windows are masked");
            (batches[0].length, all.0 / all.1)
        };
        let (short, often) = hidden(0);
        let (middle, _) = hidden(60_000);
        let (long, seldom) = hidden(95_000);
        assert_eq!([short, middle, long], [16, 32, 64]);
        assert!((0.3..0.5).contains(&often) && (0.05..0.2).contains(&seldom), "{often} {seldom}");
    }

    #[test]
    fn without_masked_windows_all_is_causal_and_both_ways_of_reading_are_validated_apart() {
        let (batches, _) = data(0.0).update(0, 2048, 256);
        assert!(batches.iter().all(|b| b.prefixes.iter().all(|prefix| *prefix == 0)));
        let names = |share| data(share).validation().into_iter().map(|v| v.name).collect::<Vec<_>>();
        assert_eq!(names(0.0), ["causal"]);
        assert_eq!(names(0.5), ["causal", "masked"]);
    }
}
