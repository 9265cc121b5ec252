//! One way to read values by name, out of JSON or out of a pickle, with errors that name the field.

use std::path::Path;

use serde_json::{Map, Value};

use super::ConfigError;
use crate::error::CheckpointError;
use crate::stored::WeightFile;

/// A configuration value, wherever it comes from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar {
    Null,
    Flag(bool),
    Integer(i64),
    Real(f64),
    Text(String),
    /// A list, an object, …: only its kind, for messages.
    Other(&'static str),
}

impl Scalar {
    /// As a message shows it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Null => "nothing".to_owned(),
            Self::Flag(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Real(value) => value.to_string(),
            Self::Text(value) => format!("{:?}", value.chars().take(40).collect::<String>()),
            Self::Other(kind) => (*kind).to_owned(),
        }
    }
}

/// Named values of a configuration.
pub(crate) trait Fields {
    /// The value of `field`; absent and null are the same.
    fn scalar(&self, field: &str) -> Scalar;

    fn count(&self, field: &'static str) -> Result<usize, ConfigError> {
        self.optional_count(field)?.ok_or(ConfigError::Missing { field })
    }

    fn optional_count(&self, field: &'static str) -> Result<Option<usize>, ConfigError> {
        match self.scalar(field) {
            Scalar::Null => Ok(None),
            Scalar::Integer(value) if value >= 0 => Ok(usize::try_from(value).ok()),
            other => Err(wrong_type(field, "a whole number of 0 or more", &other)),
        }
    }

    fn id(&self, field: &'static str, default: u32) -> Result<u32, ConfigError> {
        let Some(value) = self.optional_count(field)? else {
            return Ok(default);
        };
        u32::try_from(value).map_err(|_| wrong_type(field, "a token id", &Scalar::Real(value as f64)))
    }

    fn flag(&self, field: &'static str, default: bool) -> Result<bool, ConfigError> {
        match self.scalar(field) {
            Scalar::Null => Ok(default),
            Scalar::Flag(value) => Ok(value),
            other => Err(wrong_type(field, "true or false", &other)),
        }
    }

    fn probability(&self, field: &'static str, default: f64) -> Result<f64, ConfigError> {
        match self.scalar(field) {
            Scalar::Null => Ok(default),
            Scalar::Real(value) => Ok(value),
            Scalar::Integer(value) => Ok(value as f64),
            other => Err(wrong_type(field, "a number between 0 and 1", &other)),
        }
    }

    fn text(&self, field: &'static str) -> Result<String, ConfigError> {
        match self.scalar(field) {
            Scalar::Null => Err(ConfigError::Missing { field }),
            Scalar::Text(value) => Ok(value),
            other => Err(wrong_type(field, "text", &other)),
        }
    }
}

impl Fields for Map<String, Value> {
    fn scalar(&self, field: &str) -> Scalar {
        match self.get(field) {
            None | Some(Value::Null) => Scalar::Null,
            Some(Value::Bool(value)) => Scalar::Flag(*value),
            Some(Value::Number(number)) => match number.as_i64() {
                Some(value) => Scalar::Integer(value),
                None => Scalar::Real(number.as_f64().unwrap_or(f64::NAN)),
            },
            Some(Value::String(value)) => Scalar::Text(value.clone()),
            Some(Value::Array(_)) => Scalar::Other("a list"),
            Some(Value::Object(_)) => Scalar::Other("an object"),
        }
    }
}

/// A JSON file of at most 16 MiB (a vocabulary has 1) that holds an object.
pub(crate) fn read_json_object(path: &Path) -> Result<Map<String, Value>, CheckpointError> {
    const MOST: u64 = 16 << 20;
    let file = WeightFile::open(path)?;
    let not_json = |problem: String| CheckpointError::config(path)(ConfigError::NotJson(problem));
    if file.length > MOST {
        return Err(not_json(format!("{} bytes are too many", file.length)));
    }
    let bytes = file.bytes(0, file.length)?;
    serde_json::from_slice(&bytes).map_err(|error| not_json(error.to_string()))
}

fn wrong_type(field: &'static str, expected: &'static str, found: &Scalar) -> ConfigError {
    ConfigError::WrongType { field, expected, found: found.shown() }
}

/// Holds sizes, `(what, value, least, most)`, against their limits, so that nothing computed from them can overflow.
pub(crate) fn check_sizes(sizes: &[(&str, usize, usize, usize)]) -> Result<(), ConfigError> {
    match sizes.iter().find(|(_, value, least, most)| !(least..=most).contains(&value)) {
        None => Ok(()),
        Some((what, value, least, most)) => {
            Err(ConfigError::Invalid(format!("the {what} is {value}, outside of {least} to {most}")))
        }
    }
}
