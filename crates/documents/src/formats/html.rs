//! placeholder
use super::WriteOptions;
use crate::Document;
pub(super) fn write(_d: &[Document], _o: &WriteOptions) -> String {
    String::new()
}
