use workbench::Workbench;
use workbench::wire::{self, ErrorCode, ExportContent, ExportEvent, ExportScope, Judgement};

use crate::samples::{Scratch, extract, heard, import, paths, text};

fn request(scope: ExportScope, format: &str, content: ExportContent) -> wire::ExportRequest {
    wire::ExportRequest { scope, format: format.into(), content }
}

fn export(workbench: &Workbench, request: &wire::ExportRequest, path: &std::path::Path) -> String {
    let (events, ending) = heard(|sink| workbench.export_to("export", request, path, sink));
    assert_eq!(ending, wire::Ending::Finished, "{}", request.format);
    match events.into_iter().last() {
        Some(ExportEvent::Written { path, .. }) => path,
        other => panic!("nothing written but {other:?}"),
    }
}

#[test]
fn every_format_is_previewed_written_and_the_complete_ones_come_back_the_same() {
    let scratch = Scratch::new();
    let workbench = scratch.open();
    let document =
        import(&workbench, &text("1", "Clonidine 𝛼", "Clonidine caused hypotension, not nausea."))[0];
    let (found, _) =
        extract(&workbench, document, &[("clonidine", "hypotension", 0.75), ("clonidine", "nausea", 0.5)]);
    workbench.decide(&[Judgement::Accept { subject: found[0].subject }]).unwrap();
    workbench
        .decide(&[Judgement::Reject { subject: found[1].subject, reason: None, comment: String::new() }])
        .unwrap();
    for format in workbench.formats(&ExportScope::Library) {
        let request = request(ExportScope::Library, &format.id, ExportContent::Everything);
        let preview = workbench.preview_export(&request).unwrap();
        assert!(preview.file_name.ends_with(&format.extension) || format.id == "brat", "{preview:?}");
        assert_eq!((preview.documents, preview.records.len()), (1, 1), "{}", format.id);
        assert_eq!(preview.records[0].seed, "7");
        assert!(!preview.excerpt.is_empty() && preview.bytes > 0);
        let written =
            export(&workbench, &request, &scratch.path(&format!("out/{}/{}", format.id, preview.file_name)));
        if format.id == "html" {
            assert!(std::fs::read_to_string(&written).unwrap().contains("hypotension"));
            continue;
        }
        // Another library reads it.
        let other = Scratch::new();
        let reader = other.open();
        let back = import(&reader, &paths(&[&written]));
        if format.holds.record && format.id != "training" {
            let again = wire::ExportRequest { content: ExportContent::Imported, ..request.clone() };
            let name = format!("again.{}", format.extension);
            let second = export(&reader, &again, &other.path(&name));
            let read =
                |path: &str| documents::formats::read(&std::fs::read(path).unwrap(), "x").unwrap().documents;
            assert_eq!(read(&written), read(&second), "{}", format.id);
            let view = reader.document(back[0]).unwrap();
            assert_eq!(view.text, workbench.document(document).unwrap().text);
        }
    }
}

#[test]
fn curated_holds_what_was_accepted() {
    let scratch = Scratch::new();
    let workbench = scratch.open();
    let document =
        import(&workbench, &text("1", "Clonidine", "Clonidine caused hypotension, not nausea."))[0];
    let (found, _) =
        extract(&workbench, document, &[("clonidine", "hypotension", 0.75), ("clonidine", "nausea", 0.5)]);
    workbench.decide(&[Judgement::Accept { subject: found[0].subject }]).unwrap();
    let scope = ExportScope::Documents { documents: vec![document] };
    let count = |content| {
        let preview = workbench.preview_export(&request(scope.clone(), "csv", content)).unwrap();
        (preview.excerpt.contains("hypotension"), preview.excerpt.contains(",nausea"))
    };
    assert_eq!(count(ExportContent::Curated), (true, false));
    assert_eq!(count(ExportContent::Predicted), (true, true));
}

#[test]
fn nothing_is_overwritten_and_errors_say_what_to_do() {
    let scratch = Scratch::new();
    let workbench = scratch.open();
    let nothing =
        workbench.preview_export(&request(ExportScope::Library, "bioc-xml", ExportContent::Curated));
    assert_eq!(nothing.unwrap_err().code, ErrorCode::BadInput);
    import(&workbench, &text("1", "Clonidine", "Clonidine caused hypotension."));
    let unknown = request(ExportScope::Library, "word-perfect", ExportContent::Curated);
    let error = workbench.preview_export(&unknown).unwrap_err();
    assert!(error.hint.contains("bioc-xml"), "{error:?}");

    let taken = scratch.write("taken/notes.txt", "mine");
    let brat = request(ExportScope::Library, "brat", ExportContent::Imported);
    let (_, ending) = heard(|sink| workbench.export_to("export", &brat, &scratch.path("taken.ann"), sink));
    let wire::Ending::Failed { error } = ending else { panic!("{ending:?}") };
    assert!(error.message.contains("left alone"), "{error:?}");
    assert_eq!(std::fs::read_to_string(taken).unwrap(), "mine");
}

#[test]
fn an_export_tells_how_its_runs_were_made() {
    let scratch = Scratch::new();
    let workbench = scratch.open();
    let document = import(&workbench, &text("1", "Clonidine 𝛼", "Clonidine caused hypotension."))[0];
    extract(&workbench, document, &[("clonidine", "hypotension", 0.75)]);
    let format = request(ExportScope::Library, "bioc-xml", ExportContent::Predicted);
    let path = scratch.path("runs.bioc.xml");
    export(&workbench, &format, &path);
    let runs = workbench::recorded_runs(&path).unwrap().runs;
    assert_eq!((runs.len(), runs[0].record.seed, runs[0].text_is_the_same), (1, 7, true));

    let changed = std::fs::read_to_string(&path).unwrap().replacen("caused", "caυsed", 1);
    std::fs::write(&path, changed).unwrap();
    assert!(!workbench::recorded_runs(&path).unwrap().runs[0].text_is_the_same);
    let plain = scratch.write("plain.txt", "Clonidine caused hypotension.");
    let error = workbench::recorded_runs(std::path::Path::new(&plain)).unwrap_err();
    assert!(error.hint.contains("BioC"), "{error:?}");
}
