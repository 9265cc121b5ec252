use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// What the engine is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum State {
    /// No model is chosen.
    #[default]
    Empty,
    /// A model is chosen and not in memory.
    Unloaded,
    /// It is on its way into memory.
    Loading,
    /// It waits for work.
    Ready,
    /// It works.
    Busy,
    /// It fell over, or cannot be loaded; the next piece of work tries again.
    Failed,
}

/// Where the engine computes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Computing {
    /// The device's name.
    pub device: String,
    /// Whether that is a graphics device, and not the processor.
    pub graphics: bool,
    /// Why this one, in a sentence.
    pub reason: String,
}

/// The state of the engine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Status {
    /// What it is doing.
    pub state: State,
    /// The chosen model's name.
    pub model: Option<String>,
    /// The chosen model's id.
    pub model_id: Option<String>,
    /// Where it computes, or would; nowhere before a model was loaded.
    pub computing: Option<Computing>,
    /// What it is at, in words.
    pub activity: Option<String>,
    /// Of the piece of work under way, or the last one.
    pub tokens_per_second: Option<f64>,
    /// Pieces of work that wait.
    pub queued: usize,
    /// Bytes of weights in memory.
    pub memory: Option<u64>,
    /// Why it failed.
    pub problem: Option<String>,
}

/// Counts tokens and publishes the rate, a few times a second.
#[derive(Clone)]
pub struct Meter {
    publish: Arc<watch::Sender<Status>>,
    started: Instant,
    told: Instant,
    tokens: usize,
}

/// How often the rate is told.
const PAUSE: Duration = Duration::from_millis(250);

impl Meter {
    pub(super) fn new(publish: Arc<watch::Sender<Status>>) -> Self {
        let now = Instant::now();
        Self { publish, started: now, told: now, tokens: 0 }
    }

    /// Counts tokens.
    pub fn count(&mut self, tokens: usize) {
        self.tokens += tokens;
        if self.told.elapsed() >= PAUSE {
            self.told = Instant::now();
            let rate = self.rate();
            self.publish.send_if_modified(|status| {
                status.tokens_per_second = rate;
                rate.is_some()
            });
        }
    }

    /// Tokens counted.
    #[must_use]
    pub const fn tokens(&self) -> usize {
        self.tokens
    }

    /// Tokens a second so far.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        let seconds = self.started.elapsed().as_secs_f64();
        (self.tokens > 0 && seconds > 0.0).then(|| self.tokens as f64 / seconds)
    }
}
