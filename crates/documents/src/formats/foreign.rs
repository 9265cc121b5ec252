//! JSON of common tools, rewritten to the records that [`jsonl`](super::jsonl) reads: Label Studio, Prodigy, spaCy,
//! BigBio, CORD-19, and the replies of search services.

use serde_json::{Map, Value, json};

use super::import::Intake;
use super::json as values;
use super::wording::counted;

type Record = Map<String, Value>;

/// Keys under which services put the list of what they found.
const LISTS: [&[&str]; 8] = [
    &["resultList", "result"],
    &["message", "items"],
    &["hits", "hits"],
    &["results"],
    &["records"],
    &["articles"],
    &["papers"],
    &["data"],
];

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
        let one = |item: Value| match item {
            Value::Object(item) => Some(item),
            _ => None,
        };
        return list.into_iter().filter_map(one).collect();
    }
    let refused = |what: &str, remedy: &str, intake: &mut Intake<'_>| {
        intake.issue(place, what, remedy);
        Vec::new()
    };
    if record.get("data").is_some_and(Value::is_object)
        && ["annotations", "completions", "predictions"].iter().any(|key| record.contains_key(*key))
    {
        return match label_studio(record, place, intake) {
            Some(record) => vec![record],
            None => refused(
                "This task of Label Studio holds no text under \"data\" (its text may be in another file).",
                "Export from Label Studio with the text itself, as JSON or JSON-MIN.",
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
        return vec![cord19(&record, intake)];
    }
    if record.contains_key("passages") && record.contains_key("document_id") && !record.contains_key("text") {
        return vec![bigbio(record)];
    }
    prodigy(&mut record, intake);
    vec![record]
}

fn unknown(place: &str, intake: &mut Intake<'_>) -> Vec<Record> {
    intake.issue(place, "It is not a record with named fields.", "Write one JSON object a line.");
    Vec::new()
}

/// The list of a search reply.
fn found(record: &mut Record) -> Option<Vec<Value>> {
    if ["text", "title", "abstract"].iter().any(|key| record.contains_key(*key)) {
        return None;
    }
    LISTS.iter().find_map(|path| {
        let (last, first) = path.split_last()?;
        let inside =
            first.iter().try_fold(&mut *record, |inside, key| inside.get_mut(*key)?.as_object_mut())?;
        let is_list = inside.get(*last)?.as_array()?.iter().all(Value::is_object);
        match inside.remove(*last) {
            Some(Value::Array(list)) if is_list => Some(list),
            _ => None,
        }
    })
}

/// A task of Label Studio: text under `data`, mentions and relations under `annotations[].result[]`.
fn label_studio(mut task: Record, place: &str, intake: &mut Intake<'_>) -> Option<Record> {
    let Some(Value::Object(mut data)) = task.remove("data") else { return None };
    let mut take = |key: &str| match task.remove(key) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let mut annotations = take("annotations");
    annotations.extend(take("completions"));
    let predictions = take("predictions");
    annotations.retain(|one| one.get("was_cancelled").and_then(Value::as_bool) != Some(true));
    if annotations.is_empty() {
        annotations = predictions;
    } else if !predictions.is_empty() {
        let message = format!(
            "Left out: {} of a model, beside the annotations.",
            counted(predictions.len(), "prediction")
        );
        intake.issue(place, message, "Export them apart if you need them.");
    }
    let results =
        |annotation: &Value| annotation.get("result").and_then(Value::as_array).cloned().unwrap_or_default();
    // The text is what most results were made on; else the longest string.
    let text_key = annotations.iter().flat_map(results).find_map(|result| {
        let name = values::string(&result, "to_name")?;
        data.get(&name).is_some_and(Value::is_string).then_some(name)
    });
    let longest = || {
        let strings = data.iter().filter_map(|(key, value)| Some((value.as_str()?.len(), key.clone())));
        strings.max().map(|(_, key)| key)
    };
    let text_key =
        text_key.or_else(|| data.contains_key("text").then(|| "text".to_owned())).or_else(longest)?;
    let text = data.remove(&text_key)?;
    let (mut entities, mut relations) = (Vec::new(), Vec::new());
    for (number, annotation) in annotations.iter().enumerate() {
        // Annotators use ids of their own.
        let id = |id: Option<String>| {
            let id = id.unwrap_or_default();
            if number == 0 { id } else { format!("{}.{id}", number + 1) }
        };
        let annotator = annotation.get("completed_by").filter(|_| annotations.len() > 1).map(values::any);
        for result in results(annotation) {
            let labels = |value: &Value| -> Vec<String> {
                let list = ["labels", "hypertextlabels", "choices", "taxonomy", "text"]
                    .iter()
                    .find_map(|key| value.get(*key).and_then(Value::as_array));
                list.into_iter().flatten().map(values::any).collect()
            };
            if result.get("type").and_then(Value::as_str) == Some("relation") {
                relations.push(json!({
                    "type": labels(&result).join("|"),
                    "from_id": id(values::string(&result, "from_id")),
                    "to_id": id(values::string(&result, "to_id")),
                }));
                continue;
            }
            let value = result.get("value").cloned().unwrap_or_default();
            if value.get("start").is_some() && value.get("end").is_some() {
                let mut infons = Record::new();
                infons.extend(annotator.clone().map(|who| ("annotator".to_owned(), Value::String(who))));
                entities.push(json!({
                    "id": id(values::string(&result, "id")),
                    "start_offset": value.get("start"),
                    "end_offset": value.get("end"),
                    "label": labels(&value).join("|"),
                    "text": value.get("text").and_then(Value::as_str).unwrap_or_default(),
                    "score": result.get("score"),
                    "infons": infons,
                }));
            } else if let Some(name) = values::string(&result, "from_name") {
                // A choice or words about the whole text.
                let said = labels(&value);
                let said = if said.is_empty() { value.to_string() } else { said.join("|") };
                data.entry(name).or_insert(Value::String(said));
            }
        }
    }
    if !data.contains_key("id") {
        data.extend(task.remove("id").map(|id| ("task".to_owned(), id)));
    }
    data.insert("text".to_owned(), text);
    data.insert("entities".to_owned(), Value::Array(entities));
    data.insert("relations".to_owned(), Value::Array(relations));
    Some(data)
}

/// Prodigy names the ends of a relation by tokens; its spans have no ids.
fn prodigy(record: &mut Record, intake: &mut Intake<'_>) {
    if !record.contains_key("tokens") {
        return;
    }
    record.remove("tokens");
    intake.left_out("divisions into tokens", 1);
    let place =
        |span: &Value| (span.get("start").and_then(values::offset), span.get("end").and_then(values::offset));
    let mut places = Vec::new();
    if let Some(Value::Array(spans)) = record.get_mut("spans") {
        for (number, span) in (1..).zip(spans) {
            let at = place(span);
            if let Value::Object(span) = span {
                let id = span.entry("id").or_insert_with(|| Value::String(format!("T{number}")));
                places.push((at, id.clone()));
            }
        }
    }
    if let Some(Value::Array(relations)) = record.get_mut("relations") {
        for relation in relations {
            for (span, end) in [("head_span", "from_id"), ("child_span", "to_id")] {
                let at = relation.get(span).map(place);
                let id = places.iter().find(|(place, _)| Some(*place) == at).map(|(_, id)| id.clone());
                if let (Some(id), Value::Object(relation)) = (id, &mut *relation) {
                    relation.insert(end.to_owned(), id);
                }
            }
        }
    }
}

/// Adds a part on a line of its own; gives where it stands, in characters.
fn push(text: &mut String, part: &str) -> (usize, usize) {
    if !text.is_empty() {
        text.push('\n');
    }
    let start = text.chars().count();
    text.push_str(part);
    (start, text.chars().count())
}

/// An article of CORD-19: abstract and body as lists of paragraphs.
fn cord19(article: &Record, intake: &mut Intake<'_>) -> Record {
    let metadata = article.get("metadata").cloned().unwrap_or_default();
    let (mut text, mut passages) = (String::new(), Vec::new());
    let mut add = |part: &str, kind: &str, section: Option<&str>| {
        if !part.trim().is_empty() {
            let (start, end) = push(&mut text, part);
            let infons: Record = section
                .filter(|section| !section.is_empty())
                .map(|section| ("section".to_owned(), Value::from(section)))
                .into_iter()
                .collect();
            passages.push(json!({"start_offset": start, "end_offset": end, "type": kind, "infons": infons}));
        }
    };
    add(metadata.get("title").and_then(Value::as_str).unwrap_or_default(), "title", None);
    for (key, kind) in [("abstract", "abstract"), ("body_text", "body")] {
        for part in article.get(key).and_then(Value::as_array).into_iter().flatten() {
            let section = part.get("section").and_then(Value::as_str);
            add(part.get("text").and_then(Value::as_str).unwrap_or_default(), kind, section);
        }
    }
    let count = |key: &str| match article.get(key) {
        Some(Value::Array(list)) => list.len(),
        Some(Value::Object(list)) => list.len(),
        _ => 0,
    };
    intake.left_out("references", count("bib_entries"));
    intake.left_out("captions of figures and tables", count("ref_entries"));
    intake.left_out("paragraphs of the back matter", count("back_matter"));
    let names = metadata.get("authors").and_then(Value::as_array).into_iter().flatten().map(|author| {
        let part = |key: &str| author.get(key).and_then(Value::as_str).unwrap_or_default();
        let parts = [part("last"), part("first")];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
    });
    let authors = names.filter(|name| !name.is_empty()).collect::<Vec<_>>().join("; ");
    let mut infons = Record::new();
    if !authors.is_empty() {
        infons.insert("authors".to_owned(), Value::String(authors));
    }
    let mut record = Record::new();
    record.insert("id".to_owned(), article.get("paper_id").cloned().unwrap_or_default());
    record.insert("text".to_owned(), Value::String(text));
    record.insert("passages".to_owned(), Value::Array(passages));
    record.insert("infons".to_owned(), Value::Object(infons));
    record
}

/// A record of the BigBio schema: text and offsets are lists, one item a stretch.
fn bigbio(mut record: Record) -> Record {
    let mut take = |key: &str| match record.remove(key) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let words = |item: &Value| -> String {
        let parts =
            item.get("text").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        parts.collect::<Vec<_>>().join(" ")
    };
    let spans = |item: &Value| item.get("offsets").cloned().unwrap_or_default();
    let first =
        |item: &Value| item.get("offsets").and_then(|offsets| values::offset(offsets.get(0)?.get(0)?));
    let (mut text, mut passages) = (String::new(), Vec::new());
    let mut length = 0;
    for passage in take("passages") {
        // The text lies where its offsets say, with blanks between.
        let start = first(&passage).and_then(|start| usize::try_from(start).ok()).unwrap_or(0);
        let missing = start.saturating_sub(length).min(1000);
        let fill = if missing == 0 && length > 0 { usize::from(start > length) } else { missing };
        text.extend(std::iter::repeat_n(if fill == 1 { '\n' } else { ' ' }, fill));
        let part = words(&passage);
        let end = length + fill + part.chars().count();
        passages.push(json!({"start_offset": length + fill, "end_offset": end, "type": passage.get("type")}));
        text.push_str(&part);
        length = end;
    }
    let mut entities: Vec<Value> = Vec::new();
    for entity in take("entities") {
        let concepts: Vec<Value> = entity
            .get("normalized")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|one| json!({"vocabulary": values::string(one, "db_name").unwrap_or_default(), "id": values::string(one, "db_id").unwrap_or_default()}))
            .collect();
        entities.push(json!({"id": entity.get("id"), "label": entity.get("type"), "text": words(&entity), "spans": spans(&entity), "concepts": concepts}));
    }
    let events = take("events");
    let is_event = |id: &Value| events.iter().any(|event| event.get("id") == Some(id));
    let argument = |role: Value, id: &Value| {
        let target = if is_event(id) { "relation" } else { "entity" };
        let id = values::scalar(id).unwrap_or_default();
        json!({"role": values::scalar(&role).unwrap_or_default(), "target": {target: id}})
    };
    let nothing = Value::Null;
    let mut relations: Vec<Value> = Vec::new();
    for event in &events {
        let arguments: Vec<Value> = event
            .get("arguments")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|one| {
                argument(one.get("role").cloned().unwrap_or_default(), one.get("ref_id").unwrap_or(&nothing))
            })
            .collect();
        let trigger = event.get("trigger").cloned().unwrap_or_default();
        relations.push(json!({"id": event.get("id"), "type": event.get("type"), "arguments": arguments, "evidence": spans(&trigger), "infons": {"trigger words": words(&trigger)}}));
    }
    for relation in take("relations") {
        let ends =
            ["arg1_id", "arg2_id"].map(|key| argument(Value::Null, relation.get(key).unwrap_or(&nothing)));
        relations.push(json!({"id": relation.get("id"), "type": relation.get("type"), "arguments": ends}));
    }
    for group in take("coreferences") {
        let members = group.get("entity_ids").and_then(Value::as_array).into_iter().flatten();
        let arguments: Vec<Value> = members.map(|id| argument(Value::Null, id)).collect();
        relations.push(json!({"id": group.get("id"), "type": "Coreference", "arguments": arguments}));
    }
    let id = record.remove("document_id").or_else(|| record.remove("id")).unwrap_or_default();
    record.remove("id");
    record.insert("id".to_owned(), id);
    record.insert("text".to_owned(), Value::String(text));
    record.insert("passages".to_owned(), Value::Array(passages));
    record.insert("entities".to_owned(), Value::Array(entities));
    record.insert("relations".to_owned(), Value::Array(relations));
    record
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
}
