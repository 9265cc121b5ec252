//! Records of the BigBio schema.

use serde_json::{Value, json};

use super::Record;
use crate::formats::json as values;

/// A record of the BigBio schema: text and offsets are lists, one item a stretch.
pub(super) fn record(mut record: Record) -> Record {
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
