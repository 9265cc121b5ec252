//! Quotes that cannot be relied on are told at export and on request.

use workbench::wire::{self, EvidenceFlawKind};

use crate::samples::{Scratch, extract, import, text};

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
