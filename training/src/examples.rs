//! Fine-tuning data: examples with a source, a learned prompt and a target, mixed from several tasks.

use crate::reading::Reading;
use crate::run::{Source, Validation};
use crate::step::Batch;
use crate::windows::SplitMix;

/// One thing to learn: `</s> source prompt target </s>`, of which only the target (and the end) is predicted; or a source
/// that is read in both directions and teaches the heads.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Example {
    /// What the model reads, without `</s>`.
    pub source: Vec<u32>,
    /// The learned tokens of the task.
    pub prompt: Vec<u32>,
    /// What it is to write, without `</s>`.
    pub target: Vec<u32>,
    /// How much each target token counts, and the `</s>` after them.
    pub weights: Vec<f32>,
    /// What the source teaches the heads. Such an example has no prompt and no target.
    pub reading: Option<Reading>,
}

impl Example {
    /// All of the target counts alike.
    #[must_use]
    pub fn new(source: Vec<u32>, prompt: Vec<u32>, target: Vec<u32>) -> Self {
        let weights = vec![1.0; target.len() + 1];
        Self { source, prompt, target, weights, reading: None }
    }

    /// A source, without `</s>`, and what it teaches the heads; token indices of `reading` count the `</s>` before it.
    #[must_use]
    pub const fn read_whole(source: Vec<u32>, reading: Reading) -> Self {
        Self { source, prompt: Vec::new(), target: Vec::new(), weights: Vec::new(), reading: Some(reading) }
    }

    fn length(&self) -> usize {
        self.source.len() + self.prompt.len() + self.target.len() + 1
    }
}

/// The examples of one task.
pub trait Task: Sync {
    /// For logs and manifests.
    fn name(&self) -> &str;
    /// How many there are.
    fn count(&self) -> usize;
    /// One of them. Tasks that vary an example (order, names, choice of pairs) draw from `random`, which is the same
    /// for the same place of the run.
    fn example(&self, number: usize, random: &mut SplitMix) -> Example;
}

/// A task and how often an epoch goes through it.
pub struct Share<'a> {
    /// The task.
    pub task: Box<dyn Task + 'a>,
    /// 1 is once; 0.25 a quarter of it, another one each epoch.
    pub times: f64,
}

/// Examples of several tasks in a random order, epoch after epoch.
pub struct Mixture<'a> {
    shares: Vec<Share<'a>>,
    validation: Vec<Box<dyn Task + 'a>>,
    longest: usize,
    longest_source: usize,
    separator: u32,
    seed: u64,
}

/// Examples of each task that a validation looks at.
const VALIDATION_EXAMPLES: usize = 64;

impl<'a> Mixture<'a> {
    /// Sequences over `longest` tokens lose the end of their source; `separator` is the id of `</s>`.
    #[must_use]
    pub fn new(
        shares: Vec<Share<'a>>,
        validation: Vec<Box<dyn Task + 'a>>,
        longest: usize,
        separator: u32,
        seed: u64,
    ) -> Self {
        Self { shares, validation, longest, longest_source: usize::MAX, separator, seed }
    }

    /// The same with sources of at most `tokens`; the end of longer ones is lost.
    #[must_use]
    pub fn with_longest_source(self, tokens: usize) -> Self {
        Self { longest_source: tokens, ..self }
    }

    fn places(&self) -> u64 {
        self.shares.iter().map(|share| of_epoch(share, 0).len() as u64).sum()
    }

    /// Which examples of which tasks an epoch holds, in order.
    fn order(&self, epoch: u64) -> Vec<(usize, usize)> {
        let mut order: Vec<(usize, usize)> = self
            .shares
            .iter()
            .enumerate()
            .flat_map(|(task, share)| of_epoch(share, epoch).into_iter().map(move |number| (task, number)))
            .collect();
        let mut random = SplitMix(self.seed ^ epoch.wrapping_mul(0x9E6C_63D0_876A_9A35));
        shuffle(&mut order, &mut random);
        order
    }

    fn example(&self, place: u64, (task, number): (usize, usize)) -> Example {
        let mut random = SplitMix(self.seed.wrapping_add(place.wrapping_mul(0xC2B2_AE3D_27D4_EB4F)));
        self.fitted(self.shares[task].task.example(number, &mut random))
    }

    fn fitted(&self, mut example: Example) -> Example {
        if example.reading.is_some() {
            return example; // Its task made it as long as it may be: labels and tokens belong together.
        }
        example.source.truncate(self.longest_source);
        let over = example.length().saturating_sub(self.longest);
        let kept = example.source.len().saturating_sub(over);
        example.source.truncate(kept);
        let room = self.longest.saturating_sub(example.source.len() + example.prompt.len() + 1);
        if example.target.len() > room {
            example.target.truncate(room);
            example.weights.truncate(room);
            example.weights.push(0.0);
        }
        example
    }
}

/// The numbers of a share's examples in one epoch: whole rounds, and a slice that moves on.
fn of_epoch(share: &Share<'_>, epoch: u64) -> Vec<usize> {
    let count = share.task.count();
    let wanted = (share.times * count as f64).round() as usize;
    let start = epoch as usize * wanted;
    (start..start + wanted).map(|i| i % count.max(1)).collect()
}

pub(crate) fn shuffle<T>(items: &mut [T], random: &mut SplitMix) {
    for i in (1..items.len()).rev() {
        items.swap(i, (random.next() % (i as u64 + 1)) as usize);
    }
}

/// The shortest example of a batch, as a share of its longest: what is padded is computed for nothing.
const SHORTEST: f64 = 0.8;

/// Puts examples of like length together, padded on the right, at most `pass_tokens` a batch; those that are written apart
/// from those that are read whole.
fn batches(mut examples: Vec<Example>, pass_tokens: usize, separator: u32) -> Vec<Batch> {
    examples.sort_by_key(|e| (e.reading.is_some(), std::cmp::Reverse(e.length())));
    let written = examples.partition_point(|e| e.reading.is_none());
    let mut found = Vec::new();
    for mut rest in <[&[Example]; 2]>::from(examples.split_at(written)) {
        while let Some(first) = rest.first() {
            let length = first.length();
            let alike = rest.partition_point(|e| e.length() as f64 >= SHORTEST * length as f64);
            let rows = (pass_tokens / length).clamp(1, alike.max(1));
            let (part, after) = rest.split_at(rows);
            found.push(batch(part, length, separator));
            rest = after;
        }
    }
    found
}

fn batch(examples: &[Example], length: usize, separator: u32) -> Batch {
    let mut batch = Batch { rows: examples.len(), length, ..Batch::default() };
    for example in examples {
        let start = batch.ids.len();
        batch.ids.push(separator);
        for part in [&example.source, &example.prompt, &example.target] {
            batch.ids.extend_from_slice(part);
        }
        if let Some(reading) = &example.reading {
            batch.prefixes.push(batch.ids.len() - start);
            batch.readings.push(reading.clone());
        }
        let before = example.source.len() + example.prompt.len();
        batch.weights.extend(std::iter::repeat_n(0.0, before));
        batch.weights.extend_from_slice(&example.weights);
        batch.targets.extend_from_slice(&batch.ids[start + 1..]);
        batch.targets.push(separator);
        batch.ids.resize(start + length, separator);
        batch.targets.resize(start + length, separator);
        batch.weights.resize(start + length, 0.0);
    }
    batch
}

impl Source for Mixture<'_> {
    fn update(&self, consumed: u64, tokens: usize, pass_tokens: usize) -> (Vec<Batch>, u64) {
        let per_epoch = self.places().max(1);
        let mut epoch = consumed / per_epoch;
        let mut order = self.order(epoch);
        let (mut examples, mut sum, mut place) = (Vec::new(), 0, consumed);
        while sum < tokens {
            if place / per_epoch != epoch {
                epoch = place / per_epoch;
                order = self.order(epoch);
            }
            let example = self.example(place, order[(place % per_epoch) as usize]);
            sum += example.length();
            examples.push(example);
            place += 1;
        }
        (batches(examples, pass_tokens, self.separator), place)
    }

    fn validation(&self) -> Vec<Validation> {
        let examples = self.validation.iter().flat_map(|task| {
            (0..task.count().min(VALIDATION_EXAMPLES))
                .map(|i| self.fitted(task.example(i, &mut SplitMix(i as u64))))
        });
        let (read, written): (Vec<_>, Vec<_>) = examples.partition(|example| example.reading.is_some());
        [("examples", written), ("readings", read)]
            .into_iter()
            .filter(|(_, examples)| !examples.is_empty())
            .map(|(name, examples)| Validation::new(name, batches(examples, 4096, self.separator)))
            .collect()
    }

    fn epoch(&self) -> u64 {
        self.places().max(1)
    }

    fn fingerprint(&self) -> String {
        let of = |share: &Share<'_>| {
            let (first, last) = (SplitMix(0), share.task.count().saturating_sub(1));
            let ends = [0, last].map(|number| match share.task.count() {
                0 => Example::default(),
                _ => share.task.example(number, &mut first.clone()),
            });
            format!("{} {} {ends:?};", share.task.name(), share.task.count())
        };
        self.shares.iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counted(usize, u32);

    impl Task for Counted {
        fn name(&self) -> &str {
            "counted"
        }
        fn count(&self) -> usize {
            self.0
        }
        fn example(&self, number: usize, _: &mut SplitMix) -> Example {
            let n = number as u32 + self.1;
            Example::new(vec![n; 3 + number % 4], vec![7, 8], vec![n, n + 1])
        }
    }

    fn mixture(longest: usize) -> Mixture<'static> {
        let share = |count, base, times| Share { task: Box::new(Counted(count, base)), times };
        Mixture::new(vec![share(10, 100, 1.0), share(8, 200, 0.5), share(3, 300, 2.0)], vec![], longest, 2, 1)
    }

    #[test]
    fn only_the_target_and_the_end_are_predicted() {
        let example = Example::new(vec![50, 51], vec![7], vec![60, 61]);
        let batch = batch(&[example], 8, 2);
        assert_eq!(batch.ids, [2, 50, 51, 7, 60, 61, 2, 2]);
        let predicted: Vec<(u32, u32)> =
            (0..8).filter(|i| batch.weights[*i] > 0.0).map(|i| (batch.ids[i], batch.targets[i])).collect();
        assert_eq!(predicted, [(7, 60), (60, 61), (61, 2)]);
    }

    #[test]
    fn an_epoch_goes_through_each_task_as_often_as_asked() {
        let mixture = mixture(64);
        assert_eq!(mixture.epoch(), 10 + 4 + 6);
        let count = |epoch: u64, task: usize, number: usize| {
            mixture.order(epoch).iter().filter(|e| **e == (task, number)).count()
        };
        assert!((0..10).all(|i| count(0, 0, i) == 1) && (0..3).all(|i| count(3, 2, i) == 2));
        assert!(
            (0..8).all(|i| count(0, 1, i) + count(1, 1, i) == 1),
            "the halves of two epochs make a whole"
        );
        assert_ne!(mixture.order(0), mixture.order(2));
    }

    #[test]
    fn a_run_that_stops_reads_on_where_it_was() {
        let mixture = mixture(64);
        let (_, place) = mixture.update(0, 50, 20);
        let (straight, _) = mixture.update(place, 50, 20);
        let (again, _) = mixture.update(place, 50, 20);
        assert!(straight.iter().zip(&again).all(|(a, b)| a.ids == b.ids));
        let total: usize = straight.iter().map(|b| b.rows).sum();
        assert!(straight.iter().all(|b| b.rows == 1 || b.rows * b.length <= 20) && total > 3);
    }

    #[test]
    fn a_short_example_is_not_padded_to_a_long_one() {
        let of = |length: u32| Example::new((0..length).collect(), vec![], vec![1]);
        let made = batches([100, 10, 95, 9].map(of).to_vec(), 1_000, 2);
        assert_eq!(made.iter().map(|b| (b.rows, b.length)).collect::<Vec<_>>(), [(2, 102), (2, 12)]);
    }

    #[test]
    fn a_long_source_loses_its_end_and_keeps_prompt_and_target() {
        let mixture = mixture(8);
        let long = mixture.fitted(Example::new((0..20).collect(), vec![7, 8], vec![60, 61]));
        assert_eq!((long.source.len(), long.length()), (3, 8));
        assert_eq!(long.target, [60, 61]);
        let limited = self::mixture(64).with_longest_source(5);
        let long = limited.fitted(Example::new((0..20).collect(), vec![7, 8], vec![60, 61]));
        assert_eq!((long.source, long.target), (vec![0, 1, 2, 3, 4], vec![60, 61]));
    }
}
