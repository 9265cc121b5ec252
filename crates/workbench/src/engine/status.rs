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
