//! Examples of Prodigy, and documents of spaCy, whose shape they share.

use serde_json::Value;

use super::Record;
use crate::formats::import::Intake;
use crate::formats::json as values;

/// Rewrites an example: mentions get ids, and relations, whose ends are tokens, name them. What is said of tokens and
/// sentences is left out.
pub(super) fn example(record: &mut Record, place: &str, intake: &mut Intake<'_>) {
    // spaCy's groups of spans.
    if let Some(Value::Object(groups)) = record.get("spans") {
        let in_group = |(name, spans): (&String, &Value)| -> Vec<Value> {
            let mut spans = spans.as_array().cloned().unwrap_or_default();
            for span in spans.iter_mut().filter_map(Value::as_object_mut) {
                span.insert("group".to_owned(), Value::from(name.as_str()));
            }
            spans
        };
        let spans = groups.iter().flat_map(in_group).collect();
        record.insert("spans".to_owned(), Value::Array(spans));
    }
    let is_divided = record.contains_key("tokens");
    for (key, what) in [("tokens", "divisions into tokens"), ("sents", "sentence boundaries")] {
        let is_division = record.get(key).is_some_and(Value::is_array) && record.contains_key("text");
        if is_division && (key == "tokens" || is_divided) {
            record.remove(key);
            intake.left_out(what, 1);
        }
    }
    if !is_divided {
        return;
    }
    if let Some(answer @ ("reject" | "ignore")) = record.get("answer").and_then(Value::as_str) {
        let message = format!("The annotator gave this example the answer \"{answer}\".");
        intake.issue(place, message, "It was read with its annotations all the same; look them over.");
    }
    let mut mentions = Vec::new();
    if let Some(Value::Array(spans)) = record.get_mut("spans") {
        for (number, span) in (1..).zip(spans.iter_mut().filter_map(Value::as_object_mut)) {
            let id = span.entry("id").or_insert_with(|| Value::String(format!("T{number}"))).clone();
            let at = (number_of("start", span), number_of("end", span));
            let tokens = (number_of("token_start", span), number_of("token_end", span));
            mentions.push((at, tokens, id));
            span.remove("token_start");
            span.remove("token_end");
        }
    }
    let Some(Value::Array(relations)) = record.get_mut("relations") else { return };
    for relation in relations.iter_mut().filter_map(Value::as_object_mut) {
        for (span, token, end) in [("head_span", "head", "from_id"), ("child_span", "child", "to_id")] {
            let at = relation
                .get(span)
                .and_then(Value::as_object)
                .map(|span| (number_of("start", span), number_of("end", span)));
            let token = number_of(token, relation);
            let is_in = |(first, last): (Option<i64>, Option<i64>)| {
                token
                    .zip(first.zip(last))
                    .is_some_and(|(token, (first, last))| (first..=last).contains(&token))
            };
            let found = mentions.iter().find(|(place, _, _)| at == Some(*place));
            let found =
                found.or_else(|| mentions.iter().find(|(_, tokens, _)| at.is_none() && is_in(*tokens)));
            if let Some((_, _, id)) = found {
                relation.insert(end.to_owned(), id.clone());
            }
        }
        for key in ["head", "child", "head_span", "child_span", "color"] {
            if relation.contains_key("from_id") && relation.contains_key("to_id") {
                relation.remove(key);
            }
        }
    }
}

fn number_of(key: &str, record: &Record) -> Option<i64> {
    record.get(key).and_then(values::offset)
}
