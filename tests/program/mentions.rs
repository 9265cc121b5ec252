//! `osler-cli mentions`.

use documents::formats;

use crate::user;

#[test]
fn names_are_written_with_kinds_places_and_ids_in_formats_of_the_field() {
    let user = user();
    for (format, file) in [
        ("jsonl", "names.jsonl"),
        ("pubtator", "names.pubtator"),
        ("bioc-xml", "names.bioc.xml"),
        ("bioc-json", "names.bioc.json"),
        ("pubannotation", "names.json"),
    ] {
        let written = user.output(&["mentions", "--to", format, "abstract.xml"]);
        let read = formats::read(written.as_bytes(), file).unwrap();
        let document = read.documents.iter().find(|document| document.id.contains("90000001")).unwrap();
        let lithium = document.entities.iter().find(|name| name.text.starts_with("Lithium")).unwrap();
        assert_eq!(lithium.kind, "Chemical", "{format}");
        assert_eq!(lithium.spans[0].slice(&document.text), Some(lithium.text.as_str()), "{format}");
        assert!(lithium.concepts.iter().any(|concept| concept.id.contains("D0")), "{format}: {lithium:?}");
    }
    let plain = user.output(&["mentions", "abstract.xml"]);
    assert_eq!(plain, user.output(&["mentions", "--to", "jsonl", "abstract.xml"]));
    let output = user.command(&["mentions", "--to", "word", "abstract.xml"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("pubtator"), "{said}");
    let output = user.command(&["mentions", "gone.xml"]).output().unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
}
