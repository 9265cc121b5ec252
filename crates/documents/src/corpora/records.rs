//! JSON objects of `id: record`, read one record at a time in the order of the file.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use thiserror::Error;

/// Why a gold file or one of its records could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CorpusError {
    /// The file as a whole is not what it should be.
    #[error("{file} is not a {corpus} file: {problem}. Take the file as the corpus distributes it.")]
    File {
        /// Name of the file as given.
        file: String,
        /// The corpus whose shape was expected.
        corpus: &'static str,
        /// What is wrong, with line and column where the parser knows them.
        problem: String,
    },
    /// One record is not what it should be; the others can be read.
    #[error("{file}, {place}: {problem}. Correct or remove that record.")]
    Record {
        /// Name of the file as given.
        file: String,
        /// Id or line of the record.
        place: String,
        /// What is wrong.
        problem: String,
    },
}

/// What a corpus's record is made from: its id (the key in the file) and its JSON value.
pub(super) trait FromRecord: Sized {
    /// The shape of the JSON value.
    type Json: DeserializeOwned;
    /// Puts id and value together.
    fn from_record(id: String, json: Self::Json) -> Self;
}

/// The records of one file, in its order. A bad record is an `Err` and does not end the iteration.
#[derive(Debug)]
pub struct Records<'a, T> {
    file: String,
    entries: std::vec::IntoIter<(String, &'a RawValue)>,
    record: PhantomData<fn() -> T>,
}

impl<'a, T> Records<'a, T> {
    pub(super) fn open(json: &'a str, file: &str, corpus: &'static str) -> Result<Self, CorpusError> {
        let entries: Ordered<&RawValue> = parse(json, file, corpus)?;
        Ok(Self { file: file.to_owned(), entries: entries.0.into_iter(), record: PhantomData })
    }
}

impl<T: FromRecord> Iterator for Records<'_, T> {
    type Item = Result<T, CorpusError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (id, raw) = self.entries.next()?;
        Some(match serde_json::from_str(raw.get()) {
            Ok(json) => Ok(T::from_record(id, json)),
            Err(error) => Err(CorpusError::Record {
                file: self.file.clone(),
                place: format!("record {id}"),
                problem: error.to_string(),
            }),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

/// Parses a whole file of one JSON value.
pub(super) fn parse<'a, T: Deserialize<'a>>(
    json: &'a str,
    file: &str,
    corpus: &'static str,
) -> Result<T, CorpusError> {
    serde_json::from_str(json.trim_start_matches('\u{feff}')).map_err(|error| CorpusError::File {
        file: file.to_owned(),
        corpus,
        problem: error.to_string(),
    })
}

/// A JSON object whose order is kept: BioGPT's prompts depend on it.
#[derive(Debug)]
pub(super) struct Ordered<V>(pub Vec<(String, V)>);

impl<V> Default for Ordered<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Ordered<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
            type Value = Ordered<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::with_capacity(map.size_hint().unwrap_or(0));
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}
