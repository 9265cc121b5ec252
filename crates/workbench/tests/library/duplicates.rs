//! What an import tells of documents that are there already in another form, and what becomes of them.

use workbench::wire::{self, DuplicateChoice, ImportChoices, SameBy};

use crate::samples::{Scratch, extract, heard, import, paths, preview};

/// A record as PubMed writes it; `more` are further lines.
fn nbib(pmid: u32, more: &str) -> String {
    format!(
        "PMID- {pmid}\nTI  - Lithium and tremor in record {pmid}.\nAB  - We saw {pmid} patients who were given lithium carbonate for \
         mania, of whom a third had a fine tremor of the hands that went away when the dose was halved.\n{more}\n"
    )
}

fn done(workbench: &workbench::Workbench, file: &str, choices: &ImportChoices) -> wire::ImportEvent {
    let seen = preview(workbench, &paths(&[file]));
    let (events, ending) = heard(|sink| workbench.import_previewed("import", &seen.id, choices, sink));
    assert_eq!(ending, wire::Ending::Finished);
    events.into_iter().last().unwrap()
}

fn all(duplicates: DuplicateChoice) -> ImportChoices {
    ImportChoices { duplicates, ..ImportChoices::default() }
}

#[test]
fn the_same_article_is_told_by_its_ids_or_its_text() {
    let scratch = Scratch::new();
    let workbench = scratch.open();
    let first = scratch
        .write("first.nbib", nbib(1001, "LID - 10.1000/ABC [doi]\n") + &nbib(1002, "") + &nbib(1003, ""));
    let ids = import(&workbench, &paths(&[&first]));
    let (annotations, _) = extract(&workbench, ids[0], &[("lithium carbonate", "tremor", 0.9)]);
    workbench.decide(&[wire::Judgement::Accept { subject: annotations[0].subject }]).unwrap();

    // The same PMID with a longer abstract; the same DOI from another database; a text with a copyright line; a new article; and
    // that one once more, in other words but with its PMID.
    let again = nbib(1001, "")
        .replace("halved.", "halved. The others kept it for as long as they were treated with lithium.");
    let ris = "TY  - JOUR\nTI  - Something else\nAB  - Of another wording altogether.\nDO  - https://doi.org/10.1000/abc\nER  - \n";
    let text = nbib(1003, "").replace("PMID- 1003", "PMID- 7").replace("halved.", "halved. Copyright 2001.");
    let new = nbib(1005, "");
    scratch.write("next/a.nbib", again + &text + &new);
    scratch.write("next/b.ris", ris);
    scratch.write("next/c.nbib", "PMID- 1005\nTI  - Of other words.\n");
    scratch.write("next/d.nbib", nbib(1002, ""));
    let folder = scratch.path("next").display().to_string();
    let seen = preview(&workbench, &paths(&[&folder]));
    let told: Vec<(u32, SameBy, &str, u32)> = seen
        .duplicates
        .iter()
        .map(|one| (one.place, one.by, one.of_source_id.as_str(), one.decisions))
        .collect();
    assert_eq!(
        told,
        [
            (0, SameBy::Pmid, "1001", 1),
            (1, SameBy::Text, "1003", 0),
            (3, SameBy::Doi, "1001", 1),
            (4, SameBy::Pmid, "1005", 0),
        ],
        "{:#?}",
        seen.duplicates
    );
    assert!(seen.duplicates[1].similarity.unwrap() > 0.7 && seen.duplicates[1].document == Some(ids[2]));
    assert_eq!(seen.duplicates[3].document, None, "it is told of the import");
    // The record that is there as it is is no duplicate, but known.
    assert_eq!((seen.fresh, seen.known, seen.further_duplicates), (5, 1, 0));
}

#[test]
fn a_duplicate_is_skipped_or_kept_or_updates_the_record_while_decisions_stay() {
    let scratch = Scratch::new();
    let workbench = scratch.open();
    let ids = import(&workbench, &paths(&[&scratch.write("first.nbib", nbib(1001, "") + &nbib(1002, ""))]));
    let (annotations, _) = extract(&workbench, ids[0], &[("lithium carbonate", "tremor", 0.9)]);
    workbench.decide(&[wire::Judgement::Accept { subject: annotations[0].subject }]).unwrap();
    let text = workbench.document(ids[0]).unwrap().text;
    let next = nbib(1001, "JT  - Journal of Tests\nRIN - J Test. PMID: 10\n").replace("halved", "reduced")
        + &nbib(1009, "");
    let file = scratch.write("next.nbib", next);

    let wire::ImportEvent::Imported { documents, skipped, updated, .. } =
        done(&workbench, &file, &all(DuplicateChoice::Skip))
    else {
        panic!()
    };
    assert_eq!((documents.len(), skipped, updated), (1, 1, 0));
    workbench.undo(wire::Track::Curation).unwrap();

    let wire::ImportEvent::Imported { documents, skipped, updated, step, .. } =
        done(&workbench, &file, &all(DuplicateChoice::Update))
    else {
        panic!()
    };
    assert_eq!((documents.len(), skipped, updated), (1, 0, 1));
    assert_eq!(step.summary, "imported 1 document and updated 1 record");
    let view = workbench.document(ids[0]).unwrap();
    assert_eq!(view.text, text, "decisions point into the text: it stays");
    let infon =
        |name: &str| view.infons.iter().find(|infon| infon.name == name).map(|infon| infon.value.as_str());
    assert_eq!((infon("journal"), infon("RIN")), (Some("Journal of Tests"), Some("J Test. PMID: 10")));
    assert!(view.marks.annotations.iter().any(|one| one.decision.is_some()), "{:?}", view.marks.annotations);
    workbench.undo(wire::Track::Curation).unwrap();
    let view = workbench.document(ids[0]).unwrap();
    assert!(view.infons.iter().all(|infon| infon.name != "RIN"));

    // All are kept but one that is chosen otherwise.
    let single = vec![wire::SingleChoice { place: 0, choice: DuplicateChoice::Skip }];
    let choices = ImportChoices { single, ..ImportChoices::default() };
    let wire::ImportEvent::Imported { documents, skipped, .. } = done(&workbench, &file, &choices) else {
        panic!()
    };
    assert_eq!((documents.len(), skipped), (1, 1));
    workbench.undo(wire::Track::Curation).unwrap();
    let wire::ImportEvent::Imported { documents, skipped, .. } =
        done(&workbench, &file, &all(DuplicateChoice::Keep))
    else {
        panic!()
    };
    assert_eq!((documents.len(), skipped), (2, 0));
}

#[test]
fn a_skipped_document_stands_for_the_one_that_is_there() {
    let scratch = Scratch::new();
    let workbench = scratch.open();
    let ids = import(&workbench, &paths(&[&scratch.write("first.nbib", nbib(1001, ""))]));
    let next = nbib(1002, "") + &nbib(1001, "JT  - J Test\n") + "PMID- 1002\nTI  - Of other words.\n";
    let seen = preview(&workbench, &paths(&[&scratch.write("next.nbib", next)]));
    let brought = workbench.import_all(&seen.id, DuplicateChoice::Skip).unwrap();
    assert_eq!((brought.len(), brought[1]), (3, ids[0]));
    assert_eq!(brought[0], brought[2]);
}
