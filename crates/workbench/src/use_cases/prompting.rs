//! Exactly what the model is given.

use inference::{Subject, view};

use super::{inside, readable};
use crate::engine::Cancel;
use crate::error::Result;
use crate::library::Offsets;
use crate::wire::{self, PromptRequest};
use crate::workbench::Workbench;

impl Workbench {
    /// The prompt that a request would give the model.
    ///
    /// # Errors
    /// When the document is gone, or there is no model.
    pub fn prompt(&self, request: &PromptRequest) -> Result<wire::Prompt> {
        let opened = self.opened();
        let document = match request {
            PromptRequest::Extract { document, .. }
            | PromptRequest::Answer { document, .. }
            | PromptRequest::Classify { document, .. } => Some(readable(&opened, *document)?.document),
            PromptRequest::Describe { .. } => None,
        };
        let document = document.unwrap_or_default();
        let sentence = match request {
            PromptRequest::Classify { span, .. } => {
                Some(inside(&document.text, Offsets::new(&document.text).bytes(*span))?)
            }
            _ => None,
        };
        let request = request.clone();
        let prompt = self.on_engine("Showing a prompt", &Cancel::default(), move |context| {
            let subject = match (&request, sentence) {
                (PromptRequest::Extract { task, .. }, _) => Subject::Relations((*task).into(), &document),
                (PromptRequest::Answer { question, .. }, _) => Subject::Answer(question, &document),
                (PromptRequest::Classify { .. }, Some(sentence)) => Subject::Sentence(&document, sentence),
                (PromptRequest::Describe { term }, _) => Subject::Term(term),
                (PromptRequest::Classify { .. }, None) => Subject::Term(""),
            };
            Ok(view(&*context.model, &subject))
        })?;
        Ok(wire::Prompt {
            text: prompt.text,
            tokens: prompt.tokens as u32,
            learned_tokens: prompt.learned_tokens as u32,
            limit: prompt.limit as u32,
        })
    }
}
