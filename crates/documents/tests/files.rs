//! Every file of the shared folder `files`: real files of the field's formats, some of them broken. What is expected
//! of each is kept here: how many documents, mentions, relations and issues, or why it is refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what these tests share is test code too"
)]

mod shared;

use std::fmt::Write as _;
use std::path::PathBuf;

use documents::formats::{Import, ReadError, Source, pair, read, read_brat};
use expect_test::{Expect, expect};

/// One line per file or pair of a folder.
fn check(folder: &str, expected: Expect) {
    let Some(directory) = shared::path(&format!("files/{folder}")) else {
        return;
    };
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let names: Vec<String> =
        paths.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let bytes = |index: usize| std::fs::read(&paths[index]).unwrap();
    let mut lines = String::new();
    for source in pair(&names) {
        let (name, result) = match source {
            Source::File(index) => (names[index], read(&bytes(index), names[index])),
            Source::Brat { text, annotations } => {
                (names[text], read_brat(&bytes(text), &bytes(annotations[0]), names[text]))
            }
        };
        let name = name.split_once("__").map_or(name, |(_, name)| name);
        let _ = writeln!(lines, "{name}: {}", describe(&result));
    }
    expected.assert_eq(&lines);
}

fn describe(result: &Result<Import, ReadError>) -> String {
    match result {
        Err(error) => format!("refused: {}", error.to_string().replace(error.file(), "FILE")),
        Ok(import) => {
            for document in &import.documents {
                for entity in &document.entities {
                    assert!(entity.spans.iter().all(|span| span.slice(&document.text).is_some()));
                }
            }
            let count = |counted: &dyn Fn(&documents::Document) -> usize| -> usize {
                import.documents.iter().map(counted).sum()
            };
            let mut line = format!(
                "{}, {} documents, {} passages, {} mentions, {} relations, {} issues",
                import.format.name(),
                import.documents.len(),
                count(&|document| document.passages.len()),
                count(&|document| document.entities.len()),
                count(&|document| document.relations.len()),
                import.issues.len()
            );
            for issue in import.issues.iter().take(3) {
                let _ = write!(line, "\n    {}: {}", issue.place, issue.message);
            }
            for notice in &import.notices {
                let _ = write!(line, "\n    {notice}");
            }
            line
        }
    }
}

#[test]
fn pubmed_xml() {
    check(
        "pubmed_xml",
        expect![[r#"
        doc_medline_mathml_newlines.xml: PubMed XML, 1 documents, 2 passages, 0 mentions, 0 relations, 0 issues
        MedlineImporterTestArticleItalics.xml: PubMed XML, 1 documents, 2 passages, 0 mentions, 0 relations, 0 issues
        MedlineImporterTestArticleNoISSN.xml: PubMed XML, 1 documents, 1 passages, 0 mentions, 0 relations, 0 issues
        MedlineImporterTestMeshHeadingList.xml: PubMed XML, 1 documents, 1 passages, 0 mentions, 0 relations, 0 issues
        pubmed1.xml: PubMed XML, 2 documents, 3 passages, 0 mentions, 0 relations, 0 issues
        pubmed2.xml: PubMed XML, 2 documents, 4 passages, 0 mentions, 0 relations, 0 issues
        pubmed5.xml: PubMed XML, 1 documents, 5 passages, 0 mentions, 0 relations, 0 issues
    "#]],
    );
}

#[test]
fn jats() {
    check(
        "jats",
        expect![[r#"
            PMC6949206.xml: JATS article XML, 1 documents, 101 passages, 0 mentions, 0 relations, 0 issues
                Left out: acknowledgements (1).
                Left out: footnotes (2).
                Left out: references (79).
            BMC_Genomics-5-_-340383.nxml: JATS article XML, 1 documents, 54 passages, 0 mentions, 0 relations, 0 issues
                Left out: acknowledgements (1).
                Left out: references (14).
                Left out: tables (1).
            PLoS_Biol-2-8-509305.nxml: JATS article XML, 1 documents, 46 passages, 0 mentions, 0 relations, 0 issues
                Left out: acknowledgements (1).
                Left out: footnotes (5).
                Left out: further abstracts (graphical, short, for the public) (1).
                Left out: glossaries (1).
                Left out: references (43).
                Left out: sections of the back matter (1).
                Left out: short titles (1).
            PLoS_Biol-4-6-1475681.nxml: JATS article XML, 1 documents, 49 passages, 0 mentions, 0 relations, 0 issues
                Left out: acknowledgements (1).
                Left out: footnotes (3).
                Left out: further abstracts (graphical, short, for the public) (1).
                Left out: glossaries (1).
                Left out: references (60).
                Left out: sections of the back matter (1).
                Left out: short titles (1).
            efetch_pmc.xml: JATS article XML, 1 documents, 2 passages, 0 mentions, 0 relations, 0 issues
            1471-2180-11-174.nxml: JATS article XML, 1 documents, 78 passages, 0 mentions, 0 relations, 0 issues
                Left out: references (64).
                Left out: sections of the back matter (1).
                Left out: tables (3).
            mds526.nxml: JATS article XML, 1 documents, 50 passages, 0 mentions, 0 relations, 0 issues
                Left out: acknowledgements (1).
                Left out: notes about the authors (1).
                Left out: references (40).
                Left out: tables (4).
            pntd.0002065.nxml: JATS article XML, 1 documents, 50 passages, 0 mentions, 0 relations, 0 issues
                Left out: acknowledgements (1).
                Left out: notes about the authors (1).
                Left out: references (32).
                Left out: short titles (1).
                Left out: tables (5).
        "#]],
    );
}

#[test]
fn nbib() {
    check(
        "nbib",
        expect![[r#"
            MedlinePlainImporterTestCompleteEntry.txt: MEDLINE (NBIB), 1 documents, 2 passages, 0 mentions, 0 relations, 0 issues
            MedlinePlainImporterTestMultiAbstract.txt: MEDLINE (NBIB), 1 documents, 2 passages, 0 mentions, 0 relations, 0 issues
                Lines outside any record, left out: 1 (line 2).
            MedlinePlainImporterTestMultiTitle.txt: MEDLINE (NBIB), 1 documents, 1 passages, 0 mentions, 0 relations, 0 issues
            NbibImporterTest.nbib: MEDLINE (NBIB), 1 documents, 2 passages, 0 mentions, 0 relations, 0 issues
            pubmed_result1.txt: MEDLINE (NBIB), 1 documents, 2 passages, 0 mentions, 0 relations, 0 issues
            example1.nbib: MEDLINE (NBIB), 10 documents, 19 passages, 0 mentions, 0 relations, 0 issues
        "#]],
    );
}

#[test]
fn ris() {
    check(
        "ris",
        expect![[r#"
            RisImporterTestScopus.ris: RIS, 1 documents, 1 passages, 0 mentions, 0 relations, 0 issues
            RisImporterTestWithEmptyER.ris: RIS, 1 documents, 1 passages, 0 mentions, 0 relations, 0 issues
            example_extraneous_data.ris: RIS, 2 documents, 4 passages, 0 mentions, 0 relations, 0 issues
                Lines outside any record, left out: 8 (lines 1, 2, 3 …).
                Documents that were given a number because their id is taken: 1.
            example_multiline.ris: RIS, 3 documents, 3 passages, 0 mentions, 0 relations, 0 issues
            example_wos.ris: RIS, 2 documents, 4 passages, 0 mentions, 0 relations, 0 issues
            embase.ris: RIS, 6 documents, 12 passages, 0 mentions, 0 relations, 0 issues
            proquest.ris: RIS, 6 documents, 12 passages, 0 mentions, 0 relations, 0 issues
            schoot-lgmm-ptsd-included-2.ris: RIS, 38 documents, 64 passages, 0 mentions, 0 relations, 0 issues
        "#]],
    );
}

#[test]
fn bioc_xml() {
    check(
        "bioc_xml",
        expect![[r#"
            10064899_bioc.xml: BioC XML, 1 documents, 2 passages, 0 mentions, 0 relations, 0 issues
                Left out: properties of the collection (source, date, key) (2).
                Left out: sentence boundaries (11).
            [annotation]10064899_bioc.xml: refused: FILE holds no document that can be read. FILE, document 10064899: It holds annotations without the text they belong to. Import the file that holds text and annotations together.
            bioc_collection_0_0.xml: BioC XML, 1 documents, 2 passages, 40 mentions, 0 relations, 0 issues
                Left out: properties of the collection (source, date, key) (3).
            example-with-multiple-documents.xml: BioC XML, 3 documents, 3 passages, 0 mentions, 0 relations, 0 issues
                Left out: properties of the collection (source, date, key) (3).
            example-with-sentences.xml: BioC XML, 1 documents, 1 passages, 2 mentions, 1 relations, 1 issues
                document some-id-1234567: 2 mentions quote other words than stand at their offsets: "annotation text", "annotation text".
                Left out: properties of sentences (2).
                Left out: properties of the collection (source, date, key) (3).
                Left out: sentence boundaries (2).
            CDR_sample.gold.BioC.xml: BioC XML, 50 documents, 100 passages, 945 mentions, 123 relations, 6 issues
                document 2224762: The offsets of 25 mentions miss their words by a little: "4'-0-tetrahydropyranyladriamycin", "Pirarubicin", "tumors" ….
                document 4027862: The offsets of 4 mentions miss their words by a little: "Desipramine", "delirium", "Delirium" ….
                document 8649546: The offsets of 12 mentions miss their words by a little: "Parkinson's disease", "PD", "dyskinesia" ….
                Left out: properties of the collection (source, date, key) (3).
            11773052_v0.xml: BioC XML, 1 documents, 2 passages, 23 mentions, 1 relations, 0 issues
                Left out: properties of the collection (source, date, key) (3).
            sample_training.xml: BioC XML, 60 documents, 120 passages, 542 mentions, 0 relations, 0 issues
                Left out: properties of the collection (source, date, key) (3).
        "#]],
    );
}

#[test]
fn pubtator() {
    check(
        "pubtator",
        expect![[r#"
            twoDocs.txt: PubTator, 2 documents, 4 passages, 28 mentions, 0 relations, 0 issues
            1-sample-annotations.txt: PubTator, 132 documents, 263 passages, 1885 mentions, 0 relations, 47 issues
                line 1648, document 25497491: 1135 mentions lie outside the text and were left out: "patients", "PD", "PD" ….
                line 2815, document 25491129: 11 mentions lie outside the text and were left out: "male", "participants", "patient" ….
                line 2829, document 25530808: 159 mentions lie outside the text and were left out: "Cronobacter sakazakii", "infant", "Escherichia coli" ….
                The file's offsets count no blank between title and abstract.
            CDR_sample.test.CID.PubTator: PubTator, 50 documents, 100 passages, 871 mentions, 681 relations, 0 issues
            CDR_sample.test.DNER.PubTator: PubTator, 50 documents, 100 passages, 408 mentions, 0 relations, 0 issues
            TestSet.tmChem.PubTator.txt: PubTator, 500 documents, 1000 passages, 5107 mentions, 0 relations, 0 issues
        "#]],
    );
}

#[test]
fn brat() {
    check(
        "brat",
        expect![[r#"
            example1.txt: brat standoff, 1 documents, 1 passages, 3 mentions, 3 relations, 0 issues
            090-event_structures.txt: brat standoff, 1 documents, 9 passages, 14 mentions, 6 relations, 0 issues
            PMC2774163-00-TIAB.txt: brat standoff, 1 documents, 2 passages, 37 mentions, 14 relations, 0 issues
            PMID-10438843.txt: brat standoff, 1 documents, 2 passages, 31 mentions, 11 relations, 0 issues
            PMID-7795652.txt: brat standoff, 1 documents, 2 passages, 9 mentions, 0 relations, 0 issues
            PMID-9874515.txt: brat standoff, 1 documents, 2 passages, 0 mentions, 0 relations, 0 issues
            esp.train-doc-503.txt: brat standoff, 1 documents, 1 passages, 68 mentions, 0 relations, 0 issues
        "#]],
    );
}

#[test]
fn pubannotation_json() {
    check(
        "pubannotation_json",
        expect![[r#"
        3181839.json: PubAnnotation JSON, 8 documents, 9 passages, 0 mentions, 0 relations, 0 issues
        samplePubAnnotation.json: PubAnnotation JSON, 1 documents, 2 passages, 4 mentions, 1 relations, 0 issues
        4_annotations.json: PubAnnotation JSON, 1 documents, 1 passages, 47 mentions, 12 relations, 0 issues
        PMC-7646410_2.json: PubAnnotation JSON, 1 documents, 1 passages, 13 mentions, 0 relations, 0 issues
        demo-annotations.json: PubAnnotation JSON, 1 documents, 1 passages, 38 mentions, 3 relations, 0 issues
        prefix.json: PubAnnotation JSON, 1 documents, 2 passages, 3 mentions, 0 relations, 0 issues
        private.json: PubAnnotation JSON, 1 documents, 2 passages, 0 mentions, 0 relations, 0 issues
    "#]],
    );
}

#[test]
fn csv_tsv() {
    check(
        "csv_tsv",
        expect![[r#"
            embase_newpage.csv: CSV table, 6 documents, 12 passages, 0 mentions, 0 relations, 0 issues
                The text was taken from: Title, Abstract.
            generic_column_names_with_spaces.csv: CSV table, 2 documents, 4 passages, 0 mentions, 0 relations, 0 issues
                The text was taken from: title, abstract.
                Documents that were given a number because their id is taken: 1.
            generic_labels.csv: CSV table, 6 documents, 12 passages, 0 mentions, 0 relations, 0 issues
                The text was taken from: title, abstract.
                Documents that were given a number because their id is taken: 5.
            generic_semicolon.csv: CSV table, 2 documents, 4 passages, 0 mentions, 0 relations, 0 issues
                The text was taken from: title, abstract.
                Documents that were given a number because their id is taken: 1.
            missing_values.csv: CSV table, 4 documents, 4 passages, 0 mentions, 0 relations, 0 issues
                The text was taken from: title, abstract.
            schoot-lgmm-ptsd-included-2.csv: CSV table, 38 documents, 64 passages, 0 mentions, 0 relations, 0 issues
                The text was taken from: title, abstract.
            annotations_pilot_run.csv: refused: FILE has no column named title, abstract or text, but UserID, PromptID, PMCID, Valid Label, Valid Reasoning, Label, Annotations, Label Code, In Abstract, Evidence Start, Evidence End. Choose the column that holds the text, or call it "text" in the first line of the file.
        "#]],
    );
}

#[test]
fn jsonl() {
    check(
        "jsonl",
        expect![[r#"
            verify-span-labeling_span-test-items.jsonl: JSON Lines, 3 documents, 3 passages, 0 mentions, 0 relations, 0 issues
                The text was taken from: document_text.
            data_relation_extraction_example.jsonl: JSON Lines, 1 documents, 1 passages, 4 mentions, 3 relations, 0 issues
            examples_sequence_labeling_example.jsonl: JSON Lines, 3 documents, 3 passages, 4 mentions, 0 relations, 0 issues
            NER_biomedical_Kendra_Oudyk.jsonl: refused: FILE holds no document that can be read. FILE, line 1: It holds annotations without the text they belong to. Export the documents together with their annotations.
            pmcid_8635858.jsonl: JSON Lines, 1 documents, 2 passages, 0 mentions, 0 relations, 0 issues
            pmid_31491472.jsonl: JSON Lines, 2 documents, 4 passages, 0 mentions, 0 relations, 0 issues
                Documents that were given a number because their id is taken: 1.
        "#]],
    );
}

#[test]
fn docx() {
    check(
        "docx",
        expect![[r#"
            write-protected.docx: Word document, 1 documents, 3 passages, 0 mentions, 0 relations, 0 issues
            lists.docx: Word document, 1 documents, 12 passages, 0 mentions, 0 relations, 0 issues
            mendeley_citations.docx: Word document, 1 documents, 8 passages, 0 mentions, 0 relations, 0 issues
            notes.docx: Word document, 1 documents, 4 passages, 0 mentions, 0 relations, 0 issues
            track_changes_insertion.docx: Word document, 1 documents, 1 passages, 0 mentions, 0 relations, 0 issues
            track_changes_move.docx: Word document, 1 documents, 3 passages, 0 mentions, 0 relations, 0 issues
                Left out: tracked deletions (1).
            unicode.docx: Word document, 1 documents, 1 passages, 0 mentions, 0 relations, 0 issues
            example2-newformat.docx: Word document, 1 documents, 1 passages, 0 mentions, 0 relations, 0 issues
        "#]],
    );
}

#[test]
fn pdf() {
    check(
        "pdf",
        expect![[r#"
            minimal-highlight-with-note.pdf: PDF, 1 documents, 1 passages, 0 mentions, 0 relations, 0 issues
            FC60_Times.pdf: PDF, 1 documents, 1 passages, 0 mentions, 0 relations, 0 issues
            PDFBOX-3044-010197-p5-ligatures.pdf: PDF, 1 documents, 10 passages, 0 mentions, 0 relations, 0 issues
            PDFBOX-4322-Empty-ToUnicode-reduced.pdf: refused: There is no text in this PDF (FILE): its pages are probably scanned images. Run text recognition (OCR) on it first.
            openoffice-test-document.pdf: PDF, 1 documents, 1 passages, 0 mentions, 0 relations, 0 issues
            PMC4945999_fulltext.pdf: PDF, 1 documents, 84 passages, 0 mentions, 0 relations, 0 issues
                Left out: running headers and footers (7).
            PMC5747505_fulltext.pdf: PDF, 1 documents, 38 passages, 0 mentions, 0 relations, 0 issues
        "#]],
    );
}

#[test]
fn gzip() {
    check(
        "gzip",
        expect![[r#"
            PMC2970367.nxml.gz: JATS article XML, 1 documents, 42 passages, 0 mentions, 0 relations, 0 issues
                The file was unpacked (gzip).
                Left out: acknowledgements (1).
                Left out: appendices (1).
                Left out: footnotes (1).
                Left out: notes about the authors (1).
                Left out: references (12).
                Left out: short titles (1).
                Left out: tables (1).
            PMC3098455.nxml.gz: JATS article XML, 1 documents, 92 passages, 0 mentions, 0 relations, 0 issues
                The file was unpacked (gzip).
                Left out: further abstracts (graphical, short, for the public) (1).
                Left out: notes about the authors (1).
                Left out: references (15).
                Left out: tables (3).
            PMC3201365.nxml.gz: JATS article XML, 1 documents, 42 passages, 0 mentions, 0 relations, 0 issues
                The file was unpacked (gzip).
                Left out: acknowledgements (1).
                Left out: appendices (1).
                Left out: footnotes (1).
                Left out: notes about the authors (1).
                Left out: references (7).
                Left out: short titles (1).
                Left out: tables (1).
            PMC4154068.nxml.gz: JATS article XML, 1 documents, 93 passages, 0 mentions, 0 relations, 0 issues
                The file was unpacked (gzip).
                Left out: acknowledgements (1).
                Left out: notes about the authors (1).
                Left out: references (28).
                Left out: tables (4).
            PMC5289004.nxml.gz: JATS article XML, 1 documents, 75 passages, 0 mentions, 0 relations, 0 issues
                The file was unpacked (gzip).
                Left out: acknowledgements (1).
                Left out: references (55).
            pubmed21n1016_excerpt_original.xml.gz: PubMed XML, 3 documents, 6 passages, 0 mentions, 0 relations, 0 issues
                The file was unpacked (gzip).
            pubmed21n1016_excerpt_partially_changed.xml.gz: PubMed XML, 3 documents, 6 passages, 0 mentions, 0 relations, 0 issues
                The file was unpacked (gzip).
        "#]],
    );
}

#[test]
fn encodings() {
    check(
        "encodings",
        expect![[r#"
            encoding-utf-16BE-with-header.bib: refused: FILE is a BibTeX bibliography, which Osler does not read. Export the references as RIS, MEDLINE (NBIB) or PubMed XML, with abstracts.
            encoding-utf-16BE-without-header.bib: refused: FILE is a BibTeX bibliography, which Osler does not read. Export the references as RIS, MEDLINE (NBIB) or PubMed XML, with abstracts.
            tiny-LE-noBOM.bib: refused: FILE is a BibTeX bibliography, which Osler does not read. Export the references as RIS, MEDLINE (NBIB) or PubMed XML, with abstracts.
            example_bom.ris: refused: FILE holds no document that can be read. FILE, line 1: There is no title and no text. Add the text to the record, or ignore it.
            baseline_tag-notes.ris: RIS, 1 documents, 1 passages, 0 mentions, 0 relations, 11 issues
                line 6: There is no title and no text.
                line 11: There is no title and no text.
                line 17: There is no title and no text.
            bamii.txt: plain text, 1 documents, 6 passages, 0 mentions, 0 relations, 0 issues
                The file is not UTF-8 and was read as windows-1252. If accented letters look wrong, save it as UTF-8.
        "#]],
    );
}

#[test]
fn malformed() {
    check(
        "malformed",
        expect![[r#"
            IsiImporterTestEmpty.isi: refused: FILE holds no document that can be read. FILE, the file: There is no title and no text. Add the text to the record, or ignore it.
            MedlinePlainImporterTestInvalidFormat.xml: plain text, 1 documents, 2 passages, 0 mentions, 0 relations, 0 issues
            RisImporterCorrupted.ris: RIS, 1 documents, 1 passages, 0 mentions, 0 relations, 0 issues
            baseline_empty_values.ris: RIS, 4 documents, 4 passages, 0 mentions, 0 relations, 0 issues
            faulty_year.ris: RIS, 1 documents, 2 passages, 0 mentions, 0 relations, 0 issues
            generic_bad_record_id.csv: CSV table, 6 documents, 12 passages, 0 mentions, 0 relations, 0 issues
                The text was taken from: title, abstract.
                Documents that were given a number because their id is taken: 5.
            ris_issue_1099.txt: RIS, 7 documents, 14 passages, 0 mentions, 0 relations, 0 issues
            ris_issue_992.txt: RIS, 19 documents, 27 passages, 0 mentions, 0 relations, 0 issues
            warning_not_integer_span.json: PubAnnotation JSON, 1 documents, 1 passages, 1 mentions, 0 relations, 1 issues
                record 1: 1 denotation has no whole-number span: E2.
        "#]],
    );
}
