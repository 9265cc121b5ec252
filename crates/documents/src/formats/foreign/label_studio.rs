//! Tasks of Label Studio.

use serde_json::{Value, json};

use super::Record;
use crate::formats::import::Intake;
use crate::formats::json as values;
use crate::formats::wording::counted;

/// A task of Label Studio: text under `data`, mentions and relations under `annotations[].result[]`.
pub(super) fn task(mut task: Record, place: &str, intake: &mut Intake<'_>) -> Option<Record> {
    let Some(Value::Object(mut data)) = task.remove("data") else { return None };
    let mut take = |key: &str| match task.remove(key) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let mut annotations = take("annotations");
    annotations.extend(take("completions"));
    let predictions = take("predictions");
    let count = annotations.len();
    annotations.retain(|one| one.get("was_cancelled").and_then(Value::as_bool) != Some(true));
    intake.left_out("annotations that were skipped in Label Studio", count - annotations.len());
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
    let text = data.get(&text_key).and_then(Value::as_str).filter(|text| !is_address(text))?.to_owned();
    data.remove(&text_key);
    let mut in_elements = 0;
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
                let direction = result.get("direction").filter(|direction| *direction != "right");
                let mut infons = Record::new();
                infons.extend(direction.map(|direction| ("direction".to_owned(), direction.clone())));
                infons.extend(annotator.clone().map(|who| ("annotator".to_owned(), Value::String(who))));
                relations.push(json!({
                    "type": labels(&result).join("|"),
                    "from_id": id(values::string(&result, "from_id")),
                    "to_id": id(values::string(&result, "to_id")),
                    "infons": infons,
                }));
                continue;
            }
            let value = result.get("value").cloned().unwrap_or_default();
            if value.get("startOffset").is_some() || value.get("globalOffsets").is_some() {
                in_elements += 1;
            } else if value.get("start").is_some() && value.get("end").is_some() {
                // What the annotator wrote on the mention.
                let note = result.get("meta").and_then(|meta| meta.get("text")).map(|note| match note {
                    Value::Array(lines) => lines.iter().map(values::any).collect::<Vec<_>>().join("; "),
                    one => values::any(one),
                });
                let mut infons = Record::new();
                infons.extend(annotator.clone().map(|who| ("annotator".to_owned(), Value::String(who))));
                let own = values::string(&result, "id").filter(|own| !own.is_empty());
                entities.push(json!({
                    "id": own.map(|own| id(Some(own))),
                    "start_offset": value.get("start"),
                    "end_offset": value.get("end"),
                    "label": labels(&value).join("|"),
                    "text": value.get("text").and_then(Value::as_str).unwrap_or_default(),
                    "score": result.get("score").or_else(|| value.get("score")),
                    "note": note,
                    "infons": infons,
                }));
            } else if let Some(name) = values::string(&result, "from_name") {
                // A choice or words about the whole text.
                let said = labels(&value);
                let said = if said.is_empty() { value.to_string() } else { said.join("|") };
                let said = Value::String(said);
                let mut key = name.clone();
                for further in 2.. {
                    if data.get(&key).is_none_or(|taken| *taken == said) {
                        break;
                    }
                    key = format!("{name}#{further}");
                }
                data.insert(key, said);
            }
        }
    }
    if in_elements > 0 {
        let message = format!(
            "{} placed in the elements of a web page (HTML).",
            if in_elements == 1 { "1 mention is".to_owned() } else { format!("{in_elements} mentions are") }
        );
        intake.issue(place, message, "Left out; label plain text in Label Studio to bring mentions here.");
    }
    if let Some(meta) =
        task.remove("meta").filter(|meta| meta.as_object().is_some_and(|meta| !meta.is_empty()))
    {
        data.entry("meta").or_insert(meta);
    }
    if !data.contains_key("id") {
        data.extend(task.remove("id").map(|id| ("task".to_owned(), id)));
    }
    data.insert("text".to_owned(), Value::String(text));
    data.insert("entities".to_owned(), Value::Array(entities));
    data.insert("relations".to_owned(), Value::Array(relations));
    Some(data)
}

/// Whether a text is only the address of one.
fn is_address(text: &str) -> bool {
    let text = text.trim();
    let is_linked =
        ["http://", "https://", "s3://", "gs://", "/data/"].iter().any(|start| text.starts_with(start));
    is_linked && !text.contains(char::is_whitespace)
}
