//! What generates and scores text: BioGPT, or a scripted stand-in with which everything works without weights.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use documents::{Document, Span};
use serde::{Deserialize, Serialize};
use tasks::classify::LabelLogarithms;
use tasks::grammar::Grammar;
use tasks::guidance::Guidance;
use tasks::windows::cover_for_names;
use tasks::{Mention, RelationTask};

use crate::classify::{Classes, labels_by_prompt};
use crate::constrained::{RequestBatch, RequestId, RequestState};
use crate::context::{Cancel, Meter};
use crate::generation::{Generation, GenerationRequest, TokenDelta};
use crate::mentions::{TaggedNames, Tagging};
use crate::relations::{NamePair, TextWindow, kinds_by_prompt, pairs_by_prompt, pairs_task};
use crate::{Checksums, InferenceError, answer};

/// What is known of a model before it is asked anything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelProfile {
    /// Its id, as in lists of models.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// SHA-256 of its weights.
    pub sha256: String,
    /// SHA-256 of its tokenizer.
    pub tokenizer_sha256: String,
    /// SHA-256 of its guidance.
    pub guidance_sha256: String,
    /// Where it computes.
    pub device: String,
    /// Tokens that it reads and writes at most, together.
    pub positions: usize,
    /// Bytes of its weights in memory.
    pub memory: u64,
    /// By task that it was tuned for, the number of learned tokens behind the prompt.
    pub tuned: BTreeMap<String, usize>,
    /// Whether it was tuned for some task without saying which: then every task may be tried.
    pub tuned_for_unknown: bool,
    /// What was fitted for it besides its weights.
    pub guidance: Arc<Guidance>,
    /// Of an encoder, which reads and does not write, what it does, in words: `finds names`.
    pub encoder: Option<String>,
    /// The model that finds names for it, where that is another one.
    pub names: Option<NamesModel>,
}

/// A model that finds names for another one: what a result depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamesModel {
    /// Its id, as in lists of models.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// SHA-256 of its weights.
    pub sha256: String,
    /// SHA-256 of its tokenizer.
    pub tokenizer_sha256: String,
    /// SHA-256 of its guidance: what its labels mean, and how far it is trusted.
    pub guidance_sha256: String,
}

impl NamesModel {
    /// That of a loaded model.
    #[must_use]
    pub fn of_profile(profile: &ModelProfile) -> Self {
        Self::new(&profile.id, &profile.name, Checksums::of_profile(profile))
    }

    /// That of a model by the sums of its files.
    #[must_use]
    pub fn new(id: &str, name: &str, sums: Checksums) -> Self {
        let Checksums { weights: sha256, tokenizer: tokenizer_sha256, guidance: guidance_sha256 } = sums;
        Self { id: id.to_owned(), name: name.to_owned(), sha256, tokenizer_sha256, guidance_sha256 }
    }

    /// Whether both find the same names: the same files, under whatever name.
    #[must_use]
    pub fn is_the_same_as(&self, other: &Self) -> bool {
        let sums = |one: &Self| [&one.sha256, &one.tokenizer_sha256, &one.guidance_sha256].map(String::clone);
        sums(self) == sums(other)
    }
}

impl ModelProfile {
    /// Refuses what the model was not tuned for; `words` name the task for people.
    pub(crate) fn require(&self, task: &str, words: &str) -> Result<(), InferenceError> {
        if self.tuned_for_unknown || self.tuned.contains_key(task) {
            return Ok(());
        }
        let (model, task) = (self.name.clone(), words.to_owned());
        Err(match self.encoder.clone() {
            Some(does) => InferenceError::Encoder { model, does, task },
            None => InferenceError::Untuned { model, task },
        })
    }
}

/// What a model is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prompt {
    /// The text.
    pub text: String,
    /// The task whose learned tokens follow it, if any do.
    pub task: Option<String>,
}

impl Prompt {
    /// A text without learned tokens.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), task: None }
    }

    /// A text with the learned tokens of a task.
    #[must_use]
    pub fn tuned(text: impl Into<String>, task: impl Into<String>) -> Self {
        Self { text: text.into(), task: Some(task.into()) }
    }
}

/// Words to be scored behind a prompt.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Continuation {
    /// Given: not scored.
    pub given: String,
    /// Scored, as it follows `given`.
    pub scored: String,
}

impl Continuation {
    /// Everything is scored.
    #[must_use]
    pub fn whole(scored: impl Into<String>) -> Self {
        Self { given: String::new(), scored: scored.into() }
    }
}

/// Generates and scores text, and says what it holds of pairs of names, sentences and questions. Models take and give
/// text; tokens are their own affair.
///
/// Most methods from [`LanguageModel::after_request`] on have an answer for published models, which tag nothing and are asked by
/// prompts. A model with other
/// means (a head over the hidden states of a text that is read once) answers them in its own way; what is done with the answers
/// stays the same.
pub trait LanguageModel {
    /// What is known of it.
    fn profile(&self) -> &ModelProfile;

    /// Tokens of a prompt, with the `</s>` before and the learned tokens behind it.
    fn prompt_length(&self, prompt: &Prompt) -> usize;

    /// Tokens of a text by itself.
    fn count_tokens(&self, text: &str) -> usize;

    /// Tokens that a prompt may have. BioGPT cut its sources at 640 of 1,024 tokens; the rest is for the answer.
    fn longest_prompt(&self) -> usize {
        self.profile().positions * 5 / 8
    }

    /// Continues a text freely; candidates are best first. `on_delta` receives what is new of the one under way and may
    /// stop it after each token.
    ///
    /// # Errors
    /// If the text leaves no room, or the device fails.
    fn generate(
        &mut self,
        request: &GenerationRequest,
        on_delta: &mut dyn FnMut(TokenDelta) -> ControlFlow<()>,
    ) -> Result<Vec<Generation>, InferenceError>;

    /// Natural logarithms of the probabilities of the scored tokens of each continuation.
    ///
    /// # Errors
    /// If a continuation does not fit behind the prompt, or the device fails.
    fn score(
        &mut self,
        prompt: &Prompt,
        continuations: &[Continuation],
    ) -> Result<Vec<Vec<f64>>, InferenceError>;

    /// Requests that can be decoded together without any of them getting another answer than it would get alone.
    fn max_batch(&self) -> usize;

    /// Whether another request may be submitted to a batch now.
    fn has_room(&self, batch: &RequestBatch) -> bool;

    /// Begins an answer under a grammar. It is written by [`LanguageModel::step`].
    ///
    /// # Errors
    /// If the prompt leaves no room for an answer, or the device fails.
    fn submit(
        &mut self,
        batch: &RequestBatch,
        prompt: &Prompt,
        grammar: &Grammar,
    ) -> Result<RequestId, InferenceError>;

    /// Writes all answers of a batch on by what one pass of the network gives. `on_token` is called after each token;
    /// where it says stop the answer that the token belongs to is done, and says that it is not complete.
    ///
    /// # Errors
    /// If the device fails: then all of the batch are given up.
    fn step(
        &mut self,
        batch: &RequestBatch,
        on_token: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<(), InferenceError>;

    /// How far a request is. When it is done the model has read its prompt, and what is scored next need not read it
    /// again.
    fn poll(&mut self, batch: &RequestBatch, request: RequestId) -> RequestState;

    /// Forgets what was read: what follows is then the same whatever came before.
    fn reset(&mut self);

    /// Called when a piece of work is done: what makes the next ones faster is done now, while nobody waits.
    fn after_request(&mut self) {}

    /// The output of a model that only reads for a text alone and in a batch with another one, which must be equal; `None` for a model
    /// that writes.
    ///
    /// # Errors
    /// If the device fails.
    fn read_alone_and_beside(&mut self, text: &str) -> Result<Option<[Vec<f32>; 2]>, InferenceError> {
        let _ = text;
        Ok(None)
    }

    /// The windows in which [`LanguageModel::tag`] reads a text. They overlap.
    fn tag_windows(&self, text: &str) -> Vec<Span> {
        let limit = self.longest_prompt().saturating_sub(1).max(1);
        let length = |span: Span| span.slice(text).map_or(0, |part| self.count_tokens(part));
        cover_for_names(text, limit, length).windows.into_iter().map(|window| window.span).collect()
    }

    /// The output of the model's tagger of names for a window of a document, whose tokens are those of the window; `None` if
    /// it has no tagger. `known` are the names that dictionaries find in the document.
    ///
    /// # Errors
    /// If the window is longer than the model reads at once, or the device fails.
    fn tag(
        &mut self,
        document: &Document,
        window: Span,
        known: &[Mention],
    ) -> Result<Option<Tagging>, InferenceError> {
        let _ = (document, window, known);
        Ok(None)
    }

    /// Whether it has a tagger of names.
    fn finds_names(&self) -> bool {
        false
    }

    /// What the output of [`LanguageModel::tag`] for all windows of a text, put together, says.
    fn read_tags<'a>(&self, text: &str, tagging: &'a Tagging) -> TaggedNames<'a> {
        TaggedNames::by_kind(self.profile(), text, tagging)
    }

    /// Whether it can be asked about pairs of names ([`LanguageModel::pair_log_odds`]).
    fn judges_pairs(&self, task: RelationTask) -> bool {
        self.profile().tuned.contains_key(&pairs_task(task))
    }

    /// The kinds of relation that it knows for a task.
    fn relation_kinds(&self, task: RelationTask) -> Vec<String> {
        task.kinds().iter().map(|kind| (*kind).to_owned()).collect()
    }

    /// For all pairs of names of a window of a document, the log-odds that the two are related in any way.
    ///
    /// # Errors
    /// If the device fails; [`InferenceError::Cancelled`] if it was stopped.
    fn pair_log_odds(
        &mut self,
        window: &TextWindow<'_>,
        pairs: &[NamePair],
        cancel: &Cancel,
        meter: &mut Meter,
    ) -> Result<Vec<f64>, InferenceError> {
        pairs_by_prompt(self, window, pairs, cancel, meter)
    }

    /// For each pair the log-probabilities of the kinds of relation, in the order of [`LanguageModel::relation_kinds`]. A task with
    /// one kind costs nothing.
    ///
    /// # Errors
    /// As [`LanguageModel::pair_log_odds`].
    fn kind_log_probabilities(
        &mut self,
        window: &TextWindow<'_>,
        pairs: &[NamePair],
        cancel: &Cancel,
        meter: &mut Meter,
    ) -> Result<Vec<Vec<f64>>, InferenceError> {
        kinds_by_prompt(self, window, pairs, cancel, meter)
    }

    /// For each sentence of a document the log-probabilities of the hallmarks of cancer, and of none of them; `None` for
    /// a sentence that is longer than the model reads at once. `on_sentence` receives each with its number as soon as it
    /// is known.
    ///
    /// # Errors
    /// As [`LanguageModel::pair_log_odds`]; sentences that were received before hold.
    fn label_log_probabilities(
        &mut self,
        document: &Document,
        sentences: &[Span],
        cancel: &Cancel,
        meter: &mut Meter,
        on_sentence: &mut dyn FnMut(usize, Option<LabelLogarithms>),
    ) -> Result<(), InferenceError> {
        labels_by_prompt(self, document, sentences, cancel, meter, on_sentence)
    }

    /// The classes of its own that it gives sentences; `None` for a model that gives the hallmarks of cancer.
    fn classes(&self) -> Option<&Classes> {
        None
    }

    /// The probabilities of its own classes for a sentence; `None` for a sentence that is longer than the model reads at once, and
    /// for a model without such classes.
    ///
    /// # Errors
    /// If the device fails.
    fn class_probabilities(&mut self, sentence: &str) -> Result<Option<Vec<f64>>, InferenceError> {
        let _ = sentence;
        Ok(None)
    }

    /// The log-probabilities of the answers to a question about a window of a document, in the order of
    /// [`tasks::answer::Answer::ALL`].
    ///
    /// # Errors
    /// As [`LanguageModel::pair_log_odds`].
    fn answer_log_probabilities(
        &mut self,
        question: &str,
        document: &Document,
        window: Span,
        meter: &mut Meter,
    ) -> Result<[f64; 3], InferenceError> {
        answer::by_prompt(self, question, document, window, meter)
    }
}
