//! What the window may ask: one command a use case. Each parses its arguments, calls one method and passes the error on.

mod app;
mod batches;
mod curation;
mod documents;
mod drafts;
mod export;
mod library;
mod models;
mod tasks;

use tauri_specta::{Builder, ErrorHandlingMode, collect_commands};
use workbench::wire::AppEvent;

/// All commands, with the types that they speak of.
#[must_use]
pub fn builder() -> Builder<tauri::Wry> {
    Builder::new().error_handling(ErrorHandlingMode::Throw).disable_serde_phases().typ::<AppEvent>().commands(
        collect_commands![
            app::start,
            app::save_settings,
            app::diagnostics,
            app::report,
            app::reveal,
            app::cancel,
            app::answer_fallback,
            library::library,
            library::create_library,
            library::open_library,
            library::copy_library,
            library::merge_library,
            library::compare_curators,
            library::rename_library,
            library::recent_libraries,
            library::pick_files,
            library::preview_import,
            library::import_previewed,
            documents::document_ids,
            documents::document_summaries,
            documents::document,
            documents::remove_documents,
            documents::remember_place,
            documents::search,
            curation::decide,
            curation::withdraw,
            curation::annotate,
            curation::annotate_occurrences,
            curation::count_occurrences,
            curation::find_concepts,
            curation::write_note,
            curation::edit_note,
            curation::remove_note,
            curation::undo,
            curation::redo,
            curation::history,
            curation::queue,
            tasks::extract,
            tasks::describe,
            tasks::continue_text,
            tasks::ask,
            tasks::weigh,
            tasks::classify,
            tasks::prompt,
            tasks::concordance,
            tasks::look_up,
            tasks::check_support,
            batches::batches,
            batches::batch_items,
            batches::start_batch,
            batches::pause_batch,
            batches::resume_batch,
            batches::retry_batch,
            batches::cancel_batch,
            models::models,
            models::preview_model,
            models::import_model,
            models::verify_model,
            models::use_model,
            models::use_names,
            models::remove_model,
            models::restore_model,
            models::load_model,
            models::unload_model,
            models::devices,
            drafts::drafts,
            drafts::draft,
            drafts::begin_draft,
            drafts::save_draft,
            drafts::remove_draft,
            export::formats,
            export::preview_export,
            export::check_evidence,
            export::export_to,
        ],
    )
}
