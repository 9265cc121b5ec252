//! Answers to a question, document by document: the sentences that speak about it first.

use std::collections::BTreeSet;

use documents::{Document, Span};
use inference::{
    Answered, FromEvidence, Question, TaskRequest, Verdict, answer, answer_from_evidence, influence,
};
use sessions::StoredDocument;
use tasks::answer::Answer;
use tasks::stance::{self, Speaks};
use terms::Dictionary;

use super::{document_of, ending, readable, switch};
use crate::engine::EngineError;
use crate::error::{Result, bad_input};
use crate::jobs::{Sink, Stream};
use crate::library::contents;
use crate::library::{Offsets, count, id_of};
use crate::run_record::run_record;
use crate::wire::{self, AskEvent, AskScope};
use crate::workbench::Workbench;

impl Workbench {
    /// Asks documents a question, or those of the library that say something about it. Each answer is stored. A document that
    /// cannot be asked does not stop the others.
    pub fn ask(&self, job: &str, request: &wire::AskRequest, sink: Sink<AskEvent>) {
        self.stream(job, sink, |stream| {
            let question = asked(&request.question)?;
            let documents = match &request.scope {
                AskScope::Documents { documents } => documents.clone(),
                AskScope::Library => self.speaking(question, stream)?,
            };
            for id in documents {
                if stream.is_stopped() {
                    break;
                }
                if let Err(cause) = self.ask_one(id, question, stream) {
                    if cause.code == wire::ErrorCode::NoModel {
                        return Err(cause);
                    }
                    let title = readable(&self.opened(), id).map(|stored| stored.title).unwrap_or_default();
                    stream.tell(AskEvent::Unanswered { document: id, title, error: cause });
                }
            }
            Ok(())
        });
    }

    /// Asks the model again without each sentence of a document in turn. Nothing is stored.
    pub fn weigh(&self, job: &str, request: &wire::WeighRequest, sink: Sink<AskEvent>) {
        self.stream(job, sink, |stream| {
            let question = asked(&request.question)?.to_owned();
            let stored = readable(&self.opened(), request.document)?;
            let document = stored.document.clone();
            let activity = format!("Weighing the sentences of {}", stored.document.id);
            let done = self.on_engine(&activity, &switch(stream), move |context| {
                let question = Question { question: &question, document: &document, abstain_below: 0.0 };
                let answered = answer(context, &question)?;
                Ok(influence(context, &question, &answered)?)
            });
            let sentences = match done {
                Err(EngineError::Cancelled) if stream.is_stopped() => return Ok(()),
                done => done?,
            };
            let offsets = Offsets::new(&stored.document.text);
            let sentences = sentences
                .into_iter()
                .map(|one| wire::Influence {
                    span: offsets.span(one.span),
                    effect: one.effect,
                    without: probabilities(one.without),
                })
                .collect();
            stream.tell(AskEvent::Influence { document: document_of(stored.id), sentences });
            Ok(())
        });
    }

    /// The documents of the library that have a sentence that speaks about a question: the index finds those that name what it
    /// names, by every name that the dictionaries know, and these are read.
    fn speaking(&self, question: &str, stream: &Stream<AskEvent>) -> Result<Vec<wire::Id>> {
        let opened = self.opened();
        let dictionary = Dictionary::new(self.names.all()?.0.to_vec());
        // Many texts may be read: on a connection of its own, so that no decision waits for it.
        let library = opened.reader()?;
        let mut naming: Option<BTreeSet<sessions::DocumentId>> = None;
        let mut sought = Vec::new();
        for term in stance::search_terms(question, &dictionary) {
            let found: BTreeSet<_> = library.documents_naming(&term.phrases)?.into_iter().collect();
            sought.push(wire::Sought {
                words: term.words,
                names: term.names,
                found: count(found.len() as u64),
            });
            if term.required {
                naming = Some(match naming {
                    Some(before) => before.intersection(&found).copied().collect(),
                    None => found,
                });
            }
        }
        let naming = naming.unwrap_or_default();
        let mut speaking = Vec::new();
        for id in &naming {
            if stream.is_stopped() {
                break;
            }
            let stored = library.document(*id)?;
            if !stance::read(question, &stored.document, &dictionary).evidence.is_empty() {
                speaking.push(document_of(*id));
            }
        }
        stream.tell(AskEvent::Searched {
            sought,
            naming: count(naming.len() as u64),
            speaking: count(speaking.len() as u64),
        });
        Ok(speaking)
    }

    fn ask_one(&self, id: wire::Id, question: &str, stream: &Stream<AskEvent>) -> Result<()> {
        let opened = self.opened();
        let stored = readable(&opened, id)?;
        let abstain_below = self.settings().abstain_below;
        let finders = std::sync::Arc::clone(self.model_host.finders(&self.names)?);
        let (document, words) = (stored.document.clone(), question.to_owned());
        let cancel = switch(stream);
        let done = self.on_engine(&format!("Asking {}", stored.document.id), &cancel, move |context| {
            let question = Question { question: &words, document: &document, abstain_below };
            let dictionary = finders.dictionaries().dictionary();
            Ok((context.profile(), answer_from_evidence(context, &question, dictionary)?))
        });
        let (profile, FromEvidence { verdict, speaks, model }) = match done {
            Err(EngineError::Cancelled) if stream.is_stopped() => return Ok(()),
            done => done?,
        };
        let request =
            TaskRequest::Answer { question: question.to_owned(), abstain_below, from_evidence: true };
        let dictionaries = self.names.all()?.1;
        let notices = &model.outcome.notices;
        let record = run_record(&request, &profile, &stored.text_sha256, notices, dictionaries, opened.now());
        let curator = opened.curator();
        let run = opened.with(|library| {
            let by = sessions::By::new(&curator, opened.now());
            let predictions = &model.outcome.predictions;
            library.record_run(by, stored.id, &record, &ending(&opened, &model.outcome), predictions)
        })?;
        let retracted = self.names.known_retractions().of(&stored.document).is_some();
        stream.tell(answered(&stored, retracted, verdict, &speaks, &model, id_of(run.0)));
        Ok(())
    }
}

fn asked(question: &str) -> Result<&str> {
    let question = question.trim();
    if question.is_empty() {
        return Err(bad_input("There is no question.", "Write one."));
    }
    Ok(question)
}

fn answered(
    stored: &StoredDocument,
    retracted: bool,
    verdict: Verdict,
    speaks: &Speaks,
    model: &Answered,
    run: wire::Id,
) -> AskEvent {
    AskEvent::Answer {
        document: document_of(stored.id),
        title: stored.title.clone(),
        retracted,
        verdict: match verdict {
            Verdict::Says(answer) => word(answer),
            Verdict::NotStated => wire::Verdict::NotStated,
        },
        evidence: evidence(&stored.document, speaks),
        sought: speaks
            .sought
            .iter()
            .map(|one| wire::Sought {
                words: one.words.clone(),
                names: one.names.clone(),
                found: count(one.sentences as u64),
            })
            .collect(),
        model: model.verdict.map_or(wire::Verdict::Abstain, word),
        probabilities: probabilities(model.probabilities),
        run,
    }
}

/// The sentences with their words.
fn evidence(document: &Document, speaks: &Speaks) -> Vec<wire::EvidenceSentence> {
    let offsets = Offsets::new(&document.text);
    let sentence = |one: &stance::Evidence| {
        let text = one.span.slice(&document.text).unwrap_or_default();
        let own = Offsets::new(text);
        let inside = one.named.iter().filter(|place| one.span.contains(**place));
        let local =
            |place: &Span| own.span(Span::new(place.start - one.span.start, place.end - one.span.start));
        wire::EvidenceSentence {
            span: offsets.span(one.span),
            text: text.to_owned(),
            named: inside.map(local).collect(),
            stance: contents::stance(one.stance),
            reason: one.reason.clone(),
        }
    };
    speaks.evidence.iter().map(sentence).collect()
}

const fn word(answer: Answer) -> wire::Verdict {
    match answer {
        Answer::Yes => wire::Verdict::Yes,
        Answer::No => wire::Verdict::No,
        Answer::Maybe => wire::Verdict::Maybe,
    }
}

const fn probabilities([yes, no, maybe]: [f64; 3]) -> wire::Probabilities {
    wire::Probabilities { yes, no, maybe }
}
