//! Every gold file of `../shared/corpora/tasks`: as many records as its README says, none refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what these tests share is test code too"
)]

mod shared;

use documents::corpora::{bc5cdr, ddi, hoc, kd_dti, pubmedqa};

#[test]
fn bc5cdr_holds_its_relations() {
    for (file, pairs) in [("train.json", 1038), ("valid.json", 1009), ("test.json", 1066)] {
        let Some(json) = shared::text(&format!("corpora/tasks/bc5cdr/{file}")) else {
            return;
        };
        let records: Vec<_> = bc5cdr::read(&json, file).unwrap().map(Result::unwrap).collect();
        assert_eq!(records.len(), 500);
        assert_eq!(records.iter().map(|record| record.relations.len()).sum::<usize>(), pairs, "{file}");
        assert!(records.iter().all(|record| record.document().passages.len() == 2));
        let names = file.replace(".json", ".entities.json");
        let Some(json) = shared::text(&format!("corpora/tasks/bc5cdr/{names}")) else {
            return;
        };
        assert!(bc5cdr::read_names(&json, &names).unwrap().chemicals.len() > 400);
    }
}

/// Words that the corpus quotes otherwise than its text has them: 0 in all three files.
#[test]
fn bc5cdr_mentions_stand_where_the_corpus_says() {
    for (file, mentions, pairs) in [
        ("CDR_TrainingSet.PubTator.txt", 9385, 1038),
        ("CDR_DevelopmentSet.PubTator.txt", 9591, 1012),
        ("CDR_TestSet.PubTator.txt", 9809, 1066),
    ] {
        let Some(text) = shared::text(&format!("corpora/tasks/bc5cdr/{file}")) else { return };
        let import = bc5cdr::read_pubtator(&text, file).unwrap();
        assert_eq!((import.documents.len(), import.issues.len()), (500, 0), "{file}: {:?}", import.issues);
        let (mut found, mut exceptions, mut relations) = (0, Vec::new(), 0);
        for document in &import.documents {
            found += document.entities.len();
            relations += document.relations.len();
            for entity in &document.entities {
                if entity.spans[0].slice(&document.text) != Some(&entity.text) {
                    exceptions.push((&document.id, &entity.text));
                }
            }
        }
        assert_eq!((found, relations), (mentions, pairs), "{file}");
        assert!(exceptions.is_empty(), "{exceptions:?}");
    }
}

#[test]
fn ddi_holds_its_triples() {
    for (file, texts, triples) in
        [("train.json", 664, 3572), ("valid.json", 50, 305), ("test.json", 191, 949)]
    {
        let Some(json) = shared::text(&format!("corpora/tasks/ddi/{file}")) else {
            return;
        };
        let records: Vec<_> = ddi::read(&json, file).unwrap().map(Result::unwrap).collect();
        let found: usize = records.iter().map(|record| record.triples.len()).sum();
        assert_eq!((records.len(), found), (texts, triples), "{file}");
    }
}

#[test]
fn kd_dti_holds_its_triples() {
    for (file, abstracts, triples) in [
        ("valid.json", 1000, 2269),
        ("valid.names.json", 1000, 2269),
        ("test.json", 1159, 1567),
        ("test.names.json", 1159, 1567),
    ] {
        let Some(json) = shared::text(&format!("corpora/tasks/kd-dti/{file}")) else {
            return;
        };
        let records: Vec<_> = kd_dti::read(&json, file).unwrap().map(Result::unwrap).collect();
        let found: usize = records.iter().map(|record| record.triples.len()).sum();
        assert_eq!((records.len(), found), (abstracts, triples), "{file}");
    }
}

#[test]
fn hoc_holds_its_sentences_and_documents() {
    for (file, sentences) in [("train.tsv", 9972), ("valid.tsv", 4947), ("test.tsv", 4947)] {
        let Some(tsv) = shared::text(&format!("corpora/tasks/hoc/{file}")) else {
            return;
        };
        assert_eq!(hoc::read(&tsv, file).map(Result::unwrap).count(), sentences, "{file}");
    }
    let Some(jsonl) = shared::text("corpora/tasks/hoc/documents.jsonl") else {
        return;
    };
    let records: Vec<_> = hoc::read_documents(&jsonl, "documents.jsonl").map(Result::unwrap).collect();
    assert_eq!(records.len(), 1852);
    assert!(records.iter().all(|record| record.document().passages.len() == record.sentences.len()));
}

#[test]
fn pubmedqa_holds_its_questions() {
    for (file, questions) in [
        ("ori_pqal.json", 1000),
        ("test_set.json", 500),
        ("pqal_fold0/train_set.json", 450),
        ("pqal_fold0/dev_set.json", 50),
    ] {
        let Some(json) = shared::text(&format!("corpora/tasks/pubmedqa/{file}")) else {
            return;
        };
        let records: Vec<_> = pubmedqa::read(&json, file).unwrap().map(Result::unwrap).collect();
        assert_eq!(records.len(), questions, "{file}");
        assert!(records.iter().all(|record| record.answer.is_some() && !record.document().text.is_empty()));
    }
    let Some(json) = shared::text("corpora/tasks/pubmedqa/test_ground_truth.json") else {
        return;
    };
    assert_eq!(pubmedqa::read_answers(&json, "test_ground_truth.json").unwrap().len(), 500);
    let Some(json) = shared::text("corpora/tasks/pubmedqa/splits.json") else {
        return;
    };
    let splits = pubmedqa::read_splits(&json, "splits.json").unwrap();
    assert_eq!((splits.test.len(), splits.folds_dev.len()), (500, 10));
}
