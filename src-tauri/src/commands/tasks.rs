//! What the library knows of a term.

use workbench::wire::Concordance;

use crate::desk::{Desk, Reply, blocking};

/// Sentences of the library that mention a term.
#[tauri::command]
#[specta::specta]
pub async fn concordance(desk: Desk<'_>, term: String, limit: u32) -> Reply<Concordance> {
    blocking(&desk, move |workbench| workbench.concordance(&term, limit)).await
}
