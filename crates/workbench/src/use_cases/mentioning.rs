//! Names in documents.

use std::sync::Arc;

use documents::Document;
use inference::{MENTIONS, find_mentions};

use super::readable;
use crate::engine::Cancel;
use crate::error::Result;
use crate::wire;
use crate::workbench::Workbench;

impl Workbench {
    /// A document with all names that the dictionaries and the model's tagger find in it, beside those that it came with.
    /// Nothing is stored.
    ///
    /// # Errors
    /// If there is no such document, it has no text, or the model fails.
    pub fn with_mentions(&self, document: wire::Id) -> Result<Document> {
        let document = readable(&self.opened(), document)?.document;
        let finders = Arc::clone(self.model_host.finders(&self.names)?);
        let activity = format!("Finding names in {}", document.id);
        let found = self.on_engine(&activity, &Cancel::default(), move |context| {
            context.model.reset();
            let finder = finders.of(context.model.profile(), MENTIONS);
            let entities = find_mentions(context, &document, &finder)?.entities(&document);
            Ok(Document { entities, ..document })
        });
        Ok(found?)
    }
}
