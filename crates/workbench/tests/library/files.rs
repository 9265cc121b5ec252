use workbench::wire::{self, ErrorCode};

use crate::samples::{Scratch, heard, import, paths, preview, shared};

#[test]
fn real_files_are_read_or_refused_with_a_reason() {
    let Some(folder) = shared("files") else { return };
    let scratch = Scratch::new();
    let workbench = scratch.open();
    let preview = preview(&workbench, &paths(&[&folder.display().to_string()]));
    assert!(preview.files.len() > 20, "{}", preview.files.len());
    let mut read = 0;
    for file in &preview.files {
        match &file.refusal {
            None => {
                assert!(file.format.is_some() && file.documents > 0, "{file:?}");
                read += 1;
            }
            Some(refusal) => {
                assert!(refusal.message.len() > 20, "{file:?}");
                assert!(!refusal.hint.is_empty(), "{file:?}");
            }
        }
    }
    println!("{read} of {} files read, {} documents", preview.files.len(), preview.fresh + preview.known);
    for issue in &preview.issues {
        assert!(
            !issue.place.is_empty() && !issue.message.is_empty() && !issue.remedy.is_empty(),
            "{issue:?}"
        );
    }
    let (_, ending) = heard(|sink| {
        workbench.import_previewed("import", &preview.id, &wire::ImportChoices::default(), sink)
    });
    assert_eq!(ending, wire::Ending::Finished);
    let ids =
        workbench.document_ids(wire::DocumentOrder::OldestFirst, &wire::DocumentFilter::default()).unwrap();
    for id in ids {
        let view = workbench.document(id).unwrap();
        let units = view.text.encode_utf16().count() as u32;
        for annotation in &view.marks.annotations {
            if let wire::Content::Entity { spans, .. } = &annotation.content {
                assert!(
                    spans.iter().all(|span| span.start < span.end && span.end <= units),
                    "{annotation:?}"
                );
            }
        }
    }
}

#[test]
fn a_pair_of_brat_files_is_one_document_and_a_bad_file_stops_nothing() {
    let scratch = Scratch::new();
    let workbench = scratch.open();
    scratch.write("drop/a.txt", "Aspirin caused ulcers.");
    scratch.write(
        "drop/a.ann",
        "T1\tChemical 0 7\tAspirin\nT2\tDisease 15 21\tulcers\nR1\tCID Arg1:T1 Arg2:T2\n",
    );
    scratch.write("drop/broken.bin", [0_u8, 159, 146, 150, 0, 1, 2, 3, 255]);
    scratch.write("drop/.hidden", "not seen");
    let folder = scratch.path("drop").display().to_string();
    let seen = preview(&workbench, &paths(&[&folder]));
    let names: Vec<&str> = seen.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["drop/a.txt", "drop/broken.bin"]);
    assert!(seen.files[0].refusal.is_none() && seen.files[1].refusal.is_some());
    let documents = import(&workbench, &paths(&[&folder]));
    assert_eq!(workbench.document(documents[0]).unwrap().marks.annotations.len(), 3);
}

#[test]
fn a_document_that_is_left_out_of_an_import_stays_out_and_one_undo_takes_the_others_back() {
    let scratch = Scratch::new();
    let workbench = scratch.open();
    let given = |place: u32| wire::NewDocument {
        source_id: place.to_string(),
        title: format!("Report {place}"),
        text: format!("Lithium caused tremor in report {place}."),
    };
    let source =
        wire::ImportSource::Documents { origin: "test".into(), documents: (0..4).map(given).collect() };
    let seen = preview(&workbench, &source);
    let choices = wire::ImportChoices { left_out: vec![0, 2], ..wire::ImportChoices::default() };
    let (events, ending) = heard(|sink| workbench.import_previewed("import", &seen.id, &choices, sink));
    assert_eq!(ending, wire::Ending::Finished);
    let Some(wire::ImportEvent::Imported { documents, .. }) = events.last() else { panic!("{events:?}") };
    let titles = documents.iter().map(|id| workbench.document(*id).unwrap().title);
    assert_eq!(titles.collect::<Vec<_>>(), ["Report 1", "Report 3"]);
    workbench.undo(wire::Track::Curation).unwrap();
    let left = workbench.document_ids(wire::DocumentOrder::OldestFirst, &wire::DocumentFilter::default());
    assert!(left.unwrap().is_empty());
}

#[test]
fn the_column_of_the_text_is_chosen_where_a_table_calls_it_otherwise() {
    let scratch = Scratch::new();
    let workbench = scratch.open();
    scratch.write("tables/notes.csv", "code,finding\n1,Lithium caused tremor.\n2,Aspirin did not.\n");
    scratch.write("tables/other.csv", "title,comment\nGout,Colchicine helps in gout.\n");
    scratch.write("tables/usual.csv", "title,abstract\nZinc,Zinc harms taste.\n");
    let folder = scratch.path("tables").display().to_string();
    let choose = |chosen: &[(&str, &str)]| wire::ImportSource::Paths {
        paths: vec![folder.clone()],
        columns: chosen.iter().map(|(file, column)| ((*file).to_owned(), (*column).to_owned())).collect(),
    };
    let seen = preview(&workbench, &choose(&[]));
    let [notes, other, usual] = &seen.files[..] else { panic!("{:?}", seen.files) };
    assert!(notes.refusal.as_ref().unwrap().hint.contains("Choose the column"), "{:?}", notes.refusal);
    assert_eq!(
        (&notes.columns[..], &notes.text_column),
        (&["code".to_owned(), "finding".to_owned()][..], &None)
    );
    assert_eq!((other.documents, &other.text_column), (1, &None));
    assert_eq!(usual.text_column.as_deref(), Some("abstract"));
    // Each table by its own name: the others are read as before.
    let seen =
        preview(&workbench, &choose(&[("tables/notes.csv", "finding"), ("tables/other.csv", "comment")]));
    assert!(seen.files.iter().all(|file| file.refusal.is_none()), "{:?}", seen.files);
    let titles: Vec<&str> = seen.documents.iter().map(|document| document.title.as_str()).collect();
    assert_eq!(titles, ["Lithium caused tremor.", "Aspirin did not.", "Gout", "Zinc"]);
    assert_eq!(seen.files[1].text_column.as_deref(), Some("comment"));
    assert_eq!(seen.documents[2].words, 5);
}

/// What a PDF calls its title is nowhere in it: the list shows how its text begins, which may be the line of the journal.
#[test]
fn a_pdf_is_called_by_the_title_that_it_declares_else_by_how_its_text_begins() {
    let scratch = Scratch::new();
    let workbench = scratch.open();
    let content = "BT /F1 8 Tf 0 200 Td (Journal of Tests 2026, 1-9) Tj /F1 20 Tf 0 -60 Td (On tremor) Tj ET";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Contents 4 0 R /Resources << /Font << /F1 << /Type /Font \
         /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
    ];
    let (mut pdf, mut table) = ("%PDF-1.4\n".to_owned(), String::new());
    for (object, number) in objects.iter().zip(1..) {
        table += &format!("{:010} 00000 n \n", pdf.len());
        pdf += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let start = pdf.len();
    pdf += &format!(
        "xref\n0 5\n0000000000 65535 f \n{table}trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF"
    );
    let declaring = pdf.replace("/Root 1 0 R", "/Root 1 0 R /Info << /Title (On Tremor) >>");
    let seen = preview(&workbench, &paths(&[&scratch.write("declaring.pdf", declaring)]));
    assert_eq!(seen.documents[0].title, "On tremor");
    let seen = preview(&workbench, &paths(&[&scratch.write("article.pdf", pdf)]));
    assert!(seen.documents[0].title.starts_with("Journal of Tests 2026, 1-9"), "{:?}", seen.documents);
}

#[test]
fn what_cannot_be_imported_is_told() {
    let scratch = Scratch::new();
    let workbench = scratch.open();
    let failure = |source: &wire::ImportSource| {
        let (_, ending) = heard(|sink| workbench.preview_import("preview", source, sink));
        match ending {
            wire::Ending::Failed { error } => error,
            other => panic!("{other:?}"),
        }
    };
    let missing = failure(&paths(&["/nowhere/at/all.xml"]));
    assert_eq!(missing.code, ErrorCode::NotFound);
    assert!(missing.message.contains("/nowhere/at/all.xml"), "{missing:?}");
    let empty = failure(&wire::ImportSource::Text { text: "  \n".into(), origin: "pasted".into() });
    assert_eq!(empty.code, ErrorCode::BadInput);
    let (_, ending) = heard(|sink| {
        workbench.import_previewed("import", "preview-99", &wire::ImportChoices::default(), sink)
    });
    assert!(matches!(ending, wire::Ending::Failed { error } if error.code == ErrorCode::NotFound));
}

#[test]
fn too_many_and_too_large_files_are_refused_at_once() {
    let scratch = Scratch::new();
    let workbench = scratch.open();
    std::fs::create_dir(scratch.path("many")).unwrap();
    for n in 0..50_000 {
        std::fs::File::create(scratch.path(&format!("many/{n}"))).unwrap();
    }
    let source = paths(&[&scratch.path("many").display().to_string()]);
    let (_, ending) = heard(|sink| workbench.preview_import("preview", &source, sink));
    let wire::Ending::Failed { error } = ending else { panic!("{ending:?}") };
    assert!(error.message.contains("20000") && error.message.contains("many"), "{error:?}");
    assert!(error.hint.contains("one part"), "{error:?}");

    // A sparse file: it takes no room on the disk, and is told by its length alone.
    let large = scratch.path("large.xml");
    std::fs::File::create(&large).unwrap().set_len(1 << 30).unwrap();
    let seen = preview(&workbench, &paths(&[&large.display().to_string()]));
    let refusal = seen.files[0].refusal.as_ref().unwrap();
    assert!(refusal.message.contains("large.xml"), "{refusal:?}");
}

#[test]
fn a_preview_that_is_cancelled_stops() {
    let scratch = Scratch::new();
    let workbench = std::sync::Arc::new(scratch.open());
    for n in 0..5 {
        scratch.write(&format!("many/{n}.txt"), format!("Text number {n} about clonidine."));
    }
    let source = paths(&[&scratch.path("many").display().to_string()]);
    let canceller = std::sync::Arc::clone(&workbench);
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let ear = std::sync::Arc::clone(&seen);
    workbench.preview_import(
        "drop",
        &source,
        std::sync::Arc::new(move |event: wire::Streamed<wire::PreviewEvent>| {
            if event.seq == 1 {
                canceller.cancel("drop");
            }
            ear.lock().unwrap().push(event);
        }),
    );
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[2].item, wire::StreamItem::Ending(wire::Ending::Stopped));
}
