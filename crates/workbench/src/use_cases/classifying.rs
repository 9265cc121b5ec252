//! The hallmarks of cancer, sentence by sentence.

use inference::{LabelScore, TaskRequest, classify};

use super::{document_of, ending, readable, switch};
use crate::engine::EngineError;
use crate::error::Result;
use crate::jobs::{Sink, Stream};
use crate::library::{Offsets, id_of};
use crate::run_record::run_record;
use crate::wire::{self, ClassifyEvent};
use crate::workbench::Workbench;

impl Workbench {
    /// Classifies documents; what each is found to be is stored.
    pub fn classify(&self, job: &str, request: &wire::ClassifyRequest, sink: Sink<ClassifyEvent>) {
        self.stream(job, sink, |stream| {
            for id in &request.documents {
                if stream.is_stopped() {
                    break;
                }
                self.classify_one(*id, stream)?;
            }
            Ok(())
        });
    }

    fn classify_one(&self, id: wire::Id, stream: &Stream<ClassifyEvent>) -> Result<()> {
        let opened = self.opened();
        let stored = readable(&opened, id)?;
        let (document, sender) = (stored.document.clone(), stream.sender());
        let activity = format!("Classifying {}", stored.document.id);
        let done = self.on_engine(&activity, &switch(stream), move |context| {
            let profile = context.profile();
            let offsets = Offsets::new(&document.text);
            let classified = classify(context, &document, &mut |span, scores| {
                let scores = scores.iter().map(score).collect();
                sender.tell(ClassifyEvent::Sentence { document: id, span: offsets.span(span), scores });
            })?;
            Ok((profile, classified))
        });
        let (profile, classified) = match done {
            Err(EngineError::Cancelled) if stream.is_stopped() => return Ok(()),
            done => done?,
        };
        let outcome = &classified.outcome;
        let (request, notices) = (TaskRequest::Classify, &outcome.notices);
        let record = run_record(&request, &profile, &stored.text_sha256, notices, &[], opened.now());
        let curator = opened.curator();
        let run = opened.with(|library| {
            let by = sessions::By::new(&curator, opened.now());
            library.record_run(by, stored.id, &record, &ending(&opened, outcome), &outcome.predictions)
        })?;
        stream.tell(ClassifyEvent::Labels {
            document: document_of(stored.id),
            title: stored.title,
            labels: classified.labels.iter().map(score).collect(),
            threshold: classified.threshold,
            run: id_of(run.0),
        });
        Ok(())
    }
}

fn score(score: &LabelScore) -> wire::LabelScore {
    wire::LabelScore { label: score.label.to_string(), probability: score.probability }
}
