//! BioC XML.

use std::fmt::Write as _;

use super::super::import::Intake;
use super::super::xml::{self, Element, escape};
use super::super::{ReadError, WriteOptions};
use super::{
    BiocAnnotation, BiocDocument, BiocPassage, BiocRelation, KEY, Location, Node, SOURCE, export, import,
    keys, runs_to_json,
};
use crate::{Document, Infons};

/// Reads a collection document by document.
pub(in super::super) fn read(text: &str, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    xml::each(text, &["document", "infon", "source", "date", "key"], intake, |record, intake| {
        let element = record.element;
        if &*element.name == "document" {
            import::document(document(&element), intake);
        } else {
            let key = element.attribute("key").unwrap_or_default();
            super::collection_property(key, &element.text(), intake);
        }
    })
}

/// Writes a collection.
pub(in super::super) fn write(documents: &[Document], options: &WriteOptions) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE collection SYSTEM \"BioC.dtd\">\n",
    );
    let _ = writeln!(xml, "<collection>\n<source>{SOURCE}</source>\n<date></date>\n<key>{KEY}</key>");
    if let Some(runs) = runs_to_json(&options.runs) {
        push_infons(&mut xml, &Infons::from([(keys::RUNS.to_owned(), runs)]));
    }
    for document in documents {
        push_document(&mut xml, &export::document(document));
    }
    xml.push_str("</collection>\n");
    xml
}

fn document(element: &Element) -> BiocDocument {
    BiocDocument {
        id: element.child("id").map(|id| id.text().trim().to_owned()).unwrap_or_default(),
        infons: infons(element),
        passages: element.all("passage").map(passage).collect(),
        annotations: element.all("annotation").map(annotation).collect(),
        relations: element.all("relation").map(relation).collect(),
    }
}

fn passage(element: &Element) -> BiocPassage {
    BiocPassage {
        infons: infons(element),
        offset: element.child("offset").and_then(|offset| offset.text().trim().parse().ok()).unwrap_or(0),
        text: element.child("text").map(Element::text),
        sentences: element.all("sentence").map(passage).collect(),
        annotations: element.all("annotation").map(annotation).collect(),
        relations: element.all("relation").map(relation).collect(),
    }
}

fn annotation(element: &Element) -> BiocAnnotation {
    let number =
        |location: &Element, key: &str| location.attribute(key).and_then(|value| value.trim().parse().ok());
    let location = |location: &Element| {
        Some(Location { offset: number(location, "offset")?, length: number(location, "length")? })
    };
    // A mention of which one stretch is not known has no place.
    let locations = element.all("location").map(location).collect::<Option<Vec<_>>>();
    BiocAnnotation {
        id: element.attribute("id").unwrap_or_default().to_owned(),
        infons: infons(element),
        locations: locations.unwrap_or_default(),
        text: element.child("text").map(Element::text).unwrap_or_default(),
    }
}

fn relation(element: &Element) -> BiocRelation {
    let node = |node: &Element| Node {
        refid: node.attribute("refid").unwrap_or_default().to_owned(),
        role: node.attribute("role").unwrap_or_default().to_owned(),
    };
    BiocRelation {
        id: element.attribute("id").unwrap_or_default().to_owned(),
        infons: infons(element),
        nodes: element.all("node").map(node).collect(),
    }
}

fn infons(element: &Element) -> Infons {
    let mut infons = Infons::new();
    for infon in element.all("infon") {
        if let Some(key) = infon.attribute("key") {
            super::super::infons::add(&mut infons, key, infon.text());
        }
    }
    infons
}

fn push_document(xml: &mut String, document: &BiocDocument) {
    let _ = writeln!(xml, "<document>\n<id>{}</id>", escape(&document.id));
    push_infons(xml, &document.infons);
    for passage in &document.passages {
        xml.push_str("<passage>\n");
        push_infons(xml, &passage.infons);
        let _ = writeln!(xml, "<offset>{}</offset>", passage.offset);
        let _ = writeln!(xml, "<text>{}</text>", escape(passage.text.as_deref().unwrap_or_default()));
        for annotation in &passage.annotations {
            let _ = writeln!(xml, "<annotation id=\"{}\">", escape(&annotation.id));
            push_infons(xml, &annotation.infons);
            for location in &annotation.locations {
                let _ = writeln!(
                    xml,
                    "<location offset=\"{}\" length=\"{}\"/>",
                    location.offset, location.length
                );
            }
            let _ = writeln!(xml, "<text>{}</text>\n</annotation>", escape(&annotation.text));
        }
        xml.push_str("</passage>\n");
    }
    for relation in &document.relations {
        let _ = writeln!(xml, "<relation id=\"{}\">", escape(&relation.id));
        push_infons(xml, &relation.infons);
        for node in &relation.nodes {
            let _ =
                writeln!(xml, "<node refid=\"{}\" role=\"{}\"/>", escape(&node.refid), escape(&node.role));
        }
        xml.push_str("</relation>\n");
    }
    xml.push_str("</document>\n");
}

fn push_infons(xml: &mut String, infons: &Infons) {
    for (key, value) in infons {
        let _ = writeln!(xml, "<infon key=\"{}\">{}</infon>", escape(key), escape(value));
    }
}
