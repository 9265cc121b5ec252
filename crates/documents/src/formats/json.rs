//! JSON files taken apart without building them in memory: their records stay slices of the text until each is read.

use std::fmt;

use serde::Deserializer;
use serde::de::{Deserialize, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::import::Intake;

/// The records of one JSON value, as far as it is sound.
#[derive(Default)]
pub(super) struct Items<'t> {
    /// The elements of the list, or the value itself where it is one record.
    pub items: Vec<&'t RawValue>,
    /// The keys beside the list.
    pub header: Vec<(String, &'t RawValue)>,
    /// Where and why the JSON breaks off.
    pub broken: Option<String>,
}

/// The records of a file that is an array of records, an object with the array under `list`, or one record.
pub(super) fn items<'t>(text: &'t str, list: &'static str) -> Items<'t> {
    let mut items = Items::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut listed = false;
    let file = File { list, listed: &mut listed, items: &mut items };
    let end = file.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    if let Err(error) = end {
        items.broken = Some(error.to_string());
    }
    if !listed && let Ok(whole) = serde_json::from_str::<&RawValue>(text) {
        items.items = vec![whole];
    }
    items
}

/// The records of a file, whether one JSON value or one a line, each with its place; and what is not sound.
pub(super) struct Records<'t> {
    pub records: Vec<(String, &'t RawValue)>,
    pub problems: Vec<(String, String)>,
}

/// The records of an array, of a single object, or of JSON Lines, the first of which is behind `lines_before` others.
pub(super) fn records(text: &str, lines_before: usize) -> Records<'_> {
    let (mut records, mut problems) = (Vec::new(), Vec::new());
    if lines_before > 0 || is_lines(text) {
        for (number, line) in
            (lines_before + 1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty())
        {
            let place = format!("line {number}");
            match serde_json::from_str::<&RawValue>(line.trim()) {
                Ok(record) => records.push((place, record)),
                Err(error) => problems.push((place, format!("It is not sound JSON ({error})."))),
            }
        }
    } else {
        let found = items(text, "");
        records = (1..).zip(found.items).map(|(number, item)| (format!("record {number}"), item)).collect();
        if let Some(problem) = found.broken {
            let message =
                format!("The JSON is not sound ({problem}); the records before that place were read.");
            problems.push(("the whole file".to_owned(), message));
        }
    }
    Records { records, problems }
}

/// A record as a value in memory, if it takes no more than a record may.
pub(super) fn value(record: &RawValue, intake: &Intake<'_>) -> Result<Value, String> {
    let most = intake.limits.json_bytes;
    // Text takes as much as it is long; only what is much longer than that is weighed.
    if record.get().len() > most / 64 && weight(record.get()) > most {
        return Err(format!("It holds too many values: more than {} MB in memory.", most / (1024 * 1024)));
    }
    serde_json::from_str(record.get()).map_err(|error| format!("It is not sound JSON ({error})."))
}

/// About how many bytes a JSON text takes as a [`Value`], counted by its marks: each object has a node for its first
/// dozen of fields, each array and value a place.
fn weight(text: &str) -> usize {
    let (mut weight, mut in_string, mut escaped) = (text.len(), false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' => weight += 700,
            b'[' => weight += 160,
            b',' | b':' => weight += 40,
            _ => {}
        }
    }
    weight
}

/// Whether the text is several JSON values, one a line.
pub(crate) fn is_lines(text: &str) -> bool {
    let is_record =
        |line: &str| line.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(line).is_ok();
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.clone().nth(1).is_some()
        && lines.by_ref().take(200).any(is_record)
        && serde_json::from_str::<IgnoredAny>(text).is_err()
}

/// The keys of the first record: of the value itself, or of an array's first element.
pub(super) fn keys(text: &str) -> Result<Vec<String>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    Keys::deserialize(&mut deserializer).map(|keys| keys.0)
}

/// The string or number under `key`, as text.
pub(super) fn string(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(scalar)
}

/// A string, number or boolean as text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Any value as text: scalars as they are, the rest as JSON.
pub(super) fn any(value: &Value) -> String {
    scalar(value).unwrap_or_else(|| value.to_string())
}

/// An offset; also where it is written as a string (`"12"`) or with a decimal point (`12.0`).
pub(super) fn offset(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let float = number.as_f64()?;
            #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and far below 2^53")]
            (float.fract() == 0.0 && float.abs() < 1e15).then_some(float as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

struct File<'s, 't> {
    list: &'static str,
    listed: &'s mut bool,
    items: &'s mut Items<'t>,
}

impl<'t> DeserializeSeed<'t> for File<'_, 't> {
    type Value = ();

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for File<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array of objects")
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut sequence: A) -> Result<(), A::Error> {
        *self.listed = true;
        while let Some(item) = sequence.next_element()? {
            self.items.items.push(item);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == self.list && !*self.listed {
                map.next_value_seed(File { list: self.list, listed: self.listed, items: self.items })?;
            } else {
                self.items.header.push((key, map.next_value()?));
            }
        }
        Ok(())
    }
}

struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeysOfFirst)
    }
}

struct KeysOfFirst;

impl<'de> Visitor<'de> for KeysOfFirst {
    type Value = Keys;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Keys, A::Error> {
        let first = sequence.next_element::<Keys>()?.unwrap_or(Keys(Vec::new()));
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(first)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
        let mut keys = Vec::new();
        while let Some((key, _)) = map.next_entry::<String, IgnoredAny>()? {
            keys.push(key);
        }
        Ok(Keys(keys))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_records_in_every_arrangement() {
        let count = |text| {
            let items = items(text, "documents");
            (items.items.len(), items.header.len(), items.broken.is_some())
        };
        assert_eq!(count(r#"[{"a":1},{"a":2}]"#), (2, 0, false));
        assert_eq!(count(r#"{"source":"x","documents":[{},{},{}]}"#), (3, 1, false));
        assert_eq!(count(r#"{"text":"x"}"#), (1, 1, false));
        assert_eq!(count(r#"[{"a":1},{"a":2},{"a""#), (2, 0, true));
        assert_eq!(count("[1, 2] x"), (2, 0, true));
        assert_eq!(keys(r#"[{"a":{"b":1}},{"c":1}]"#).unwrap(), ["a"]);
    }

    #[test]
    fn reads_offsets_however_they_are_written() {
        let offsets = serde_json::json!([3, "3", 3.0, 3.5, "x", null, -1]);
        let read: Vec<Option<i64>> = offsets.as_array().unwrap().iter().map(offset).collect();
        assert_eq!(read, [Some(3), Some(3), Some(3), None, None, None, Some(-1)]);
    }
}
