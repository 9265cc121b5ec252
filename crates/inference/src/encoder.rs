//! Encoders (BERT, RoBERTa): models that read texts and pairs of texts, and do not write.

mod pairs;

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::path::Path;
use std::sync::Arc;

use bert::{BertConfig, Head, Model, Tokens};
use devices::{Chosen, Need};
use documents::{Document, Span};
use tasks::grammar::Grammar;
use tasks::guidance::Guidance;
use tasks::labels::{self, KindTable, LabelTask, LabelsError, Plan};
use tasks::mentions::Trust;
use tasks::tagging::{self, KINDS, Tagged};
use tasks::windows::cover_for_names;
use tasks::{Mention, RelationTask};

use crate::constrained::{RequestBatch, RequestId, RequestState};
use crate::context::{Cancel, Meter};
use crate::load::{choose_device, need_of};
use crate::mentions::{TASK as MENTIONS, TaggedNames, Tagging};
use crate::relations::{NamePair, TextWindow};
use crate::{
    Checksums, Classes, Continuation, Generation, GenerationRequest, InferenceError, LanguageModel,
    LoadError, ModelProfile, Prompt, TokenDelta,
};
use pairs::PairReader;

/// An encoder on its device.
pub struct Encoder {
    model: Model,
    profile: ModelProfile,
    reading: Reading,
}

/// What its head is read as.
enum Reading {
    /// Hidden states alone, or hidden words.
    Nothing,
    /// Names, by the labels of tokens.
    Mentions(KindTable),
    /// Classes of sentences.
    Classes(Classes),
    /// Relations between marked pairs of names.
    Pairs(PairReader),
}

/// Of a name in a kind that the model marks: it alone says where names are, and the dictionaries say which they are.
const TRUST: Trust = Trust { tagger: 0.0, dictionary: 2.0 };

/// What the encoder of a folder needs of a device.
#[must_use]
pub fn encoder_need(folder: &Path, config: &BertConfig) -> Need {
    let rows = config.vocab_size.max(config.feed_forward_size).max(3 * config.hidden_size);
    let piece = biogpt::matrix::largest_piece([[rows, config.hidden_size]]);
    need_of(folder, config.parameters(), rows * config.hidden_size, piece)
}

/// What an encoder is used for: as its `tasks.json` says, else as its labels and its name let guess. `None` for one whose head
/// gives no labels.
///
/// # Errors
/// If its labels cannot be read as what it is used for.
pub fn plan_of(config: &BertConfig, kept: Option<Plan>, name: &str) -> Result<Option<Plan>, LabelsError> {
    if !config.head.classifies() {
        return Ok(None);
    }
    let of_tokens = config.head == Head::TokenClassification;
    let plan = kept.unwrap_or_else(|| Plan::likely(of_tokens, &config.labels, name));
    plan.completed(of_tokens, &config.labels, name).map(Some)
}

impl Encoder {
    /// Loads the model of a folder on the device that is asked for; `on_device` receives the decision before the device is
    /// opened.
    ///
    /// # Errors
    /// If no device fits, the folder cannot be read, or its labels say nothing.
    pub fn load(
        id: &str,
        folder: &Path,
        device: devices::Request,
        on_device: &dyn Fn(&Chosen),
    ) -> Result<Self, LoadError> {
        let config = ::bert::model::configuration(folder)?;
        let chosen = choose_device(device, encoder_need(folder, &config), on_device)?;
        let model = Model::load(folder, &devices::open(&chosen.adapter)?)?;
        let guidance = Guidance::read(folder)?;
        let checksums = Checksums::of(folder, &model.manifest.files)?;
        Self::new(model, id, chosen.adapter.name, checksums, guidance)
            .map_err(|source| LoadError::Labels { folder: folder.to_owned(), source })
    }

    /// A model that is loaded already, under this id, on the device of this name.
    ///
    /// # Errors
    /// If its labels cannot be read as what it is used for.
    pub fn new(
        model: Model,
        id: &str,
        device: String,
        checksums: Checksums,
        guidance: Guidance,
    ) -> Result<Self, LabelsError> {
        let name = model.manifest.name.clone();
        let plan = plan_of(&model.config, Plan::of_guidance(&guidance), &name)?;
        let reading = Reading::of(&model.config, plan.as_ref(), &name)?;
        let profile = ModelProfile {
            id: id.to_owned(),
            sha256: checksums.weights,
            tokenizer_sha256: checksums.tokenizer,
            guidance_sha256: checksums.guidance,
            device,
            positions: model.config.max_positions(),
            memory: model.config.parameters() as u64 * 4,
            tuned: BTreeMap::new(),
            tuned_for_unknown: false,
            guidance: Arc::new(guidance),
            encoder: Some(reading.words().to_owned()),
            names: None,
            name,
        };
        Ok(Self { model, profile, reading })
    }

    /// What it is asked, and cannot do.
    fn cannot(&self, task: &str) -> InferenceError {
        let model = self.profile.name.clone();
        InferenceError::Encoder { model, does: self.reading.words().to_owned(), task: task.to_owned() }
    }

    /// The probabilities of the classes of a text or a pair of texts; `None` if it is longer than the model reads at once.
    fn probabilities(&self, text: &str, pair: Option<&str>) -> Result<Option<Vec<f64>>, InferenceError> {
        let encoding = self.model.tokenizer.encode(text, pair, None).map_err(refused)?;
        if encoding.ids.len() > self.profile.positions {
            return Ok(None);
        }
        let logits = self
            .model
            .logits(&[Tokens::from(&encoding)])
            .map_err(InferenceError::Reading)?
            .pop()
            .unwrap_or_default();
        let probabilities: Vec<f64> = if self.model.config.multi_label {
            logits.into_iter().map(|logit| 1.0 / (1.0 + f64::from(-logit).exp())).collect()
        } else {
            labels::log_softmax(&logits).into_iter().map(f64::exp).collect()
        };
        Ok(Some(probabilities))
    }
}

impl Reading {
    fn of(config: &BertConfig, plan: Option<&Plan>, name: &str) -> Result<Self, LabelsError> {
        let Some(plan) = plan else { return Ok(Self::Nothing) };
        Ok(match plan.task {
            LabelTask::Mentions => Self::Mentions(KindTable::read(&config.labels, &plan.labels, name)?),
            LabelTask::Classify => {
                let meaning = |label: &String| plan.meaning(label).map(str::to_owned);
                let labels = config.labels.iter().map(meaning).collect();
                Self::Classes(Classes { labels, exclusive: !config.multi_label })
            }
            LabelTask::Pairs(task) => Self::Pairs(PairReader::new(task, config, plan)),
        })
    }

    /// What it does, for people.
    const fn words(&self) -> &'static str {
        match self {
            Self::Nothing => "has no head that gives labels",
            Self::Mentions(_) => "finds names",
            Self::Classes(_) => "classifies sentences",
            Self::Pairs(_) => "judges pairs of names",
        }
    }
}

/// What the tokenizer says.
fn refused(error: impl ToString) -> InferenceError {
    InferenceError::Tokenizing(error.to_string())
}

impl LanguageModel for Encoder {
    fn profile(&self) -> &ModelProfile {
        &self.profile
    }

    fn prompt_length(&self, prompt: &Prompt) -> usize {
        self.model.tokenizer.encode(&prompt.text, None, None).map_or(0, |encoding| encoding.ids.len())
    }

    fn count_tokens(&self, text: &str) -> usize {
        // What the tokenizer refuses is refused when it is read.
        self.model.tokenizer.count(text).unwrap_or(0)
    }

    fn longest_prompt(&self) -> usize {
        match self.reading {
            // Each pair is shown with its own part of the text.
            Reading::Pairs(_) => usize::MAX,
            _ => self.profile.positions,
        }
    }

    fn generate(
        &mut self,
        _: &GenerationRequest,
        _: &mut dyn FnMut(TokenDelta) -> ControlFlow<()>,
    ) -> Result<Vec<Generation>, InferenceError> {
        Err(self.cannot("descriptions and continuations"))
    }

    fn score(&mut self, _: &Prompt, _: &[Continuation]) -> Result<Vec<Vec<f64>>, InferenceError> {
        Err(self.cannot("the probability of a text"))
    }

    fn max_batch(&self) -> usize {
        1
    }

    fn has_room(&self, _: &RequestBatch) -> bool {
        true
    }

    fn submit(&mut self, _: &RequestBatch, _: &Prompt, _: &Grammar) -> Result<RequestId, InferenceError> {
        Err(self.cannot("answers in words"))
    }

    fn step(
        &mut self,
        _: &RequestBatch,
        _: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<(), InferenceError> {
        Ok(())
    }

    fn poll(&mut self, _: &RequestBatch, _: RequestId) -> RequestState {
        RequestState::Unknown
    }

    fn reset(&mut self) {
        if let Reading::Pairs(reader) = &mut self.reading {
            reader.forget();
        }
    }

    fn after_request(&mut self) {
        // The thread need not be waited for.
        drop(self.model.settle());
    }

    fn read_alone_and_beside(&mut self, text: &str) -> Result<Option<[Vec<f32>; 2]>, InferenceError> {
        let tokenizer = &self.model.tokenizer;
        let limit = Some(self.profile.positions);
        let encoding = tokenizer.encode(text, None, limit).map_err(refused)?;
        let longer = tokenizer.encode(&[text, text].join(" "), None, limit).map_err(refused)?;
        let hidden = |texts: &[Tokens]| self.model.hidden(texts).map_err(InferenceError::Reading);
        let mut alone = hidden(&[Tokens::from(&encoding)])?;
        let mut beside = hidden(&[Tokens::from(&encoding), Tokens::from(&longer)])?;
        beside.truncate(1);
        Ok(alone.pop().zip(beside.pop()).map(|(alone, beside)| [alone, beside]))
    }

    fn tag_windows(&self, text: &str) -> Vec<Span> {
        let limit = self.profile.positions.saturating_sub(self.prompt_length(&Prompt::default())).max(1);
        let length = |span: Span| span.slice(text).map_or(0, |part| self.count_tokens(part));
        cover_for_names(text, limit, length).windows.into_iter().map(|window| window.span).collect()
    }

    /// One row a word: the log-probabilities of its first piece's labels, as published models are trained.
    fn tag(
        &mut self,
        document: &Document,
        window: Span,
        _: &[Mention],
    ) -> Result<Option<Tagging>, InferenceError> {
        let Reading::Mentions(_) = &self.reading else { return Ok(None) };
        let text = window.slice(&document.text).unwrap_or_default();
        let encoding = self.model.tokenizer.encode(text, None, None).map_err(refused)?;
        let (length, longest) = (encoding.ids.len(), self.profile.positions);
        if length > longest {
            return Err(InferenceError::TooLong { length, longest });
        }
        let own = encoding.own(0);
        let logits = self
            .model
            .logits(&[Tokens::from(&encoding)])
            .map_err(InferenceError::Reading)?
            .pop()
            .unwrap_or_default();
        let width = self.model.config.labels.len();
        let shifted = |bytes: &Range<usize>| bytes.start + window.start..bytes.end + window.start;
        let pieces: Vec<Range<usize>> = own.offsets.iter().map(shifted).collect();
        let starts = tagging::word_starts(&document.text, &pieces);
        let mut found = Tagging::default();
        for (piece, bytes) in pieces.into_iter().enumerate() {
            match found.offsets.last_mut() {
                Some(word) if !starts[piece] => word.end = word.end.max(bytes.end),
                _ => {
                    let row = (own.places.start + piece) * width;
                    let row = logits.get(row..row + width).unwrap_or_default();
                    found.log_probabilities.extend(labels::log_softmax(row).into_iter().map(|p| p as f32));
                    found.offsets.push(bytes);
                }
            }
        }
        found.offsets.iter_mut().for_each(|word| *word = trimmed(&document.text, word));
        Ok(Some(found))
    }

    fn finds_names(&self) -> bool {
        matches!(self.reading, Reading::Mentions(_))
    }

    fn read_tags<'a>(&self, text: &str, tagging: &'a Tagging) -> TaggedNames<'a> {
        let Reading::Mentions(table) = &self.reading else {
            return TaggedNames::by_kind(&self.profile, text, tagging);
        };
        let width = self.model.config.labels.len();
        let rows = tagging.log_probabilities.chunks(width.max(1));
        let starts = vec![true; tagging.offsets.len()];
        let found = labels::decode(table.labels(), &tagging.log_probabilities, &tagging.offsets, &starts);
        let names = found.into_iter().filter_map(|name| {
            let tokens = tagging::tokens_of(&tagging.offsets, name.span);
            Some(Tagged { kind: table.kind(&name.kind)?, span: name.span, tokens, score: name.score })
        });
        let fitted = &self.profile.guidance.or_none(MENTIONS).trust;
        let trust = |kind: usize| fitted.get(KINDS[kind]).copied().unwrap_or(TRUST);
        TaggedNames {
            parts: rows.flat_map(|row| table.parts(row)).collect::<Vec<f32>>().into(),
            names: names.collect(),
            trust: std::array::from_fn(|kind| table.marks(kind).then(|| trust(kind))),
        }
    }

    fn judges_pairs(&self, task: RelationTask) -> bool {
        matches!(&self.reading, Reading::Pairs(reader) if reader.task() == task)
    }

    fn relation_kinds(&self, task: RelationTask) -> Vec<String> {
        match &self.reading {
            Reading::Pairs(reader) if reader.task() == task => reader.kinds().to_vec(),
            _ => task.kinds().iter().map(|kind| (*kind).to_owned()).collect(),
        }
    }

    fn pair_log_odds(
        &mut self,
        window: &TextWindow<'_>,
        pairs: &[NamePair],
        cancel: &Cancel,
        meter: &mut Meter,
    ) -> Result<Vec<f64>, InferenceError> {
        let scored = self.scored_pairs(window, pairs, cancel, meter)?;
        Ok(scored.iter().map(|row| crate::biogpt::log_odds(row)).collect())
    }

    fn kind_log_probabilities(
        &mut self,
        window: &TextWindow<'_>,
        pairs: &[NamePair],
        cancel: &Cancel,
        meter: &mut Meter,
    ) -> Result<Vec<Vec<f64>>, InferenceError> {
        let scored = self.scored_pairs(window, pairs, cancel, meter)?;
        Ok(scored.into_iter().map(|mut row| row.split_off(1)).collect())
    }

    fn classes(&self) -> Option<&Classes> {
        match &self.reading {
            Reading::Classes(classes) => Some(classes),
            _ => None,
        }
    }

    fn class_probabilities(&mut self, text: &str) -> Result<Option<Vec<f64>>, InferenceError> {
        self.probabilities(text, None)
    }
}

/// Bytes without the blanks at both ends, which some tokenizers count to a token.
fn trimmed(text: &str, bytes: &Range<usize>) -> Range<usize> {
    let own = text.get(bytes.clone()).unwrap_or_default();
    let start = bytes.start + (own.len() - own.trim_start().len());
    start..start + own.trim().len()
}
