//! Pre-training data: prose and definitions as one stream of windows.

use std::path::Path;

use checkpoints::Config;
use corpus::{Shard, Shards, Stream};

use crate::run::Source;
use crate::step::Batch;
use crate::windows::{Documents, Windows};

/// Windows over the shards of a prepared folder.
pub struct Pretraining {
    training: Windows<Joined>,
    validation: Windows<Joined>,
}

/// Sequences of the held-out data that a validation looks at.
const VALIDATION_SEQUENCES: u64 = 64;

impl Pretraining {
    /// The data of `folder`, in sequences of `sequence` tokens.
    ///
    /// # Errors
    /// If the folder is not one that `training prepare` wrote.
    pub fn open(folder: &Path, sequence: usize, seed: u64) -> Result<Self, corpus::Error> {
        let eos = Config::starter().eos_id;
        let part = |validation| -> Result<_, corpus::Error> {
            let joined = Joined { shards: Shards::open(folder)?, validation };
            Ok(Windows::new(joined, sequence, eos, seed))
        };
        Ok(Self { training: part(false)?, validation: part(true)? })
    }

    /// Tokens of one epoch.
    #[must_use]
    pub const fn tokens(&self) -> u64 {
        self.training.tokens()
    }
}

impl Source for Pretraining {
    fn update(&self, consumed: u64, tokens: usize, pass_tokens: usize) -> (Vec<Batch>, u64) {
        let sequence = self.training.sequence();
        let rows = (pass_tokens / sequence).max(1);
        let passes = (tokens / (rows * sequence)).max(1) as u64;
        let batch = |pass| self.training.batch(consumed + pass * rows as u64, rows);
        ((0..passes).map(batch).collect(), consumed + passes * rows as u64)
    }

    fn validation(&self) -> Vec<Batch> {
        let sequences = VALIDATION_SEQUENCES.min(self.validation.per_epoch());
        (0..sequences / 4).map(|i| self.validation.batch(i * 4, 4)).collect()
    }

    fn epoch(&self) -> u64 {
        self.training.per_epoch().max(1)
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
