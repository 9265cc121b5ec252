//! An offline dictionary of biomedical names with ids.
