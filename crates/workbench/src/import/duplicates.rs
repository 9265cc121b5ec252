//! Documents of an import that are in the library already, or twice in the import: by PMID, by DOI, or because their texts are
//! nearly the same (`documents::similarity`).

use std::collections::HashMap;

use documents::Document;
use documents::similarity::{NEARLY_THE_SAME, Shingles, TextIndex};
use sessions::{DocumentId, Library};

use crate::wire::{DuplicateChoice, SameBy};

/// What a document of an import looks like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Duplicate {
    /// Its place in the import.
    pub place: usize,
    /// What it looks like.
    pub of: Original,
    /// By what.
    pub by: SameBy,
    /// How much the texts have in common, where that is the reason.
    pub similarity: Option<f64>,
}

/// What is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Original {
    /// A document of the library.
    Library(DocumentId),
    /// An earlier document of the same import.
    Import(usize),
}

/// What is to be done with duplicates.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// With all that are not named.
    pub all: DuplicateChoice,
    /// With these, by their place in the import.
    pub single: HashMap<usize, DuplicateChoice>,
}

impl Choices {
    /// What is to be done with the document at a place.
    #[must_use]
    pub fn of(&self, place: usize) -> DuplicateChoice {
        self.single.get(&place).copied().unwrap_or(self.all)
    }
}

/// Looks for duplicates among `documents`, but for those that are `known` to be in the library as they are. Each is given once, by
/// the most telling sign, and rather of the library than of the import.
///
/// # Errors
/// When the library cannot be read.
pub fn find(library: &Library, documents: &[&Document], known: &[bool]) -> sessions::Result<Vec<Duplicate>> {
    let mut found: Vec<Option<Duplicate>> = vec![None; documents.len()];
    let mut seen = Seen::default();
    for (place, document) in documents.iter().enumerate() {
        if known.get(place).copied().unwrap_or_default() {
            continue;
        }
        let marks = Marks::of(document);
        let earlier = seen.like(&marks, documents, |earlier| documents[earlier] != *document);
        found[place] = earlier
            .into_iter()
            .min_by_key(|(_, by, _)| *by)
            .map(|(of, by, similarity)| Duplicate { place, of: Original::Import(of), by, similarity });
        seen.add(place, marks);
    }
    library.visit_documents(&mut |id, stored| {
        for (place, by, similarity) in seen.like(&Marks::of(stored), documents, |_| true) {
            let slot = &mut found[place];
            let is_better = slot.is_none_or(|old| matches!(old.of, Original::Import(_)) || by < old.by);
            if is_better {
                *slot = Some(Duplicate { place, of: Original::Library(id), by, similarity });
            }
        }
    })?;
    Ok(found.into_iter().flatten().collect())
}

/// What a document is recognized by.
struct Marks {
    pmid: Option<String>,
    doi: Option<String>,
    shingles: Shingles,
}

impl Marks {
    fn of(document: &Document) -> Self {
        Self { pmid: document.pmid(), doi: document.doi(), shingles: Shingles::of(&document.text) }
    }
}

/// Documents of the import, to be found by what they are recognized by.
#[derive(Default)]
struct Seen {
    by_pmid: HashMap<String, Vec<usize>>,
    by_doi: HashMap<String, Vec<usize>>,
    texts: TextIndex,
}

impl Seen {
    fn add(&mut self, place: usize, marks: Marks) {
        self.texts.add(place, &marks.shingles);
        if let Some(pmid) = marks.pmid {
            self.by_pmid.entry(pmid).or_default().push(place);
        }
        if let Some(doi) = marks.doi {
            self.by_doi.entry(doi).or_default().push(place);
        }
    }

    /// Those that are like a document, each by its most telling sign, if `counts` says so.
    fn like(
        &self,
        marks: &Marks,
        documents: &[&Document],
        counts: impl Fn(usize) -> bool,
    ) -> Vec<(usize, SameBy, Option<f64>)> {
        let of = |map: &HashMap<String, Vec<usize>>, id: &Option<String>| {
            id.as_ref().and_then(|id| map.get(id)).cloned().unwrap_or_default()
        };
        let by_pmid = of(&self.by_pmid, &marks.pmid).into_iter().map(|place| (place, SameBy::Pmid, None));
        let by_doi = of(&self.by_doi, &marks.doi).into_iter().map(|place| (place, SameBy::Doi, None));
        let mut like: Vec<(usize, SameBy, Option<f64>)> = by_pmid.chain(by_doi).collect();
        for place in self.texts.candidates(&marks.shingles) {
            let similarity = marks.shingles.resemblance(&Shingles::of(&documents[place].text));
            if similarity >= NEARLY_THE_SAME {
                like.push((place, SameBy::Text, Some(similarity)));
            }
        }
        like.sort_by_key(|(place, by, _)| (*place, *by));
        like.dedup_by_key(|(place, ..)| *place);
        like.retain(|(place, ..)| counts(*place));
        like
    }
}
