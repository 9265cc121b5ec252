//! Texts that are written in Osler.

use sessions::{DraftId, DraftSupport, DraftText, GeneratedSpan, Track};

use super::documents::words;
use super::offsets::Offsets;
use super::{OpenLibrary, id_of};
use crate::error::Result;
use crate::wire;

impl OpenLibrary {
    /// All drafts, the last saved first.
    ///
    /// # Errors
    /// Those of the library.
    pub fn drafts(&self) -> Result<Vec<wire::DraftSummary>> {
        let drafts = self.with(|library| library.drafts())?;
        let summary = |draft: sessions::Draft| wire::DraftSummary {
            id: id_of(draft.id.0),
            title: draft.content.title,
            words: words(&draft.content.text),
            modified_at: draft.modified_at.0,
        };
        Ok(drafts.into_iter().map(summary).collect())
    }

    /// A draft.
    ///
    /// # Errors
    /// Those of the library: it is gone.
    pub fn draft(&self, id: wire::Id) -> Result<wire::Draft> {
        let draft = self.with(|library| library.draft(DraftId(i64::from(id))))?;
        let offsets = Offsets::new(&draft.content.text);
        let generated = draft.content.generated.iter().map(|one| wire::GeneratedSpan {
            span: offsets.span(one.span),
            model: one.model.clone(),
            seed: one.seed,
            support: one.support.map(of_support),
            mark: one.mark.clone(),
        });
        Ok(wire::Draft {
            id,
            title: draft.content.title.clone(),
            generated: generated.collect(),
            text: draft.content.text.clone(),
            created_at: draft.created_at.0,
            modified_at: draft.modified_at.0,
        })
    }

    /// Begins a draft.
    ///
    /// # Errors
    /// Those of the library.
    pub fn begin_draft(&self, title: &str, text: &str) -> Result<wire::Draft> {
        let content = DraftText { title: title.to_owned(), text: text.to_owned(), generated: Vec::new() };
        let (id, _) = self.act(Track::Writing, |library, by| library.begin_draft(by, &content))?;
        self.draft(id_of(id.0))
    }

    /// Saves a draft.
    ///
    /// # Errors
    /// Those of the library: it is gone, or generated text lies outside it.
    pub fn save_draft(
        &self,
        id: wire::Id,
        title: &str,
        text: &str,
        generated: &[wire::GeneratedSpan],
    ) -> Result<wire::Library> {
        let offsets = Offsets::new(text);
        let generated = generated.iter().map(|one| GeneratedSpan {
            span: offsets.bytes(one.span),
            model: one.model.clone(),
            seed: one.seed,
            support: one.support.map(to_support),
            mark: one.mark.clone(),
        });
        let content =
            DraftText { title: title.to_owned(), generated: generated.collect(), text: text.to_owned() };
        self.act(Track::Writing, |library, by| library.save_draft(by, DraftId(i64::from(id)), &content))?;
        self.library()
    }

    /// Takes a draft away.
    ///
    /// # Errors
    /// Those of the library.
    pub fn remove_draft(&self, id: wire::Id) -> Result<wire::Change> {
        Ok(self.act(Track::Writing, |library, by| library.remove_draft(by, DraftId(i64::from(id))))?.1)
    }
}

const fn of_support(support: DraftSupport) -> wire::Support {
    match support {
        DraftSupport::Supported => wire::Support::Supported,
        DraftSupport::Partly => wire::Support::Partly,
        DraftSupport::None => wire::Support::None,
    }
}

const fn to_support(support: wire::Support) -> DraftSupport {
    match support {
        wire::Support::Supported => DraftSupport::Supported,
        wire::Support::Partly => DraftSupport::Partly,
        wire::Support::None => DraftSupport::None,
    }
}
