use workbench::wire::{self, ExportContent, ExportScope, GeneratedSpan, Track};

use crate::samples::{Scratch, heard};

#[test]
fn a_draft_is_saved_undone_and_exported() {
    let scratch = Scratch::new();
    let draft;
    {
        let workbench = scratch.open();
        draft = workbench.begin_draft("Letter 𝛼", "").unwrap().id;
        let text = "Dear 𝛼 colleague, clonidine lowers blood pressure.";
        let generated = GeneratedSpan {
            span: wire::Span { start: 19, end: 51 },
            model: "Starter".into(),
            seed: Some(7),
            support: Some(wire::Support::Partly),
            mark: "[generated, partly supported by ChEBI]".into(),
        };
        let library =
            workbench.save_draft(draft, "Letter 𝛼", text, std::slice::from_ref(&generated)).unwrap();
        assert_eq!(library.drafts, 1);
        assert!(library.undo.is_none(), "writing is undone apart");
        let read = workbench.draft(draft).unwrap();
        assert_eq!((read.text.as_str(), read.generated), (text, vec![generated]));
    }
    let workbench = scratch.open();
    assert_eq!(workbench.drafts().unwrap()[0].words, 7);
    let scope = ExportScope::Draft { draft };
    let formats: Vec<String> = workbench.formats(&scope).into_iter().map(|format| format.id).collect();
    assert_eq!(formats, ["markdown", "docx"]);
    for format in formats {
        let request = wire::ExportRequest {
            scope: scope.clone(),
            format: format.clone(),
            content: ExportContent::Curated,
        };
        let preview = workbench.preview_export(&request).unwrap();
        assert!(preview.excerpt.starts_with("# Letter 𝛼\n\nDear 𝛼"), "{preview:?}");
        let marked =
            "Dear 𝛼 colleague, clonidine lowers blood pressure. [generated, partly supported by ChEBI]";
        assert!(preview.excerpt.contains(marked) && preview.losses.is_empty(), "{preview:?}");
        let path = scratch.path(&preview.file_name);
        let (_, ending) = heard(|sink| workbench.export_to("export", &request, &path, sink));
        assert_eq!(ending, wire::Ending::Finished);
        let import = documents::formats::read(&std::fs::read(&path).unwrap(), &preview.file_name).unwrap();
        assert!(import.documents[0].text.contains(marked), "{format}");
    }
    workbench.remove_draft(draft).unwrap();
    assert!(workbench.drafts().unwrap().is_empty());
    workbench.undo(Track::Writing).unwrap();
    assert_eq!(workbench.drafts().unwrap().len(), 1);
}

/// The words of a model that are a draft's first line are its title, too.
#[test]
fn a_title_that_a_model_wrote_does_not_leave_without_its_mark() {
    let scratch = Scratch::new();
    let workbench = scratch.open();
    let draft = workbench.begin_draft("", "").unwrap().id;
    let text = "*Gout* is an arthritis.";
    let generated = GeneratedSpan {
        span: wire::Span { start: 0, end: 23 },
        model: "Starter".into(),
        seed: None,
        support: None,
        mark: String::new(),
    };
    workbench.save_draft(draft, "Gout is an arthritis.", text, &[generated]).unwrap();
    for format in ["markdown", "docx"] {
        let request = wire::ExportRequest {
            scope: ExportScope::Draft { draft },
            format: format.into(),
            content: ExportContent::Curated,
        };
        let preview = workbench.preview_export(&request).unwrap();
        assert_eq!(preview.excerpt, "*Gout* is an arthritis. [generated, no source]");
    }
}
