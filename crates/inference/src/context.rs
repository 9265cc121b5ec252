//! What a task works with.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::{InferenceError, LanguageModel, ModelProfile, NamesModel};

/// Asks a piece of work to stop. Clones are the same switch.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks to stop at the next token.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether that was asked.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Continue, or break because someone asked to stop.
    pub fn flow(&self) -> ControlFlow<()> {
        if self.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Nothing, or an error because someone asked to stop.
    ///
    /// # Errors
    /// [`InferenceError::Cancelled`] if someone asked to stop.
    pub fn check(&self) -> Result<(), InferenceError> {
        if self.is_cancelled() { Err(InferenceError::Cancelled) } else { Ok(()) }
    }
}

impl From<Arc<AtomicBool>> for Cancel {
    fn from(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }
}

/// Counts tokens and reports the rate, a few times a second.
pub struct Meter {
    report: Box<dyn Fn(Option<f64>) + Send>,
    started: Instant,
    reported: Instant,
    tokens: usize,
}

/// How often the rate is reported.
const INTERVAL: Duration = Duration::from_millis(250);

impl Default for Meter {
    fn default() -> Self {
        Self::new(|_| ())
    }
}

impl Meter {
    /// `report` receives the tokens a second so far.
    #[must_use]
    pub fn new(report: impl Fn(Option<f64>) + Send + 'static) -> Self {
        let now = Instant::now();
        Self { report: Box::new(report), started: now, reported: now, tokens: 0 }
    }

    /// Counts tokens.
    pub fn count(&mut self, tokens: usize) {
        self.tokens += tokens;
        if self.reported.elapsed() >= INTERVAL {
            self.reported = Instant::now();
            (self.report)(self.rate());
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

/// What a task works with.
pub struct TaskContext<'a> {
    /// The model.
    pub model: &'a mut dyn LanguageModel,
    /// Another model that finds the names, in place of the model's own tagger.
    pub names: Option<&'a mut dyn LanguageModel>,
    /// Whether to stop.
    pub cancel: Cancel,
    /// Counts what the model reads and writes.
    pub meter: Meter,
}

impl<'a> TaskContext<'a> {
    /// For work that nobody watches.
    #[must_use]
    pub fn new(model: &'a mut dyn LanguageModel) -> Self {
        Self { model, names: None, cancel: Cancel::default(), meter: Meter::default() }
    }

    /// What is known of the model, and of the one that finds names for it.
    #[must_use]
    pub fn profile(&self) -> ModelProfile {
        let names = self.names.as_deref().map(|names| NamesModel::of_profile(names.profile()));
        ModelProfile { names, ..self.model.profile().clone() }
    }

    /// The model that is asked where names are.
    pub(crate) fn tagger(&mut self) -> &mut dyn LanguageModel {
        match &mut self.names {
            Some(names) => &mut **names,
            None => self.model,
        }
    }

    /// Continue, or break because someone asked to stop.
    pub fn flow(&self) -> ControlFlow<()> {
        self.cancel.flow()
    }
}
