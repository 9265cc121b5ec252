//! JSON of common tools, rewritten to the records that [`jsonl`](super::jsonl) reads: Label Studio, Prodigy, spaCy,
//! BigBio, CORD-19, and the replies of search services.

mod bigbio;
mod cord19;
mod label_studio;
mod prodigy;

use serde_json::{Map, Value};

use super::import::Intake;
use super::jsonl::TEXTS;
use super::xml;

type Record = Map<String, Value>;

/// Keys under which services and tools put the list of their records.
const LISTS: [&[&str]; 12] = [
    &["resultList", "result"],
    &["message", "items"],
    &["hits", "hits"],
    &["results"],
    &["records"],
    &["articles"],
    &["papers"],
    &["data"],
    &["documents"],
    &["docs"],
    &["items"],
    &["examples"],
];
/// Fields of a search reply whose markup is not the author's.
const MARKED_UP: [&str; 4] = ["title", "abstract", "abstractText", "text"];

/// The records of a tool's record: itself, rewritten where it is another tool's; several of a search reply; none where
/// it cannot be read, which is told.
pub(super) fn records(record: Value, place: &str, intake: &mut Intake<'_>) -> Vec<Record> {
    let mut record = match record {
        Value::Object(record) => record,
        // spaCy's simple training format: a text and its annotations.
        Value::Array(pair) => match <[Value; 2]>::try_from(pair) {
            Ok([Value::String(text), Value::Object(mut record)]) => {
                record.insert("text".to_owned(), Value::String(text));
                record
            }
            _ => return unknown(place, intake),
        },
        _ => return unknown(place, intake),
    };
    if let Some(list) = found(&mut record) {
        let of_item = |(number, item): (usize, Value)| {
            let mut records = records(item, &format!("{place}, item {number}"), intake);
            records.iter_mut().for_each(|record| without_markup(record, intake));
            records
        };
        return (1..).zip(list).flat_map(of_item).collect();
    }
    let refused = |what: &str, remedy: &str, intake: &mut Intake<'_>| {
        intake.issue(place, what, remedy);
        Vec::new()
    };
    let has_text = TEXTS.iter().any(|key| record.get(*key).is_some_and(Value::is_string));
    let has_results =
        ["annotations", "completions", "predictions"].iter().any(|key| record.contains_key(*key));
    if record.get("data").is_some_and(Value::is_object) && (has_results || !has_text) {
        return match label_studio::task(record, place, intake) {
            Some(record) => vec![record],
            None => refused(
                "This task of Label Studio holds no text under \"data\" (its text may be in another file).",
                "Import the texts into Label Studio instead of their addresses, and export as JSON or JSON-MIN.",
                intake,
            ),
        };
    }
    if record.contains_key("paragraphs") && !record.contains_key("text") {
        return refused(
            "This is spaCy's older training format, with paragraphs of tokens.",
            "Write each document with spaCy as doc.to_json(), one a line.",
            intake,
        );
    }
    if record.contains_key("extId") && record.contains_key("annotations") {
        return refused(
            "These are annotations of Europe PMC without the article's text.",
            "Fetch the article (PubMed XML or JATS), or annotations in BioC, which hold text and mentions together.",
            intake,
        );
    }
    if record.contains_key("paper_id")
        && (record.contains_key("body_text") || record.get("abstract").is_some_and(Value::is_array))
    {
        return vec![cord19::article(&record, intake)];
    }
    if record.contains_key("passages") && record.contains_key("document_id") && !record.contains_key("text") {
        return vec![bigbio::record(record)];
    }
    if record.get("tokens").is_some_and(Value::is_array) && !has_text {
        return refused(
            "It holds words one by one (\"tokens\"), and no text.",
            "Export the text itself, under the name \"text\".",
            intake,
        );
    }
    prodigy::example(&mut record, place, intake);
    vec![record]
}

fn unknown(place: &str, intake: &mut Intake<'_>) -> Vec<Record> {
    intake.issue(place, "It is not a record with named fields.", "Write one JSON object a line.");
    Vec::new()
}

/// The list of a search reply, or of a tool's file.
fn found(record: &mut Record) -> Option<Vec<Value>> {
    if ["text", "title", "abstract"].iter().any(|key| record.contains_key(*key)) {
        return None;
    }
    let is_pair = |item: &Value| {
        item.as_array().is_some_and(|pair| matches!(&pair[..], [Value::String(_), Value::Object(_)]))
    };
    // spaCy's annotators write pairs of a text and its annotations, and null for what was skipped.
    if let Some(Value::Array(pairs)) = record.get_mut("annotations")
        && pairs.iter().any(is_pair)
        && pairs.iter().all(|item| is_pair(item) || item.is_null())
    {
        pairs.retain(is_pair);
        return Some(std::mem::take(pairs));
    }
    LISTS.iter().find_map(|path| {
        let (last, first) = path.split_last()?;
        let inside =
            first.iter().try_fold(&mut *record, |inside, key| inside.get_mut(*key)?.as_object_mut())?;
        let is_list = inside.get(*last)?.as_array()?.iter().all(|item| item.is_object() || is_pair(item));
        match inside.remove(*last) {
            Some(Value::Array(list)) if is_list => Some(list),
            Some(other) => {
                inside.insert((*last).to_owned(), other);
                None
            }
            None => None,
        }
    })
}

/// Takes the markup out of what services send as HTML or JATS: `<h4>Aim</h4>To look.`
fn without_markup(record: &mut Record, intake: &Intake<'_>) {
    for key in MARKED_UP {
        let Some(Value::String(text)) = record.get_mut(key) else { continue };
        if !text.contains("</") {
            continue;
        }
        let mut apart = Intake::new("", intake.limits);
        let mut words = String::new();
        let read = xml::each(&format!("<r>{text}</r>"), &["r"], &mut apart, |record, _| {
            words = record.element.words(&|_| false);
        });
        if read.is_ok() && !words.is_empty() {
            *text = words;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::formats::{Format, Import, read};
    use crate::{Document, Target};

    fn import(text: &str, name: &str) -> Import {
        let import = read(text.as_bytes(), name).unwrap();
        assert_eq!(import.format, Format::Jsonl);
        import
    }

    fn mentions(document: &Document) -> Vec<(&str, &str)> {
        let words = |entity: &crate::Entity| entity.spans[0].slice(&document.text);
        assert!(
            document.entities.iter().all(|entity| words(entity) == Some(&entity.text)),
            "{:#?}",
            document.entities
        );
        document.entities.iter().map(|entity| (entity.kind.as_str(), entity.text.as_str())).collect()
    }

    #[test]
    fn reads_label_studio() {
        let result = r#"{"value": {"start": 10, "end": 17, "text": "Aspirin", "labels": ["Drug"]}, "id": "a1", "from_name": "label", "to_name": "text", "type": "labels"},
            {"value": {"start": 28, "end": 34, "text": "ulcers", "labels": ["AE", "Symptom"]}, "id": "b2", "from_name": "label", "to_name": "text", "type": "labels"},
            {"from_id": "a1", "to_id": "b2", "type": "relation", "labels": ["causes"]},
            {"value": {"choices": ["relevant"]}, "from_name": "screening", "to_name": "text", "type": "choices"}"#;
        let text = format!(
            r#"[{{"id": 6, "annotations": [{{"id": 3, "completed_by": 1, "result": [{result}]}}], "predictions": [{{"result": []}}], "data": {{"text": "It sells.\nAspirin may cause ulcers.", "pmid": "12"}}}}]"#
        );
        let import = import(&text, "in.json");
        let document = &import.documents[0];
        assert_eq!(document.id, "12");
        assert_eq!(mentions(document), [("Drug", "Aspirin"), ("AE|Symptom", "ulcers")]);
        assert_eq!(document.relations[0].kind, "causes");
        assert_eq!(document.relations[0].arguments[1].target, Target::Entity("b2".to_owned()));
        assert_eq!(
            (document.infons["screening"].as_str(), document.infons["task"].as_str()),
            ("relevant", "6")
        );
        assert_eq!(import.issues[0].message, "Left out: 1 prediction of a model, beside the annotations.");
        let none = r#"[{"id": 6, "annotations": [], "data": {"image": 5}}]"#;
        assert!(read(none.as_bytes(), "in.json").unwrap_err().to_string().contains("Label Studio"));
    }

    #[test]
    fn reads_label_studio_min() {
        let text = r#"[{"id": 5297, "text": "Aspirin may cause ulcers.", "ner": [{"start": 0, "end": 7, "text": "Aspirin", "labels": ["Drug"]}, {"start": 18, "end": 24, "text": "ulcers", "labels": ["AE", "Symptom"]}], "annotator": 1}]"#;
        let import = import(text, "in.json");
        assert_eq!(mentions(&import.documents[0]), [("Drug", "Aspirin"), ("AE|Symptom", "ulcers")]);
        assert_eq!(import.documents[0].infons["annotator"], "1");
    }

    #[test]
    fn reads_prodigy_and_spacy() {
        let text = r#"{"text": "Zinc harms taste.", "tokens": [{"text": "Zinc", "id": 0}], "spans": [{"start": 0, "end": 4, "label": "DRUG"}, {"start": 11, "end": 16, "label": "AE"}],
            "relations": [{"head": 0, "child": 2, "head_span": {"start": 0, "end": 4}, "child_span": {"start": 11, "end": 16}, "label": "causes"}], "answer": "accept"}"#.replace('\n', " ");
        let prodigy = import(&format!("{text}\n{text}\n"), "in.jsonl");
        let document = &prodigy.documents[0];
        assert_eq!(mentions(document), [("DRUG", "Zinc"), ("AE", "taste")]);
        assert_eq!(document.relations[0].arguments[0].target, Target::Entity("T1".to_owned()));
        assert_eq!(document.infons["answer"], "accept");
        let spacy = import(
            r#"[["Zinc harms.", {"entities": [[0, 4, "DRUG"]]}], ["Iron helps.", {"entities": []}]]"#,
            "in.json",
        );
        assert_eq!((mentions(&spacy.documents[0]), spacy.documents.len()), (vec![("DRUG", "Zinc")], 2));
        let older = r#"[{"id": 0, "paragraphs": [{"raw": "Zinc.", "sentences": []}]}]"#;
        assert!(
            read(older.as_bytes(), "in.json")
                .unwrap_err()
                .to_string()
                .contains("spaCy's older training format")
        );
    }

    #[test]
    fn reads_bigbio() {
        let text = r#"{"id": "0", "document_id": "227508", "passages": [{"id": "1", "type": "title", "text": ["Naloxone and clonidine"], "offsets": [[0, 22]]}, {"id": "9", "type": "abstract", "text": ["Both act."], "offsets": [[23, 32]]}],
            "entities": [{"id": "2", "type": "Chemical", "text": ["Naloxone"], "offsets": [[0, 8]], "normalized": [{"db_name": "MESH", "db_id": "D009270"}]}, {"id": "3", "type": "Chemical", "text": ["clonidine"], "offsets": [[13, 22]], "normalized": []}],
            "events": [{"id": "E1", "type": "Act", "trigger": {"text": ["act"], "offsets": [[28, 31]]}, "arguments": [{"role": "Agent", "ref_id": "2"}]}],
            "coreferences": [], "relations": [{"id": "4", "type": "DDI", "arg1_id": "2", "arg2_id": "3", "normalized": []}]}"#.replace('\n', " ");
        let import = import(&text, "in.jsonl");
        let document = &import.documents[0];
        assert_eq!(
            (document.id.as_str(), document.text.as_str()),
            ("227508", "Naloxone and clonidine\nBoth act.")
        );
        assert_eq!(mentions(document), [("Chemical", "Naloxone"), ("Chemical", "clonidine")]);
        assert_eq!(document.entities[0].concepts[0].id, "D009270");
        let kinds: Vec<&str> = document.relations.iter().map(|relation| relation.kind.as_str()).collect();
        assert_eq!(kinds, ["Act", "DDI"]);
        assert_eq!(document.relations[0].evidence[0].slice(&document.text), Some("act"));
        assert_eq!(document.passages[1].kind, "abstract");
    }

    #[test]
    fn reads_cord19() {
        let text = r#"{"paper_id": "abc", "metadata": {"title": "On X", "authors": [{"first": "Bo", "last": "Roe"}]}, "abstract": [{"text": "X is.", "section": "Abstract"}], "body_text": [{"text": "We saw β.", "section": "Results"}], "bib_entries": {"B0": {}}, "ref_entries": {}, "back_matter": []}"#;
        let import = import(text, "abc.json");
        let document = &import.documents[0];
        assert_eq!(document.text, "On X\nX is.\nWe saw β.");
        assert_eq!(
            (document.passages[2].kind.as_str(), document.passages[2].infons["section"].as_str()),
            ("body", "Results")
        );
        assert_eq!(document.infons["authors"], "Roe, Bo");
        assert_eq!(import.notices[0].to_string(), "Left out: references (1).");
    }

    #[test]
    fn reads_search_replies() {
        let text = r#"{"version": "6", "hitCount": 1, "resultList": {"result": [{"id": "1", "source": "MED", "pmid": "1", "title": "Zinc.", "abstractText": "Zinc harms."}]}}"#;
        assert_eq!(import(text, "reply.json").documents[0].text, "Zinc.\nZinc harms.");
        let text = r#"{"total": 1, "data": [{"paperId": "x", "title": "Zinc", "abstract": "Zinc harms."}]}"#;
        assert_eq!(import(text, "reply.json").documents[0].text, "Zinc\nZinc harms.");
        let text =
            r#"{"message": {"items": [{"DOI": "10.1/x", "title": ["Zinc"], "abstract": "It harms."}]}}"#;
        assert_eq!(import(text, "reply.json").documents[0].text, "Zinc\nIt harms.");
        let europe = r#"[{"source": "MED", "extId": "1", "annotations": [{"exact": "zinc"}]}]"#;
        assert!(read(europe.as_bytes(), "a.json").unwrap_err().to_string().contains("Europe PMC"));
    }

    #[test]
    fn a_title_is_kept_although_its_words_come_again() {
        let text = "{\"pmid\": \"1\", \"title\": \"Sepsis\", \"abstract\": \"Sepsis is dire.\"}\n\
                    {\"pmid\": \"2\", \"title\": \"migraine\", \"text\": \"We treat migraine.\"}\n\
                    {\"pmid\": \"3\", \"title\": \"Gout\", \"text\": \"Gout\\nIt hurts.\"}\n";
        let texts: Vec<String> = import(text, "a.jsonl").documents.into_iter().map(|one| one.text).collect();
        assert_eq!(texts, ["Sepsis\nSepsis is dire.", "migraine\nWe treat migraine.", "Gout\nIt hurts."]);
    }

    #[test]
    fn reads_what_annotators_add_in_label_studio() {
        let one = r#"{"value": {"start": 0, "end": 4, "labels": ["D"]}, "id": "a", "type": "labels", "meta": {"text": ["sure?"]}, "score": 0.5}"#;
        let two = r#"{"value": {"start": 11, "end": 16, "labels": ["AE"]}, "id": "b", "type": "labels"}"#;
        let relation = r#"{"from_id": "a", "to_id": "b", "type": "relation", "direction": "left", "labels": ["causes"]}"#;
        let choice = |said: &str| {
            format!(r#"{{"value": {{"choices": ["{said}"]}}, "from_name": "use", "type": "choices"}}"#)
        };
        let text = format!(
            r#"[{{"id": 6, "data": {{"text": "Zinc harms taste."}}, "annotations": [
                {{"completed_by": 1, "result": [{one}, {two}, {relation}, {}]}}, {{"completed_by": 2, "result": [{}]}}, {{"was_cancelled": true, "result": []}}]}}]"#,
            choice("yes"),
            choice("no")
        );
        let import = import(&text, "in.json");
        let document = &import.documents[0];
        assert_eq!(
            (document.entities[0].note.as_deref(), document.entities[0].score),
            (Some("sure?"), Some(0.5))
        );
        assert_eq!(document.relations[0].infons["direction"], "left");
        assert_eq!((document.infons["use"].as_str(), document.infons["use#2"].as_str()), ("yes", "no"));
        assert_eq!(
            import.notices[0].to_string(),
            "Left out: annotations that were skipped in Label Studio (1)."
        );
    }

    #[test]
    fn says_what_of_label_studio_cannot_be_read() {
        let address =
            r#"[{"id": 1, "data": {"text": "https://x.org/y.txt"}, "annotations": [{"result": []}]}]"#;
        let error = read(address.as_bytes(), "in.json").unwrap_err().to_string();
        assert!(error.contains("holds no text") && error.contains("instead of their addresses"), "{error}");
        let page = r#"[{"id": 1, "data": {"html": "Zinc harms."}, "annotations": [{"result": [{"id": "a", "type": "hypertextlabels", "to_name": "html", "value": {"start": "/p[1]", "end": "/p[1]", "startOffset": 0, "endOffset": 4, "hypertextlabels": ["D"]}}]}]}]"#;
        let import = import(page, "in.json");
        assert_eq!(import.issues[0].message, "1 mention is placed in the elements of a web page (HTML).");
    }

    #[test]
    fn relations_have_the_label_that_the_curator_gave() {
        let text = r#"[{"id": 1, "text": "Zinc harms taste.", "label": [{"start": 0, "end": 4, "labels": ["D"], "id": "a"}, {"start": 11, "end": 16, "labels": ["AE"], "id": "b"}], "relations": [{"from_id": "a", "to_id": "b", "type": "relation", "labels": ["causes"], "by": "me"}]}]"#;
        let relation = &import(text, "min.json").documents[0].relations[0];
        assert_eq!((relation.kind.as_str(), relation.infons["by"].as_str()), ("causes", "me"));
    }

    #[test]
    fn reads_prodigy_relations_by_their_tokens() {
        let text = r#"{"text": "Zinc harms taste.", "tokens": [{"text": "Zinc", "id": 0}], "spans": [{"start": 0, "end": 4, "token_start": 0, "token_end": 0, "label": "DRUG"}, {"start": 11, "end": 16, "token_start": 2, "token_end": 2, "label": "AE"}], "relations": [{"head": 0, "child": 2, "label": "causes"}], "answer": "reject"}"#;
        let import = import(&format!("{text}\n{text}\n"), "in.jsonl");
        let targets: Vec<&Target> =
            import.documents[0].relations[0].arguments.iter().map(|argument| &argument.target).collect();
        assert_eq!(targets, [&Target::Entity("T1".to_owned()), &Target::Entity("T2".to_owned())]);
        assert_eq!(import.issues[0].message, "The annotator gave this example the answer \"reject\".");
        let tokens = r#"[{"id": "0", "tokens": ["Zinc", "harms"], "ner_tags": [1, 0]}]"#;
        let error = read(tokens.as_bytes(), "in.json").unwrap_err().to_string();
        assert!(error.contains("words one by one"), "{error}");
    }

    #[test]
    fn reads_all_that_spacy_writes() {
        let text = r#"{"text": "Zinc harms.", "ents": [{"start": 0, "end": 4, "label": "DRUG", "kb_id": "D015032"}], "sents": [{"start": 0, "end": 11}], "tokens": [{"id": 0, "start": 0, "end": 4}], "spans": {"sc": [{"start": 5, "end": 10, "label": "V"}]}}"#;
        let document = &import(text, "doc.json").documents[0];
        let mut found = mentions(document);
        found.sort_unstable();
        assert_eq!(found, [("DRUG", "Zinc"), ("V", "harms")]);
        let of = |kind: &str| document.entities.iter().find(|entity| entity.kind == kind).unwrap();
        assert_eq!(
            (of("DRUG").infons["kb_id"].as_str(), of("V").infons["group"].as_str()),
            ("D015032", "sc")
        );
        let text = r#"{"classes": ["DRUG"], "annotations": [["Zinc harms.", {"entities": [[0, 4, "DRUG"]]}], null, ["Iron.", {"entities": []}]]}"#;
        let import = import(text, "set.json");
        assert_eq!((mentions(&import.documents[0]), import.documents.len()), (vec![("DRUG", "Zinc")], 2));
    }

    #[test]
    fn takes_the_markup_of_services_out() {
        let text = r#"{"resultList": {"result": [{"id": "1", "title": "Zn<sup>2+</sup> and taste", "abstractText": "<h4>Aim</h4>To look &lt; 5.<h4>Results</h4>None."}]}}"#;
        let document = &import(text, "reply.json").documents[0];
        assert_eq!(document.text, "Zn2+ and taste\nAim To look < 5. Results None.");
        let text = r#"{"message": {"items": [{"DOI": "10.1/x", "title": ["Zinc"], "abstract": "<jats:title>Abstract</jats:title><jats:p>p < 0.05</jats:p>"}]}}"#;
        // What is no sound markup stays as it is.
        assert!(import(text, "reply.json").documents[0].text.contains("<jats:p>p < 0.05"));
    }
}
