//! BioGPT.

mod checksums;
mod detokenizer;
mod free_text;
mod token_grammar;
mod whole_text;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use biogpt::decode::{self, Reader, Rules};
use biogpt::{Config, Decoder, Model};
use devices::{Chosen, Need};
use documents::{Document, Span};
use tasks::classify::LabelLogarithms;
use tasks::grammar::Grammar;
use tasks::guidance::Guidance;
use tasks::{Mention, RelationTask};

use crate::answer;
use crate::classify::labels_by_prompt;
use crate::constrained::{BatchKey, ConstrainedOutput, RequestBatch, RequestId, RequestState};
use crate::context::{Cancel, Meter};
use crate::load::{choose_device, need_of};
use crate::mentions::Tagging;
use crate::relations::{NamePair, TextWindow, kinds_by_prompt, pairs_by_prompt, pairs_task};
use crate::{
    Continuation, Generation, GenerationRequest, InferenceError, LanguageModel, LoadError, ModelProfile,
    Prompt, TokenDelta,
};
use token_grammar::{TokenGrammar, constrained_output};
use whole_text::{ReadText, label_logarithms};

pub(crate) use whole_text::log_odds;

pub use checksums::Checksums;

/// The entry of a manifest for a learned prompt whose task is not known.
const UNKNOWN_TASK: &str = "tuned";

/// A BioGPT model on its device.
pub struct BioGpt {
    model: Arc<Model>,
    profile: ModelProfile,
    /// What was read last. The next prompt is only read from where it differs.
    reader: Option<Reader>,
    /// What was read last in both directions.
    whole: Option<ReadText>,
    batches: Vec<Batch>,
}

/// Answers that are written together.
struct Batch {
    key: BatchKey,
    rows: decode::DecodingBatch<TokenGrammar>,
    requests: Vec<Request>,
}

struct Request {
    id: RequestId,
    /// At the end, with what has read its prompt.
    done: Option<(ConstrainedOutput, Option<Reader>)>,
}

/// What the model of a folder needs of a device.
#[must_use]
pub fn need(folder: &Path, config: &Config) -> Need {
    need_of(folder, config.parameters(), config.largest_tensor(), ::biogpt::largest_piece(config))
}

impl BioGpt {
    /// Loads the model of a folder on the device that is asked for; `on_device` receives the decision before the device is
    /// opened.
    ///
    /// # Errors
    /// If no device fits, or the folder cannot be read.
    pub fn load(
        id: &str,
        folder: &Path,
        device: devices::Request,
        on_device: &dyn Fn(&Chosen),
    ) -> Result<Self, LoadError> {
        let config = ::biogpt::model::configuration(folder)?;
        let chosen = choose_device(device, need(folder, &config), on_device)?;
        let model = Model::load(folder, &devices::open(&chosen.adapter)?)?;
        let guidance = Guidance::read(folder)?;
        let checksums = Checksums::of(folder, &model.manifest.files)?;
        Ok(Self::new(model, id, chosen.adapter.name, checksums, guidance))
    }

    /// A model that is loaded already, under this id, on the device of this name.
    #[must_use]
    pub fn new(model: Model, id: &str, device: String, checksums: Checksums, guidance: Guidance) -> Self {
        let tasks = &model.manifest.tasks;
        let mut tuned: BTreeMap<String, usize> =
            tasks.iter().map(|(task, prompt)| (task.clone(), prompt.prompt.len())).collect();
        // What a classifier answers needs no prompt.
        let classifiers = model.manifest.heads.iter().flat_map(|file| &file.shape.classes);
        for head in classifiers {
            tuned.entry(head.name.clone()).or_default();
        }
        let profile = ModelProfile {
            id: id.to_owned(),
            name: model.manifest.name.clone(),
            sha256: checksums.weights,
            tokenizer_sha256: checksums.tokenizer,
            guidance_sha256: checksums.guidance,
            device,
            positions: model.config.max_positions,
            memory: model.config.parameters() as u64 * 4,
            tuned_for_unknown: tasks.contains_key(UNKNOWN_TASK),
            tuned,
            guidance: Arc::new(guidance),
            encoder: None,
            names: None,
        };
        Self { model: Arc::new(model), profile, reader: None, whole: None, batches: Vec::new() }
    }

    /// The same weights for another thread: it has read nothing, and what it reads and writes is its own.
    #[must_use]
    pub fn session(&self) -> Self {
        let (model, profile) = (Arc::clone(&self.model), self.profile.clone());
        Self { model, profile, reader: None, whole: None, batches: Vec::new() }
    }

    /// `</s>`, the text, the learned tokens.
    fn prompt_ids(&self, prompt: &Prompt) -> Vec<u32> {
        let mut ids = self.model.tokenizer.encode(&prompt.text).ids;
        let tasks = &self.model.manifest.tasks;
        let learned =
            prompt.task.as_ref().and_then(|task| tasks.get(task).or_else(|| tasks.get(UNKNOWN_TASK)));
        ids.extend(learned.iter().flat_map(|learned| &learned.prompt));
        ids
    }

    fn decoder(&self) -> Decoder<'_> {
        Decoder::new(&self.model.network, &self.model.config)
    }

    /// Forgets batches that nobody waits for.
    fn drop_abandoned(&mut self) {
        self.batches.retain(|batch| batch.key.is_wanted());
    }

    fn batch(&self, batch: &RequestBatch) -> Option<&Batch> {
        self.batches.iter().find(|one| one.key.is_of(batch))
    }

    /// The grammar over tokens, for what may follow a prompt.
    fn token_grammar(&self, grammar: &Grammar, prompt: &[u32]) -> Result<TokenGrammar, InferenceError> {
        // One place is for `</s>`.
        let room = self.profile.positions.saturating_sub(prompt.len() + 1);
        let too_long = InferenceError::TooLong { length: prompt.len(), longest: self.profile.positions / 2 };
        TokenGrammar::new(grammar, &self.model.tokenizer, room).ok_or(too_long)
    }

    /// Reads a text, of which only what differs from the last one is computed.
    fn read(&mut self, ids: &[u32]) -> Result<(), InferenceError> {
        let decoder = Decoder::new(&self.model.network, &self.model.config);
        self.reader.get_or_insert_with(|| decoder.reader()).read(&decoder, ids)?;
        Ok(())
    }
}

impl LanguageModel for BioGpt {
    fn profile(&self) -> &ModelProfile {
        &self.profile
    }

    fn prompt_length(&self, prompt: &Prompt) -> usize {
        self.prompt_ids(prompt).len()
    }

    fn count_tokens(&self, text: &str) -> usize {
        self.model.tokenizer.encode(text).ids.len().saturating_sub(1)
    }

    fn after_request(&mut self) {
        // Only a model that nobody else uses. The thread need not be waited for.
        if let Some(model) = Arc::get_mut(&mut self.model) {
            drop(model.settle());
        }
    }

    fn reset(&mut self) {
        self.reader = None;
        self.whole = None;
        self.drop_abandoned();
    }

    fn generate(
        &mut self,
        request: &GenerationRequest,
        on_delta: &mut dyn FnMut(TokenDelta) -> ControlFlow<()>,
    ) -> Result<Vec<Generation>, InferenceError> {
        let ids = free_text::prompt_ids(&self.model, request);
        self.read(&ids)?;
        let reader = self.reader.as_ref().ok_or(InferenceError::Empty)?;
        free_text::generate(&self.model, reader, &ids, request, on_delta)
    }

    fn score(
        &mut self,
        prompt: &Prompt,
        continuations: &[Continuation],
    ) -> Result<Vec<Vec<f64>>, InferenceError> {
        let ids = self.prompt_ids(prompt);
        self.read(&ids)?;
        let reader = self.reader.as_ref().ok_or(InferenceError::Empty)?;
        let encode = |text: &str| self.model.tokenizer.encode(text).without_start().ids;
        let wholes: Vec<(Vec<u32>, usize)> = continuations
            .iter()
            .map(|continuation| {
                let whole = encode(&[continuation.given.as_str(), &continuation.scored].concat());
                let start = encode(&continuation.given);
                let given = whole.iter().zip(&start).take_while(|(a, b)| a == b).count();
                (whole, given)
            })
            .collect();
        let wholes: Vec<_> =
            wholes.iter().map(|(tokens, given)| decode::Continuation { tokens, given: *given }).collect();
        let scores = self.decoder().score(reader, &wholes)?;
        Ok(scores.iter().map(|scores| scores.iter().copied().map(f64::from).collect()).collect())
    }

    fn max_batch(&self) -> usize {
        self.decoder().max_batch()
    }

    fn has_room(&self, batch: &RequestBatch) -> bool {
        self.batch(batch).is_none_or(|one| one.rows.has_room())
    }

    fn submit(
        &mut self,
        batch: &RequestBatch,
        prompt: &Prompt,
        grammar: &Grammar,
    ) -> Result<RequestId, InferenceError> {
        self.drop_abandoned();
        let ids = self.prompt_ids(prompt);
        let grammar = self.token_grammar(grammar, &ids)?;
        let place = self.batches.iter().position(|one| one.key.is_of(batch)).unwrap_or_else(|| {
            let rows = decode::DecodingBatch::of(batch.capacity().min(self.max_batch()));
            self.batches.push(Batch { key: batch.key(), rows, requests: Vec::new() });
            self.batches.len() - 1
        });
        let decoder = Decoder::new(&self.model.network, &self.model.config);
        let own = &mut self.batches[place];
        let id = RequestId(decoder.join(&mut own.rows, &ids, &Rules::default(), grammar)?);
        own.requests.push(Request { id, done: None });
        Ok(id)
    }

    fn step(
        &mut self,
        batch: &RequestBatch,
        on_token: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<(), InferenceError> {
        let Some(place) = self.batches.iter().position(|one| one.key.is_of(batch)) else { return Ok(()) };
        let decoder = Decoder::new(&self.model.network, &self.model.config);
        let own = &mut self.batches[place];
        let greedy = decode::Choice::Greedy;
        match decoder.step(&mut own.rows, &Rules::default(), &greedy, |_, _| on_token()) {
            Ok(ended) => {
                for one in ended {
                    let output = constrained_output(&self.model, &one.constraint, &one.generated);
                    let request = own.requests.iter_mut().find(|request| request.id.0 == one.number);
                    if let Some(request) = request {
                        request.done = Some((output, one.reader));
                    }
                }
                Ok(())
            }
            Err(error) => {
                self.batches.remove(place);
                Err(error.into())
            }
        }
    }

    fn tag(
        &mut self,
        document: &Document,
        window: Span,
        known: &[Mention],
    ) -> Result<Option<Tagging>, InferenceError> {
        self.tagged(document, window, known)
    }

    fn finds_names(&self) -> bool {
        self.model.manifest.heads.iter().any(|file| file.shape.mentions.is_some())
    }

    fn judges_pairs(&self, task: RelationTask) -> bool {
        self.pair_head(task).is_some() || self.profile.tuned.contains_key(&pairs_task(task))
    }

    fn pair_log_odds(
        &mut self,
        window: &TextWindow<'_>,
        pairs: &[NamePair],
        cancel: &Cancel,
        meter: &mut Meter,
    ) -> Result<Vec<f64>, InferenceError> {
        cancel.check()?;
        match self.scored_pairs(window, pairs, meter)? {
            Some(scored) => Ok(scored.iter().map(|row| log_odds(row)).collect()),
            None => pairs_by_prompt(self, window, pairs, cancel, meter),
        }
    }

    fn kind_log_probabilities(
        &mut self,
        window: &TextWindow<'_>,
        pairs: &[NamePair],
        cancel: &Cancel,
        meter: &mut Meter,
    ) -> Result<Vec<Vec<f64>>, InferenceError> {
        cancel.check()?;
        if window.task.kinds().len() == 1 {
            return Ok(vec![vec![0.0]; pairs.len()]);
        }
        match self.scored_pairs(window, pairs, meter)? {
            Some(scored) => Ok(scored.into_iter().map(|mut row| row.split_off(1)).collect()),
            None => kinds_by_prompt(self, window, pairs, cancel, meter),
        }
    }

    fn label_log_probabilities(
        &mut self,
        document: &Document,
        sentences: &[Span],
        cancel: &Cancel,
        meter: &mut Meter,
        on_sentence: &mut dyn FnMut(usize, Option<LabelLogarithms>),
    ) -> Result<(), InferenceError> {
        let Some((head, _)) = self.model.classifier(crate::classify::TASK) else {
            return labels_by_prompt(self, document, sentences, cancel, meter, on_sentence);
        };
        for (number, sentence) in sentences.iter().enumerate() {
            cancel.check()?;
            let text = sentence.slice(&document.text).unwrap_or_default();
            let found = match self.classified(head, text) {
                Err(InferenceError::TooLong { .. }) => None,
                found => label_logarithms(&found?),
            };
            meter.count(1);
            on_sentence(number, found);
        }
        Ok(())
    }

    fn answer_log_probabilities(
        &mut self,
        question: &str,
        document: &Document,
        window: Span,
        meter: &mut Meter,
    ) -> Result<[f64; 3], InferenceError> {
        let Some((head, _)) = self.model.classifier(answer::TASK) else {
            return answer::by_prompt(self, question, document, window, meter);
        };
        let text = tasks::answer::prompt(question, document, window);
        meter.count(1);
        let p = <[f64; 3]>::try_from(self.classified(head, &text)?).map_err(|_| InferenceError::Empty)?;
        Ok(p.map(|p| p.max(1e-12).ln()))
    }

    fn poll(&mut self, batch: &RequestBatch, request: RequestId) -> RequestState {
        let own = self.batches.iter_mut().find(|one| one.key.is_of(batch));
        let Some(own) = own else { return RequestState::Unknown };
        let Some(place) = own.requests.iter().position(|one| one.id == request) else {
            return RequestState::Unknown;
        };
        match own.requests[place].done.take() {
            None => RequestState::InProgress,
            Some((output, reader)) => {
                own.requests.remove(place);
                self.reader = reader;
                RequestState::Done(output)
            }
        }
    }
}
