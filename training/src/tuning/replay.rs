//! Running text of the pre-training, so that tuning does not drive it out; with the definitions it is also what
//! "describe" learns from.

use corpus::{Shards, Stream};

use crate::examples::{Example, Task};
use crate::windows::SplitMix;

/// Documents of one stream.
pub struct Replay {
    shards: Shards,
    stream: Stream,
}

/// Tokens of a document that are taken.
const MOST_TOKENS: usize = 320;

impl Replay {
    /// The training documents of a stream.
    #[must_use]
    pub const fn new(shards: Shards, stream: Stream) -> Self {
        Self { shards, stream }
    }
}

impl Task for Replay {
    fn name(&self) -> &str {
        self.stream.name()
    }

    fn count(&self) -> usize {
        self.shards.shard(self.stream, false).map_or(0, corpus::Shard::count)
    }

    fn example(&self, number: usize, _: &mut SplitMix) -> Example {
        let mut target = Vec::new();
        if let Some(shard) = self.shards.shard(self.stream, false) {
            shard.append(number, &mut target);
        }
        let whole = target.len() <= MOST_TOKENS;
        target.truncate(MOST_TOKENS);
        let mut example = Example::new(Vec::new(), Vec::new(), target);
        if let (false, Some(end)) = (whole, example.weights.last_mut()) {
            *end = 0.0;
        }
        example
    }
}
