//! Quotes that cannot be relied on, and documents that were retracted, are told at export and on request.

use workbench::wire::{self, EvidenceFlawKind};
use workbench::{AppPaths, Workbench};

use crate::samples::{Scratch, extract, import, preview, text};

#[test]
fn a_title_alone_is_no_evidence() {
    let scratch = Scratch::new();
    let workbench = scratch.open();
    let ids = import(&workbench, &text("1", "Lithium and tremor.", "Lithium caused tremor in two patients."));
    // What a model gives as evidence here is the first sentence, which is the title.
    let (annotations, _) = extract(&workbench, ids[0], &[("Lithium", "tremor", 0.9)]);
    let report = workbench.check_evidence().unwrap();
    let [flaw] = &report.flaws[..] else { panic!("{report:?}") };
    assert_eq!((flaw.kind, flaw.quote.as_str()), (EvidenceFlawKind::TitleOnly, "Lithium and tremor."));
    assert_eq!((flaw.document, flaw.span), (ids[0], Some(wire::Span { start: 0, end: 19 })));
    assert!(flaw.statement.starts_with('F') && report.documents == 1 && report.quotes > 1, "{report:?}");

    let request = wire::ExportRequest {
        scope: wire::ExportScope::Library,
        format: "bioc-json".into(),
        content: wire::ExportContent::Everything,
    };
    assert_eq!(workbench.preview_export(&request).unwrap().evidence.flaws, report.flaws);
    let written = workbench.export_file(&request, &scratch.path("out.json"), &[], &mut |_, _| true).unwrap();
    assert_eq!(written.unwrap().evidence.flaws, report.flaws);
    // What was rejected needs no evidence.
    let subject = annotations[0].subject;
    workbench.decide(&[wire::Judgement::Reject { subject, reason: None, comment: String::new() }]).unwrap();
    assert_eq!(workbench.check_evidence().unwrap().flaws, []);
}

#[test]
fn what_a_list_of_retracted_articles_has_is_marked_wherever_it_is_shown() {
    let scratch = Scratch::new();
    let dictionaries = vec![scratch.path("dictionaries")];
    let open =
        || Workbench::open(AppPaths { dictionaries: dictionaries.clone(), ..scratch.places() }).unwrap();
    scratch.write("dictionaries/words.csv", "a,b\n");
    let list = "OriginalPaperPubMedID,RetractionDate,Reason,RetractionNature\n\
                8701013,1/2/2020 0:00,+Falsification of Data;,Retraction\n";
    scratch.write("dictionaries/retraction_watch.csv", list);
    let workbench = open();
    let ids = [("8701013", "Zinc."), ("8701014", "Iron.")]
        .map(|(pmid, title)| import(&workbench, &text(pmid, title, "It helps."))[0]);
    let words = "Retraction, 1/2/2020: Falsification of Data (retraction_watch.csv)";
    assert_eq!(workbench.document(ids[0]).unwrap().retracted.as_deref(), Some(words));
    assert_eq!(workbench.document(ids[1]).unwrap().retracted, None);
    let rows = workbench.opened().document_summaries(&ids).unwrap();
    assert_eq!(rows.iter().map(|row| row.retracted).collect::<Vec<_>>(), [true, false]);

    let report = workbench.check_evidence().unwrap();
    let [flaw] = &report.flaws[..] else { panic!("{report:?}") };
    assert_eq!((flaw.kind, flaw.document, flaw.quote.as_str()), (EvidenceFlawKind::Retracted, ids[0], words));
    let request = wire::ExportRequest {
        scope: wire::ExportScope::Library,
        format: "bioc-json".into(),
        content: wire::ExportContent::Everything,
    };
    let out = scratch.path("out.json");
    let written = workbench.export_file(&request, &out, &[], &mut |_, _| true).unwrap();
    assert_eq!(written.unwrap().evidence.flaws, report.flaws);
    assert_eq!(std::fs::read_to_string(&out).unwrap().matches(words).count(), 1);

    // What a list that cannot be read says would be missed: documents are shown, exports wait.
    drop(workbench);
    scratch.write("dictionaries/retracted.csv", "title\nZinc.\n");
    let workbench = open();
    assert_eq!(workbench.document(ids[0]).unwrap().retracted.as_deref(), Some(words));
    let problem = workbench.export_file(&request, &out, &[], &mut |_, _| true).unwrap_err();
    assert!(problem.message.contains("retracted.csv") && problem.hint.contains("doi"), "{problem:?}");
    assert!(workbench.check_evidence().unwrap_err().message.contains("retracted.csv"));
}

#[test]
fn words_that_may_identify_a_person_are_told_at_import_and_before_they_leave() {
    let scratch = Scratch::new();
    let workbench = scratch.open();
    let source = text("1", "A case.", "Mr. Jansen, 54, took lithium. He had tremor on August 27, 2001.");
    let notices = preview(&workbench, &source).files.remove(0).notices;
    assert!(
        notices[0].starts_with("1 text has words that may identify a person (“Mr. Jansen”)."),
        "{notices:?}"
    );
    let ids = import(&workbench, &source);
    import(&workbench, &text("2", "A trial.", "It lasted from January 1, 2010 to June 30, 2012."));
    let flaws = workbench.check_evidence().unwrap().flaws;
    let told: Vec<_> = flaws.iter().map(|flaw| (flaw.kind, flaw.document, flaw.quote.as_str())).collect();
    let kind = EvidenceFlawKind::Identifying;
    assert_eq!(told, [(kind, ids[0], "Mr. Jansen"), (kind, ids[0], "August 27, 2001")]);
    assert_eq!(flaws[0].span, Some(wire::Span { start: 8, end: 18 }));
}
