use workbench::wire::{self, Content, DecisionVerdict, Judgement, Subject, Track};

use crate::samples::{Scratch, cut, extract, import, paths, preview};

const PUBMED: &str = r#"<?xml version="1.0"?>
<PubmedArticleSet>
<PubmedArticle><MedlineCitation><PMID Version="1">11111</PMID><Article>
<ArticleTitle>Naloxone reverses clonidine hypotension 𝛼₂</ArticleTitle>
<Abstract><AbstractText Label="RESULTS">In 𝛼-treated rats, clonidine caused hypotension. Naloxone did not cause nausea.</AbstractText></Abstract>
</Article></MedlineCitation></PubmedArticle>
<PubmedArticle><MedlineCitation><PMID Version="1">22222</PMID><Article>
<ArticleTitle>Aspirin and ulcers</ArticleTitle>
<Abstract><AbstractText>Aspirin caused ulcers.</AbstractText></Abstract>
</Article></MedlineCitation></PubmedArticle>
</PubmedArticleSet>"#;

#[test]
fn from_a_dropped_file_to_an_export_and_back() {
    let scratch = Scratch::new();
    let file = scratch.write("pubmed.xml", PUBMED);
    let first;
    {
        let workbench = scratch.open();
        let seen = preview(&workbench, &paths(&[&file]));
        assert_eq!((seen.fresh, seen.known, seen.files[0].format.as_deref()), (2, 0, Some("PubMed XML")));
        assert_eq!(seen.documents[0].title, "Naloxone reverses clonidine hypotension 𝛼₂");
        let documents = import(&workbench, &paths(&[&file]));
        first = documents[0];
        assert_eq!(workbench.library().unwrap().undo.unwrap().summary, "imported 2 documents");
        assert_eq!(preview(&workbench, &paths(&[&file])).known, 2);

        let (found, change) = extract(
            &workbench,
            first,
            &[("clonidine", "hypotension", 0.9), ("naloxone", "nausea", 0.4), ("naloxone", "rash", 0.2)],
        );
        assert_eq!(change.step.summary, "found 3 relations");
        let marks = change.marks.unwrap();
        assert_eq!(marks.runs[0].notices, ["The text was read in two parts."]);
        assert_eq!(marks.runs[0].findings, 3);

        let change = workbench
            .decide(&[
                Judgement::Accept { subject: found[0].subject },
                Judgement::Accept { subject: found[1].subject },
            ])
            .unwrap();
        assert_eq!(change.step.summary, "accepted 2 relations");
        let change = workbench
            .decide(&[Judgement::Reject {
                subject: found[2].subject,
                reason: Some(wire::Reason::NotInText),
                comment: "no rash".into(),
            }])
            .unwrap();
        assert_eq!(change.step.summary, "rejected 1 relation");
        assert_eq!((change.library.findings, change.library.decided), (3, 3));
        let undone = workbench.undo(Track::Curation).unwrap().unwrap();
        assert_eq!(undone.step.summary, "rejected 1 relation");
        assert_eq!((undone.library.decided, undone.document), (2, Some(first)));
        assert_eq!(undone.library.redo.unwrap().summary, "rejected 1 relation");
        workbench.remember_place(wire::Place { document: first, top: 12 }).unwrap();
    }

    // The program is started again: everything is as it was.
    let workbench = scratch.open();
    assert_eq!(workbench.opened().last_place().unwrap(), Some(wire::Place { document: first, top: 12 }));
    let view = workbench.document(first).unwrap();
    assert_eq!(view.top, 12);
    let decided: Vec<Option<DecisionVerdict>> = view
        .marks
        .annotations
        .iter()
        .map(|annotation| annotation.decision.as_ref().map(|decision| decision.verdict))
        .collect();
    assert_eq!(decided, [Some(DecisionVerdict::Accepted), Some(DecisionVerdict::Accepted), None]);
    for annotation in &view.marks.annotations {
        let Content::Relation { participants, .. } = &annotation.content else { panic!("{annotation:?}") };
        for participant in participants {
            for span in &participant.spans {
                assert_eq!(cut(&view.text, *span).to_lowercase(), participant.name);
            }
        }
        for evidence in &annotation.prediction.as_ref().unwrap().evidence {
            assert!(
                cut(&view.text, wire::Span { start: evidence.start, end: evidence.end })
                    .starts_with("Naloxone reverses")
            );
        }
    }
    assert_eq!(view.passages.len(), 2);
    assert_eq!(cut(&view.text, view.passages[0].span), view.title);
    let sentences: Vec<String> = view.sentences.iter().map(|span| cut(&view.text, *span)).collect();
    assert_eq!(sentences[2], "Naloxone did not cause nausea.");

    // Redo, and take everything back: nothing is left.
    assert_eq!(workbench.redo(Track::Curation).unwrap().unwrap().library.decided, 3);
    let mut steps = 0;
    while workbench.undo(Track::Curation).unwrap().is_some() {
        steps += 1;
    }
    assert_eq!((steps, workbench.library().unwrap().documents), (4, 0));
    while workbench.redo(Track::Curation).unwrap().is_some() {}
    assert_eq!(workbench.library().unwrap().decided, 3);
    assert!(matches!(view.marks.annotations[0].subject, Subject::Finding { .. }));
}

#[test]
fn what_is_sent_has_the_shape_that_the_window_expects() {
    let scratch = Scratch::new();
    let workbench = scratch.open();
    let file = scratch.write("pubmed.xml", PUBMED);
    let document = import(&workbench, &paths(&[&file]))[0];
    let (found, _) = extract(&workbench, document, &[("clonidine", "hypotension", 0.9)]);
    let json = serde_json::to_value(&found[0]).unwrap();
    assert_eq!(json["subject"], serde_json::json!({ "kind": "finding", "id": 1 }));
    assert_eq!(json["content"]["kind"], "relation");
    assert_eq!(json["content"]["type"], "CID");
    assert_eq!(json["content"]["participants"][0]["grade"], "exact");
    assert_eq!(json["prediction"]["maskedMass"], 0.125);
    assert_eq!(json["prediction"]["maskedMasses"], serde_json::json!([0.25, 0.0]));
    assert_eq!(json["prediction"]["figures"][0]["name"], "against none");
    assert_eq!(json["decision"], serde_json::Value::Null);
    let streamed = wire::Streamed {
        seq: 3,
        item: wire::StreamItem::Event(wire::ImportEvent::Progress { done: 1, total: 2 }),
    };
    let json = serde_json::to_value(&streamed).unwrap();
    assert_eq!(json, serde_json::json!({ "seq": 3, "kind": "progress", "done": 1, "total": 2 }));
    let ended: wire::Streamed<wire::ImportEvent> =
        wire::Streamed { seq: 4, item: wire::StreamItem::Ending(wire::Ending::Finished) };
    assert_eq!(serde_json::to_value(&ended).unwrap(), serde_json::json!({ "seq": 4, "kind": "finished" }));
    let settings = serde_json::to_value(workbench.settings()).unwrap();
    assert_eq!(settings["unloadAfter"], 10);
    assert_eq!(settings["device"], serde_json::json!({ "kind": "auto" }));
}
