//! What a `WHERE` asks for, and the values it names.

use rusqlite::types::Value;

/// Conditions that must all hold.
pub(crate) struct Conditions {
    conditions: Vec<String>,
    pub(crate) values: Vec<Value>,
}

impl Conditions {
    /// Begins with a condition that names no value.
    pub(crate) fn new(condition: &str) -> Self {
        Self { conditions: vec![condition.to_owned()], values: Vec::new() }
    }

    /// Adds a condition.
    pub(crate) fn and(&mut self, condition: String) {
        self.conditions.push(condition);
    }

    /// Adds `condition` with a value behind it, if there is one.
    pub(crate) fn and_if(&mut self, condition: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            let value = self.bind(value);
            self.conditions.push(format!("{condition} {value}"));
        }
    }

    /// Adds a value and gives the name by which the SQL calls it.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    /// The conditions as SQL.
    pub(crate) fn sql(&self) -> String {
        self.conditions.join(" AND ")
    }
}
