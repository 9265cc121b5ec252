//! Relations of several documents that are written side by side: a step of the network takes hardly longer for eight of
//! them than for one. Each document gets what it would get alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use documents::Document;
use tasks::grammar::Grammar;
use tasks::{Finder, RelationTask};

use super::relations::Reading;
use super::{Asked, Extraction, Finders, Mode, Outcome, Recipe};
use crate::engine::{Desk, EngineError};
use crate::generator::{Progress, Ticket};

/// How long a turn may keep others waiting.
const PATIENCE: Duration = Duration::from_millis(250);

/// Documents on which a recipe is at work. A new one may come in whenever another is done.
pub struct SideBySide {
    recipe: Recipe,
    under_way: Vec<UnderWay>,
}

struct UnderWay {
    key: u64,
    document: Arc<Document>,
    begun: Option<Begun>,
}

struct Begun {
    finder: Arc<Finder>,
    reading: Reading,
    asked: Option<(Ticket, Grammar)>,
}

/// A document that is done, by its key, and what came of it.
pub type Over = (u64, Result<Outcome, EngineError>);

impl SideBySide {
    /// None yet.
    #[must_use]
    pub const fn new(recipe: Recipe) -> Self {
        Self { recipe, under_way: Vec::new() }
    }

    /// Lets a document come in.
    pub fn add(&mut self, key: u64, document: Arc<Document>) {
        self.under_way.push(UnderWay { key, document, begun: None });
    }

    /// The task whose answers are written side by side; `None` for what is done one document after the other.
    const fn task(&self) -> Option<RelationTask> {
        match self.recipe.0 {
            Asked::Relations { task, mode: Mode::Generate, .. } => Some(task),
            _ => None,
        }
    }

    /// Whether another document can come in.
    #[must_use]
    pub fn has_room(&self, desk: &Desk<'_>) -> bool {
        self.under_way.is_empty() || self.task().is_some() && desk.generator.has_room()
    }

    /// Works until a document is done, and gives all that are; with `more` to come also only until another can come in, and
    /// never for much longer than [`PATIENCE`]: a person's request may go before the next turn.
    ///
    /// # Errors
    /// If the model cannot go on, with any of them: they have to be begun again. [`EngineError::Cancelled`] if it was
    /// stopped.
    pub fn turn(
        &mut self,
        desk: &mut Desk<'_>,
        finders: &Finders,
        more: bool,
    ) -> Result<Vec<Over>, EngineError> {
        let (recipe, task) = (self.recipe.clone(), self.task());
        let begun = Instant::now();
        let mut over = Vec::new();
        loop {
            let mut waiting = Vec::new();
            for mut one in self.under_way.drain(..) {
                if desk.go_on().is_break() {
                    return Err(EngineError::Cancelled);
                }
                let outcome = match task {
                    Some(task) => one.go_on(desk, task, finders),
                    None => recipe.run(desk, &one.document, finders).map(Some),
                };
                match outcome.transpose() {
                    None => waiting.push(one),
                    Some(outcome) => over.push((one.key, outcome)),
                }
            }
            self.under_way = waiting;
            if !over.is_empty() || more && self.has_room(desk) || begun.elapsed() > PATIENCE {
                return Ok(over);
            }
            let tokens = desk.generator.advance()?;
            desk.meter.count(tokens);
        }
    }
}

impl UnderWay {
    /// As far as it goes without waiting for the model to write; `None` if it waits.
    fn go_on(
        &mut self,
        desk: &mut Desk<'_>,
        task: RelationTask,
        finders: &Finders,
    ) -> Result<Option<Outcome>, EngineError> {
        let mut begun = match self.begun.take() {
            Some(begun) => begun,
            None => {
                let finder = finders.of(desk.generator.profile(), task.name());
                let extraction = extraction(task, &self.document, &finder);
                let reading = Reading::begin(desk, &extraction, &mut |_| ())?;
                Begun { finder, reading, asked: None }
            }
        };
        let extraction = extraction(task, &self.document, &begun.finder);
        while begun.reading.part().is_some() {
            let Some((ticket, grammar)) = begun.asked.take() else {
                if !desk.generator.has_room() {
                    break;
                }
                let (prompt, grammar) = begun.reading.question(&*desk.generator, &extraction);
                begun.asked = Some((desk.generator.begin(&prompt, &grammar)?, grammar));
                break;
            };
            match desk.generator.take(&ticket) {
                Progress::UnderWay => {
                    begun.asked = Some((ticket, grammar));
                    break;
                }
                Progress::Done(formal) => {
                    if begun.reading.answered(desk, &extraction, &grammar, formal)?.is_none() {
                        return Err(EngineError::Cancelled);
                    }
                    begun.reading.next();
                }
                // It is asked again.
                Progress::Lost => {}
            }
        }
        if begun.reading.part().is_none() {
            return Ok(Some(begun.reading.end()));
        }
        self.begun = Some(begun);
        Ok(None)
    }
}

const fn extraction<'a>(task: RelationTask, document: &'a Document, finder: &'a Finder) -> Extraction<'a> {
    Extraction { task, mode: Mode::Generate, document, finder, threshold: None }
}
