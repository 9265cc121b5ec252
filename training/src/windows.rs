//! Running text as windows: the documents of an epoch in a random order, `</s>` before each, cut
//! without regard to where one ends. Any window can be had by its place, so that a run resumes exactly where it was.

use std::sync::Mutex;

/// Tokenized documents.
pub trait Documents: Sync {
    /// How many.
    fn count(&self) -> usize;
    /// Tokens of one.
    fn length(&self, document: usize) -> usize;
    /// Appends the tokens of one, without the leading `</s>`.
    fn append(&self, document: usize, tokens: &mut Vec<u32>);
}

/// The windows of all epochs over some documents.
pub struct Windows<D> {
    documents: D,
    separator: u32,
    seed: u64,
    tokens: u64,
    current: Mutex<Epoch>,
}

/// The order of one epoch: documents, and where each starts in the concatenation.
#[derive(Default, Clone)]
struct Epoch {
    number: Option<u64>,
    order: Vec<u32>,
    starts: Vec<u64>,
}

impl<D: Documents> Windows<D> {
    /// `separator` is the id of `</s>`.
    pub fn new(documents: D, separator: u32, seed: u64) -> Self {
        let tokens = (0..documents.count()).map(|d| documents.length(d) as u64 + 1).sum();
        Self { documents, separator, seed, tokens, current: Mutex::default() }
    }

    /// What is read.
    pub const fn documents(&self) -> &D {
        &self.documents
    }

    /// Tokens of one epoch, separators included.
    pub const fn tokens(&self) -> u64 {
        self.tokens
    }

    /// Where a window of `length` tokens begins that is to begin at token `at`: there, or with the next epoch if this one
    /// has too few tokens left (another rest is left out each epoch). The window has one token more, the last target.
    pub const fn begin(&self, at: u64, length: usize) -> u64 {
        let within = at % self.tokens;
        if within + length as u64 + 1 > self.tokens { at - within + self.tokens } else { at }
    }

    /// The `length + 1` tokens of the window that begins at token `from`, which [`Self::begin`] gave; tokens are counted on
    /// through the epochs.
    pub fn window(&self, from: u64, length: usize) -> Vec<u32> {
        let (epoch, from) = (from / self.tokens, from % self.tokens);
        let mut current = self.current.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if current.number != Some(epoch) {
            *current = self.order(epoch);
        }
        let wanted = length + 1;
        let mut at = current.starts.partition_point(|start| *start <= from) - 1;
        let skip = (from - current.starts[at]) as usize;
        let mut tokens = Vec::with_capacity(wanted + skip + 1024);
        while tokens.len() < skip + wanted {
            tokens.push(self.separator);
            self.documents.append(current.order[at] as usize, &mut tokens);
            at += 1;
        }
        tokens.drain(..skip);
        tokens.truncate(wanted);
        tokens
    }

    fn order(&self, epoch: u64) -> Epoch {
        let mut order: Vec<u32> = (0..self.documents.count() as u32).collect();
        let mut random = SplitMix(self.seed.wrapping_add(epoch.wrapping_mul(0xD1B5_4A32_D192_ED03)));
        for i in (1..order.len()).rev() {
            order.swap(i, (random.next() % (i as u64 + 1)) as usize);
        }
        let starts = order
            .iter()
            .scan(0, |sum, d| {
                let start = *sum;
                *sum += self.documents.length(*d as usize) as u64 + 1;
                Some(start)
            })
            .collect();
        Epoch { number: Some(epoch), order, starts }
    }
}

/// A small generator (Steele, Lea and Flood 2014) whose whole state is one number.
#[derive(Debug, Clone)]
pub struct SplitMix(pub u64);

impl SplitMix {
    /// The next 64 bits.
    #[expect(clippy::should_implement_trait, reason = "an endless source, not an iterator")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to below 1.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Numbered(Vec<usize>);

    impl Documents for Numbered {
        fn count(&self) -> usize {
            self.0.len()
        }
        fn length(&self, document: usize) -> usize {
            self.0[document]
        }
        fn append(&self, document: usize, tokens: &mut Vec<u32>) {
            tokens.extend((0..self.0[document]).map(|i| (1000 * (document + 1) + i) as u32));
        }
    }

    #[test]
    fn an_epoch_holds_every_token_once_and_its_windows_follow_each_other() {
        let windows = Windows::new(Numbered(vec![5, 0, 17, 30, 8, 1]), 2, 1);
        assert_eq!(windows.tokens(), 67);
        let mut at = 0;
        for epoch in 0..3 {
            let mut words = Vec::new();
            // Windows of several lengths, as a schedule asks for.
            for length in [7, 3, 11, 5].into_iter().cycle() {
                let from = windows.begin(at, length);
                if from / windows.tokens() > epoch {
                    at = from;
                    break;
                }
                assert_eq!(from, at, "nothing is left out within an epoch");
                let tokens = windows.window(from, length);
                assert_eq!(tokens.len(), length + 1);
                assert_eq!(
                    tokens[length],
                    windows.window(from + length as u64, 0)[0],
                    "its last is the next's first"
                );
                words.extend(tokens[..length].iter().copied().filter(|t| *t != 2));
                at = from + length as u64;
            }
            let seen = words.len();
            words.sort_unstable();
            words.dedup();
            assert!(words.len() == seen && seen >= 61 - 11, "{seen} words, {} of them others", words.len());
        }
    }

    #[test]
    fn windows_do_not_depend_on_what_was_read_before_and_epochs_differ() {
        let make = || Windows::new(Numbered((1..40).collect()), 2, 9);
        let (a, b) = (make(), make());
        let at = |i: u64| a.begin(i * 16, 16);
        let straight: Vec<_> = (0..100).map(|i| a.window(at(i), 16)).collect();
        for i in [99, 3, 50, 0] {
            assert_eq!(b.window(at(i), 16), straight[i as usize]);
        }
        assert_ne!(straight[0], a.window(a.tokens(), 16));
    }
}
