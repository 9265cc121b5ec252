//! The formats that can be written, and what each of them can hold.

use documents::formats::Format;

use crate::wire::{self, ExportScope, Holds};

/// Markdown, of a draft.
pub const MARKDOWN: &str = "markdown";
/// Word, of a draft.
pub const DOCX: &str = "docx";

/// The formats that can be written of a scope, the most complete one first.
#[must_use]
pub fn known(scope: &ExportScope) -> Vec<wire::Format> {
    if let ExportScope::Draft { .. } = scope {
        return vec![
            text(
                Format::Markdown,
                MARKDOWN,
                "Plain text with signs for headings and lists; opens everywhere.",
            ),
            text(Format::Docx, DOCX, "Headings, lists and paragraphs for Word and its like."),
        ];
    }
    [
        (Format::BiocXml, "Everything; read by PubTator, TeamTat and most tools of biocuration.", ALL),
        (Format::BiocJson, "Everything, as JSON; for programs.", ALL),
        (Format::Jsonl, "Everything, one document a line; for programs, and to bring back into Osler.", ALL),
        (Format::Html, "One page for review and print; not to be imported again.", ALL),
        (Format::PubTator, "Title, abstract, mentions and relations, line by line.", ANNOTATIONS),
        (Format::Brat, "A text and its annotations in two files, for brat and INCEpTION.", ANNOTATIONS),
        (Format::PubAnnotation, "Mentions and relations as JSON, for PubAnnotation and TextAE.", ANNOTATIONS),
        (Format::Csv, "One relation a row, for a spreadsheet.", TABLE),
        (Format::Tsv, "One relation a row, with tabs.", TABLE),
        (Format::Ris, "For reference managers: what was accepted becomes keywords and notes.", REFERENCE),
        (
            Format::Medline,
            "As PubMed writes it, for reference managers: accepted findings as terms and notes.",
            REFERENCE,
        ),
        (Format::Training, "Texts with decided relations, to train a model on.", DECIDED),
    ]
    .into_iter()
    .map(|(format, description, holds)| wire::Format {
        id: format.key().to_owned(),
        name: format.name().to_owned(),
        extension: format.extension().to_owned(),
        description: description.to_owned(),
        holds,
    })
    .collect()
}

const ALL: Holds = Holds { entities: true, relations: true, scores: true, decisions: true, record: true };
const ANNOTATIONS: Holds =
    Holds { entities: true, relations: true, scores: false, decisions: false, record: false };
const TABLE: Holds = Holds { entities: false, relations: true, scores: true, decisions: true, record: false };
const REFERENCE: Holds =
    Holds { entities: false, relations: true, scores: false, decisions: true, record: false };
const DECIDED: Holds = Holds { entities: true, relations: true, scores: true, decisions: true, record: true };
const NOTHING: Holds =
    Holds { entities: false, relations: false, scores: false, decisions: false, record: false };

fn text(format: Format, id: &str, description: &str) -> wire::Format {
    wire::Format {
        id: id.to_owned(),
        name: format.name().to_owned(),
        extension: format.extension().to_owned(),
        description: description.to_owned(),
        holds: NOTHING,
    }
}
