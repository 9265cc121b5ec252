//! Answers to a question, document by document.

use inference::{Question, TaskRequest, answer, influence};
use tasks::answer::Answer;

use super::{document_of, ending, readable, switch};
use crate::engine::EngineError;
use crate::error::{Result, bad_input};
use crate::jobs::{Sink, Stream};
use crate::library::{Offsets, id_of};
use crate::run_record::run_record;
use crate::wire::{self, AskEvent};
use crate::workbench::Workbench;

impl Workbench {
    /// Asks documents a question. Each answer is stored; then its sentences are left out one by one. A document that cannot
    /// be asked does not stop the others.
    pub fn ask(&self, job: &str, request: &wire::AskRequest, sink: Sink<AskEvent>) {
        self.stream(job, sink, |stream| {
            if request.question.trim().is_empty() {
                return Err(bad_input("There is no question.", "Write one."));
            }
            for id in &request.documents {
                if stream.is_stopped() {
                    break;
                }
                if let Err(cause) = self.ask_one(*id, &request.question, stream) {
                    if cause.code == wire::ErrorCode::NoModel {
                        return Err(cause);
                    }
                    let title = readable(&self.opened(), *id).map(|stored| stored.title).unwrap_or_default();
                    stream.tell(AskEvent::Unanswered { document: *id, title, error: cause });
                }
            }
            Ok(())
        });
    }

    fn ask_one(&self, id: wire::Id, question: &str, stream: &Stream<AskEvent>) -> Result<()> {
        let opened = self.opened();
        let stored = readable(&opened, id)?;
        let abstain_below = self.settings().abstain_below;
        let (document, words) = (stored.document.clone(), question.to_owned());
        let cancel = switch(stream);
        let done = self.on_engine(&format!("Asking {}", stored.document.id), &cancel, move |context| {
            let question = Question { question: &words, document: &document, abstain_below };
            Ok((context.model.profile().clone(), answer(context, &question)?))
        });
        let (profile, answered) = match done {
            Err(EngineError::Cancelled) if stream.is_stopped() => return Ok(()),
            done => done?,
        };
        let request = TaskRequest::Answer { question: question.to_owned(), abstain_below };
        let outcome = &answered.outcome;
        let notices = &outcome.notices;
        let record = run_record(&request, &profile, &stored.text_sha256, notices, &[], opened.now());
        let curator = opened.curator();
        let run = opened.with(|library| {
            let by = sessions::By::new(&curator, opened.now());
            library.record_run(by, stored.id, &record, &ending(&opened, outcome), &outcome.predictions)
        })?;
        stream.tell(AskEvent::Answer {
            document: document_of(stored.id),
            title: stored.title.clone(),
            verdict: answered.verdict.map_or(wire::Verdict::Abstain, verdict),
            probabilities: probabilities(answered.probabilities),
            run: id_of(run.0),
        });
        let (document, words) = (stored.document.clone(), question.to_owned());
        let activity = format!("Weighing the sentences of {}", stored.document.id);
        let done = self.on_engine(&activity, &cancel, move |context| {
            let question = Question { question: &words, document: &document, abstain_below };
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
    }
}

const fn verdict(answer: Answer) -> wire::Verdict {
    match answer {
        Answer::Yes => wire::Verdict::Yes,
        Answer::No => wire::Verdict::No,
        Answer::Maybe => wire::Verdict::Maybe,
    }
}

const fn probabilities([yes, no, maybe]: [f64; 3]) -> wire::Probabilities {
    wire::Probabilities { yes, no, maybe }
}
