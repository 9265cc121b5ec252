use std::fmt;

/// How the stored tensors fit the model that the configuration describes.
///
/// Everything is collected before anything is refused, so that one run reports all faults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// Tensors that the model needs and the file lacks: `canonical (stored name)`.
    pub missing: Vec<String>,
    /// Stored tensors that the model has no place for.
    pub unused: Vec<String>,
    /// Tensors with other sizes than the configuration gives.
    pub wrong_shape: Vec<WrongShape>,
    /// Tensors whose number type cannot be a weight.
    pub wrong_dtype: Vec<WrongDtype>,
    /// Stored tensors that are no weights and were left alone: optimizer state, version marks.
    pub ignored: Vec<String>,
}

/// A tensor with other sizes than the configuration gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongShape {
    /// `canonical (stored name)`.
    pub tensor: String,
    /// The sizes that follow from the configuration.
    pub expected: Vec<usize>,
    /// The stored sizes.
    pub found: Vec<usize>,
}

/// A tensor whose number type cannot be a weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongDtype {
    /// `canonical (stored name)`.
    pub tensor: String,
    /// The stored type.
    pub found: &'static str,
}

impl LoadReport {
    /// Whether every tensor has its place and every place its tensor.
    pub fn fits(&self) -> bool {
        self.missing.is_empty()
            && self.unused.is_empty()
            && self.wrong_shape.is_empty()
            && self.wrong_dtype.is_empty()
    }
}

impl fmt::Display for LoadReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wrong_shape: Vec<String> = (self.wrong_shape.iter())
            .map(|wrong| format!("{}: expected {:?}, found {:?}", wrong.tensor, wrong.expected, wrong.found))
            .collect();
        let wrong_dtype: Vec<String> = (self.wrong_dtype.iter())
            .map(|wrong| format!("{}: found {}, need F32, F16 or BF16", wrong.tensor, wrong.found))
            .collect();
        let sections = [
            ("missing", &self.missing),
            ("unused", &self.unused),
            ("wrong shape", &wrong_shape),
            ("wrong number type", &wrong_dtype),
            ("ignored", &self.ignored),
        ];
        let sections = sections.into_iter().filter(|(_, lines)| !lines.is_empty());
        let sections: Vec<String> = sections
            .map(|(title, lines)| format!("  {title} ({}):\n    {}", lines.len(), lines.join("\n    ")))
            .collect();
        formatter.write_str(&sections.join("\n"))
    }
}
