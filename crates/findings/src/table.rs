//! Parquet files of findings.

use std::io::Write;
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::{Evidence, Finding, Name, Place, SCHEMA};

/// Rows of a group of a file, which readers take or leave as one. They are the same wherever a file is written.
const GROUP: usize = 20_000;

/// The columns, as README.md describes them.
#[must_use]
pub fn schema() -> SchemaRef {
    let required = |name: &str, of| Field::new(name, of, false);
    let optional = |name: &str, of| Field::new(name, of, true);
    let name = |of: &str| {
        vec![
            optional(&format!("{of}_role"), DataType::Utf8),
            optional(&format!("{of}_name"), DataType::Utf8),
            required(&format!("{of}_ids"), list(DataType::Utf8)),
            required(&format!("{of}_places"), list(DataType::Struct(place_fields()))),
        ]
    };
    let mut fields = vec![
        required("document", DataType::Utf8),
        optional("pmid", DataType::Utf8),
        optional("doi", DataType::Utf8),
        required("file", DataType::Utf8),
        required("record", DataType::Int64),
        required("task", DataType::Utf8),
        required("statement", DataType::Utf8),
        required("kind", DataType::Utf8),
    ];
    fields.extend(name("subject"));
    fields.extend(name("object"));
    fields.extend([
        optional("question", DataType::Utf8),
        required("evidence", list(DataType::Struct(evidence_fields()))),
        optional("stance", DataType::Utf8),
        optional("score", DataType::Float64),
        required("warnings", list(DataType::Utf8)),
        required("provenance", DataType::Utf8),
    ]);
    Arc::new(Schema::new(fields))
}

fn item(of: DataType) -> Field {
    Field::new("item", of, false)
}

fn list(of: DataType) -> DataType {
    DataType::List(Arc::new(item(of)))
}

fn place_fields() -> Fields {
    ["start", "end"].iter().map(|name| Field::new(*name, DataType::Int32, false)).collect()
}

fn evidence_fields() -> Fields {
    let words = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let places = place_fields();
    let places = places.iter().map(|field| Field::clone(field));
    places
        .chain([words("text", false), words("stance", true), words("reason", true), words("part", true)])
        .collect()
}

/// Writes findings as a Parquet file: the same bytes for the same findings.
pub struct FindingsWriter<W: Write + Send> {
    writer: ArrowWriter<W>,
    waiting: Vec<Finding>,
}

impl<W: Write + Send> FindingsWriter<W> {
    /// Begins a file. `properties` are kept in its metadata, beside the version of the schema.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn new(to: W, properties: &[(&str, &str)]) -> Result<Self, ParquetError> {
        let kept = [("osler.schema", SCHEMA)].iter().chain(properties);
        let kept = kept.map(|(key, value)| KeyValue::new((*key).to_owned(), (*value).to_owned())).collect();
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("Osler".to_owned())
            .set_key_value_metadata(Some(kept))
            .set_max_row_group_row_count(Some(GROUP))
            .build();
        Ok(Self { writer: ArrowWriter::try_new(to, schema(), Some(properties))?, waiting: Vec::new() })
    }

    /// Adds findings.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn add(&mut self, findings: Vec<Finding>) -> Result<(), ParquetError> {
        self.waiting.extend(findings);
        // In parts of one size: what is written depends on the findings, and not on how they came.
        while self.waiting.len() >= GROUP {
            let rest = self.waiting.split_off(GROUP);
            let group = std::mem::replace(&mut self.waiting, rest);
            self.write(&group)?;
        }
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(mut self) -> Result<W, ParquetError> {
        let group = std::mem::take(&mut self.waiting);
        self.write(&group)?;
        self.writer.into_inner()
    }

    fn write(&mut self, group: &[Finding]) -> Result<(), ParquetError> {
        if group.is_empty() {
            return Ok(());
        }
        self.writer.write(&batch(group)?)?;
        self.writer.flush()
    }
}

fn batch(rows: &[Finding]) -> Result<RecordBatch, ParquetError> {
    fn words<'f>(of: impl Iterator<Item = Option<&'f str>>) -> ArrayRef {
        Arc::new(of.collect::<StringArray>())
    }
    let all = |of: fn(&Finding) -> &str| words(rows.iter().map(|row| Some(of(row))));
    let some = |of: fn(&Finding) -> &Option<String>| words(rows.iter().map(|row| of(row).as_deref()));
    let name = |of: fn(&Finding) -> &Option<Name>| -> Result<[ArrayRef; 4], ParquetError> {
        let ids = rows.iter().map(|row| of(row).as_ref().map_or(&[][..], |name| &name.ids));
        let places = rows.iter().map(|row| of(row).as_ref().map_or(&[][..], |name| &name.places));
        Ok([
            words(rows.iter().map(|row| of(row).as_ref().map(|name| &*name.role))),
            words(rows.iter().map(|row| of(row).as_ref().map(|name| &*name.name))),
            lists_of_words(ids)?,
            lists(places, place_fields(), place_columns)?,
        ])
    };
    let record: Int64Array =
        rows.iter().map(|row| Some(i64::try_from(row.record).unwrap_or(i64::MAX))).collect();
    let score: Float64Array = rows.iter().map(|row| row.score).collect();
    // What the first of the sentences says: the one that the finding rests on most.
    let stance = rows.iter().map(|row| row.evidence.first().and_then(|first| first.stance.as_deref()));
    let mut columns: Vec<ArrayRef> = vec![
        all(|row| &row.document),
        some(|row| &row.pmid),
        some(|row| &row.doi),
        all(|row| &row.file),
        Arc::new(record),
        all(|row| &row.task),
        all(|row| &row.statement),
        all(|row| &row.kind),
    ];
    columns.extend(name(|row| &row.subject)?);
    columns.extend(name(|row| &row.object)?);
    columns.extend([
        some(|row| &row.question),
        lists(rows.iter().map(|row| &row.evidence[..]), evidence_fields(), evidence_columns)?,
        words(stance),
        Arc::new(score) as ArrayRef,
        lists_of_words(rows.iter().map(|row| &row.warnings[..]))?,
        all(|row| &row.provenance),
    ]);
    Ok(RecordBatch::try_new(schema(), columns)?)
}

fn place_columns(places: &[Place]) -> Vec<ArrayRef> {
    let number = |of: fn(&Place) -> u32| -> ArrayRef {
        Arc::new(
            places
                .iter()
                .map(|place| Some(i32::try_from(of(place)).unwrap_or(i32::MAX)))
                .collect::<Int32Array>(),
        )
    };
    vec![number(|place| place.start), number(|place| place.end)]
}

fn evidence_columns(evidence: &[Evidence]) -> Vec<ArrayRef> {
    let places: Vec<Place> = evidence.iter().map(|one| one.place).collect();
    let words = |of: fn(&Evidence) -> Option<&str>| -> ArrayRef {
        Arc::new(evidence.iter().map(of).collect::<StringArray>())
    };
    let mut columns = place_columns(&places);
    columns.extend([
        words(|one| Some(&*one.text)),
        words(|one| one.stance.as_deref()),
        words(|one| one.reason.as_deref()),
        words(|one| one.part.as_deref()),
    ]);
    columns
}

fn lists_of_words<'f>(rows: impl Iterator<Item = &'f [String]> + Clone) -> Result<ArrayRef, ParquetError> {
    let values: StringArray = rows.clone().flatten().map(|word| Some(&**word)).collect();
    in_lists(rows.map(<[String]>::len), Arc::new(values))
}

fn lists<'f, T: Clone + 'f>(
    rows: impl Iterator<Item = &'f [T]> + Clone,
    fields: Fields,
    columns: fn(&[T]) -> Vec<ArrayRef>,
) -> Result<ArrayRef, ParquetError> {
    let all: Vec<T> = rows.clone().flatten().cloned().collect();
    let values = StructArray::try_new(fields, columns(&all), None)?;
    in_lists(rows.map(<[T]>::len), Arc::new(values))
}

fn in_lists(lengths: impl Iterator<Item = usize>, values: ArrayRef) -> Result<ArrayRef, ParquetError> {
    let field = Arc::new(item(values.data_type().clone()));
    Ok(Arc::new(ListArray::try_new(field, OffsetBuffer::from_lengths(lengths), values, None)?))
}

#[cfg(test)]
mod tests {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Float64Type, Int32Type, Int64Type};
    use bytes::Bytes;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;

    fn finding(n: u32) -> Finding {
        let place = Place { start: n, end: n + 7 };
        let name = |role: &str| Name {
            role: role.to_owned(),
            name: format!("{role} {n}"),
            ids: vec![format!("MESH:D{n}")],
            places: vec![place; n as usize % 3],
        };
        Finding {
            document: n.to_string(),
            pmid: (!n.is_multiple_of(2)).then(|| n.to_string()),
            doi: None,
            file: "a.xml.gz".to_owned(),
            record: u64::from(n),
            task: "relations/bc5cdr".to_owned(),
            statement: "relation".to_owned(),
            kind: "CID".to_owned(),
            subject: Some(name("Chemical")),
            object: (!n.is_multiple_of(5)).then(|| name("Disease")),
            question: None,
            evidence: vec![
                Evidence {
                    place,
                    text: "β.".to_owned(),
                    stance: Some("partly".to_owned()),
                    reason: None,
                    part: None
                };
                n as usize % 2
            ],
            score: (!n.is_multiple_of(3)).then(|| f64::from(n) / 1e5),
            warnings: vec!["negation: no".to_owned(); n as usize % 4],
            provenance: "cafe".to_owned(),
        }
    }

    fn file(findings: &[Finding], at_once: usize) -> Bytes {
        let mut writer = FindingsWriter::new(Vec::new(), &[("osler.task", "bc5cdr")]).unwrap();
        findings.chunks(at_once).for_each(|some| writer.add(some.to_vec()).unwrap());
        Bytes::from(writer.finish().unwrap())
    }

    #[test]
    fn a_file_holds_the_findings() {
        let findings: Vec<Finding> = (0..25_001).map(finding).collect();
        let bytes = file(&findings, 7);
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
        let about = reader.metadata().clone();
        assert_eq!(about.num_row_groups(), 2);
        let kept: Vec<(String, Option<String>)> = about
            .file_metadata()
            .key_value_metadata()
            .unwrap()
            .iter()
            .map(|one| (one.key.clone(), one.value.clone()))
            .collect();
        assert!(kept.contains(&("osler.schema".to_owned(), Some(SCHEMA.to_owned()))), "{kept:?}");
        assert!(kept.contains(&("osler.task".to_owned(), Some("bc5cdr".to_owned()))), "{kept:?}");
        let mut row = 0;
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            let column = |name: &str| batch.column_by_name(name).unwrap().clone();
            let words = |name: &str, at: usize| {
                let column = column(name);
                let words = column.as_string::<i32>();
                words.is_valid(at).then(|| words.value(at).to_owned())
            };
            for at in 0..batch.num_rows() {
                let expected = &findings[row];
                assert_eq!(words("document", at), Some(expected.document.clone()));
                assert_eq!(words("pmid", at), expected.pmid);
                assert_eq!(words("object_name", at), expected.object.as_ref().map(|name| name.name.clone()));
                assert_eq!(words("stance", at), expected.evidence.first().and_then(|one| one.stance.clone()));
                assert_eq!(column("record").as_primitive::<Int64Type>().value(at), row as i64);
                let score = column("score");
                let score = score.as_primitive::<Float64Type>();
                assert_eq!(score.is_valid(at).then(|| score.value(at)), expected.score);
                let places = column("subject_places").as_list::<i32>().value(at);
                let starts = places.as_struct().column(0).as_primitive::<Int32Type>().values().to_vec();
                assert_eq!(starts, vec![row as i32; row % 3]);
                assert_eq!(column("warnings").as_list::<i32>().value(at).len(), row % 4);
                row += 1;
            }
        }
        assert_eq!(row, findings.len());
    }

    #[test]
    fn the_bytes_depend_on_the_findings_alone() {
        let findings: Vec<Finding> = (0..41_000).map(finding).collect();
        assert!(file(&findings, 13) == file(&findings, 41_000));
    }

    #[test]
    fn no_findings_are_a_file_without_rows() {
        let reader = ParquetRecordBatchReaderBuilder::try_new(file(&[], 1)).unwrap();
        assert_eq!(reader.schema().fields().len(), schema().fields().len());
        assert_eq!(reader.build().unwrap().count(), 0);
    }
}
